//! Whether the index of names agrees with the names.

use rusqlite::Connection;
use settings_store::{FIRST_SEGMENTS, NameSegment, unsigned};

use crate::name_index;

/// Calls back with a finding for each part of the index that is not as the names are, until that
/// says that there are enough.
pub(super) fn examine(
    connection: &Connection,
    mut find: impl FnMut(String) -> bool,
) -> rusqlite::Result<()> {
    let first_ids: Vec<i64> = connection
        .prepare("SELECT first_id FROM name_segment ORDER BY first_id")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for first_id in FIRST_SEGMENTS {
        if !first_ids.contains(&first_id)
            && !find(format!(
                "the index of names lacks the segment from {first_id} on"
            ))
        {
            return Ok(());
        }
    }
    let mut statement = connection.prepare(
        "SELECT typeof(filter) = 'blob' AND typeof(names) = 'blob', filter, names \
         FROM name_segment WHERE first_id = ?1",
    )?;
    for (position, first_id) in first_ids.iter().enumerate() {
        let next = first_ids.get(position + 1).copied();
        let expected = name_index::names(connection, *first_id, next)?;
        let finding = statement.query_row([first_id], |row| {
            if !row.get::<_, bool>(0)? {
                return Ok(Some("it is not made of bytes".to_owned()));
            }
            let (filter, names) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
            Ok(finding(*first_id, &expected, filter, names))
        })?;
        if let Some(finding) = finding
            && !find(format!("the index of names, from {first_id} on: {finding}"))
        {
            return Ok(());
        }
    }
    Ok(())
}

/// What is wrong with a segment.
fn finding(first_id: i64, expected: &NameSegment, filter: &[u8], names: &[u8]) -> Option<String> {
    let found = match NameSegment::decode(first_id, names) {
        Ok(found) => found,
        Err(error) => return Some(error.to_string()),
    };
    if let Some(signed_id) = expected.differences(&found, 1).first() {
        let page_id = unsigned(*signed_id);
        return Some(format!("it does not have the name of the Page {page_id}"));
    }
    (!expected.is_covered_by(filter)).then(|| "its filter is that of other names".to_owned())
}
