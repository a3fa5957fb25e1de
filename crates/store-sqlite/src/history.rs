//! The history of a Page: a chain of entries, of which every 64th has a mark.

use call_settings::PageId;
use rusqlite::{Connection, OptionalExtension, Row, params};
use settings_store::{
    AppId, Author, HistoryEntry, Revision, StoreError, TokenId, signed, unsigned,
};

use crate::connection::execute;
use crate::error::of_read;
use crate::rows;

/// The revisions whose entries have marks are the multiples of this number. A read passes at most
/// one entry less than that besides those that it returns; one write in so many writes a mark.
const MARK_EVERY: u64 = 64;

/// A part of the history of a Page, newest first.
pub(crate) struct Part {
    pub(crate) entries: Vec<HistoryEntry>,
    /// How many entries were read for it.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "tests bound the cost of a read by it")
    )]
    visited: usize,
}

/// Which entries of the history of a Page are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lives {
    /// Those since the Page was removed the last time.
    Present,
    /// All of them.
    All,
}

/// The history of a Page, newest first: at most `limit` entries with revisions below `before`. The
/// caller makes sure that all of it is read as of one moment.
pub(crate) fn read(
    connection: &Connection,
    page_id: PageId,
    lives: Lives,
    before: Option<Revision>,
    limit: usize,
) -> Result<Part, StoreError> {
    let nothing = Part {
        entries: Vec::new(),
        visited: 0,
    };
    let page: Option<(i64, Option<i64>)> = connection
        .prepare_cached("SELECT revision, newest_entry FROM page WHERE page_id = ?1")
        .and_then(|mut statement| {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            statement
                .query_row([signed(page_id.get())], read)
                .optional()
        })
        .map_err(|error| of_read(&error))?;
    let Some((newest, Some(newest_entry))) = page else {
        return Ok(nothing);
    };
    let newest = unsigned(newest);
    let top = before.map_or(newest, |before| newest.min(before.get().saturating_sub(1)));
    let removal = match lives {
        Lives::Present => newest_removal(connection, page_id)?,
        Lives::All => 0,
    };
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let count = top.saturating_sub(removal).min(limit);
    if count == 0 {
        return Ok(nothing);
    }
    let start = first_mark(connection, page_id, top)?.unwrap_or(newest_entry);
    // One more, for what the last of them started from.
    let least = (top - count).max(1);
    walk(connection, page_id, start, top, least, count)
}

/// The revision of the newest removal of a Page; 0: there was none.
fn newest_removal(connection: &Connection, page_id: PageId) -> Result<u64, StoreError> {
    connection
        .prepare_cached(
            "SELECT coalesce(max(revision), 0) FROM history \
             WHERE page_id = ?1 AND document IS NULL",
        )
        .and_then(|mut statement| {
            statement.query_row([signed(page_id.get())], |row| row.get(0).map(unsigned))
        })
        .map_err(|error| of_read(&error))
}

/// The entry with the smallest mark that is not below a revision.
fn first_mark(
    connection: &Connection,
    page_id: PageId,
    revision: u64,
) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached(
            "SELECT entry FROM mark WHERE page_id = ?1 AND revision >= ?2 ORDER BY revision LIMIT 1",
        )
        .and_then(|mut statement| {
            statement
                .query_row(params![signed(page_id.get()), signed(revision)], |row| {
                    row.get(0)
                })
                .optional()
        })
        .map_err(|error| of_read(&error))
}

/// Walks from an entry down to the revision `least`, and returns `count` entries from `top` on.
fn walk(
    connection: &Connection,
    page_id: PageId,
    start: i64,
    top: u64,
    least: u64,
    count: u64,
) -> Result<Part, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "WITH RECURSIVE chain (entry, revision, previous_entry) AS ( \
             SELECT entry, revision, previous_entry FROM history WHERE entry = ?1 \
             UNION ALL \
             SELECT history.entry, history.revision, history.previous_entry FROM chain \
             JOIN history ON history.entry = chain.previous_entry WHERE chain.revision > ?2) \
             SELECT history.page_id, history.revision, history.document, history.token_id, \
             history.app_id, history.changed_ms, history.trace_id, history.checksum \
             FROM chain CROSS JOIN history ON history.entry = chain.entry",
        )
        .map_err(|error| of_read(&error))?;
    let mut rows = statement
        .query(params![start, signed(least)])
        .map_err(|error| of_read(&error))?;
    let mut part = Part {
        entries: Vec::new(),
        visited: 0,
    };
    let mut expected = None;
    while let Some(row) = rows.next().map_err(|error| of_read(&error))? {
        part.visited += 1;
        let revision = row.get(1).map(unsigned).map_err(|error| of_read(&error))?;
        if expected.is_some_and(|expected| revision != expected)
            || (expected.is_none() && revision < top)
        {
            return Err(broken(page_id, revision));
        }
        expected = Some(revision.wrapping_sub(1));
        if revision > top {
            continue;
        }
        let entry = entry(row)?;
        if entry.page_id != page_id {
            return Err(broken(page_id, revision));
        }
        // What this entry's change made is what the change after it started from.
        if let Some(later) = part.entries.last_mut() {
            later.before.clone_from(&entry.after);
        }
        if (part.entries.len() as u64) < count {
            part.entries.push(entry);
        }
    }
    if expected != Some(least - 1) {
        return Err(broken(page_id, least));
    }
    Ok(part)
}

fn broken(page_id: PageId, revision: u64) -> StoreError {
    StoreError::Corrupt {
        what: format!("the history of the Page {page_id} has a gap at the revision {revision}"),
    }
}

/// An entry, without what its change started from.
fn entry(row: &Row<'_>) -> Result<HistoryEntry, StoreError> {
    let read = |row: &Row<'_>| -> rusqlite::Result<_> {
        let entry = HistoryEntry {
            page_id: PageId::new(unsigned(row.get(0)?)),
            revision: Revision::new(unsigned(row.get(1)?)),
            before: None,
            after: None,
            author: Author {
                token_id: row
                    .get::<_, Option<i64>>(3)?
                    .map(|id| TokenId::new(unsigned(id))),
                app_id: row
                    .get::<_, Option<i64>>(4)?
                    .map(|id| AppId::new(unsigned(id))),
            },
            changed_at: rows::timestamp(row.get(5)?),
            trace_id: row.get(6)?,
        };
        Ok((entry, row.get(2)?, row.get(7)?))
    };
    let (mut entry, document, sum): (HistoryEntry, Option<String>, Option<u32>) =
        read(row).map_err(|error| of_read(&error))?;
    // Entries of the first schema have no checksum.
    if sum.is_some() && document.as_deref().map(rows::checksum) != sum {
        return Err(StoreError::Corrupt {
            what: format!(
                "the revision {} in the history of the Page {} does not have its checksum",
                entry.revision.get(),
                entry.page_id
            ),
        });
    }
    entry.after = rows::settings(entry.page_id, document.as_deref())?;
    Ok(entry)
}

/// Appends to the chain of a Page, with the document of the entry and its checksum, and returns the
/// number of the new entry.
pub(crate) fn append(
    connection: &Connection,
    previous_entry: Option<i64>,
    entry: &HistoryEntry,
    document: Option<&str>,
    checksum: Option<u32>,
) -> Result<i64, StoreError> {
    let page_id = signed(entry.page_id.get());
    let revision = signed(entry.revision.get());
    execute(
        connection,
        "INSERT INTO history (previous_entry, page_id, revision, document, token_id, app_id, \
         changed_ms, trace_id, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            previous_entry,
            page_id,
            revision,
            document,
            entry.author.token_id.map(|id| signed(id.get())),
            entry.author.app_id.map(|id| signed(id.get())),
            entry.changed_at.as_millisecond(),
            entry.trace_id,
            checksum,
        ],
    )?;
    let number = connection.last_insert_rowid();
    if entry.revision.get().is_multiple_of(MARK_EVERY) {
        execute(
            connection,
            "INSERT INTO mark (page_id, revision, entry) VALUES (?1, ?2, ?3)",
            params![page_id, revision, number],
        )?;
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{self, Purpose};
    use crate::schema;

    const PAGE: PageId = PageId::new(7);
    const DEPTH: u64 = 20_000;
    const LIMIT: u64 = 100;

    /// A Page with so many entries; among them are entries of another Page.
    fn deep(folder: &tempfile::TempDir) -> Connection {
        let path = folder.path().join("pagebell.db");
        let mut connection = connection::open(&path, Purpose::Write).unwrap();
        schema::migrate(&mut connection, &path).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        let mut newest = [None, None];
        for revision in 1..=DEPTH {
            for (page, newest) in [7, 8].into_iter().zip(&mut newest) {
                let entry = HistoryEntry {
                    page_id: PageId::new(page),
                    revision: Revision::new(revision),
                    before: None,
                    after: None,
                    author: Author::default(),
                    changed_at: jiff::Timestamp::UNIX_EPOCH,
                    trace_id: "trace".to_owned(),
                };
                let settings = call_settings::CallSettings::default();
                let document = settings_store::document::encode(&settings);
                *newest =
                    Some(append(&connection, *newest, &entry, Some(&document), None).unwrap());
            }
        }
        for (page, newest) in [7, 8].into_iter().zip(newest) {
            connection
                .execute(
                    "INSERT INTO page (page_id, revision, removed, newest_entry) \
                     VALUES (?1, ?2, 0, ?3)",
                    params![page, signed(DEPTH), newest],
                )
                .unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        connection
    }

    #[test]
    fn a_part_costs_what_it_holds_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        let connection = deep(&folder);
        let limit = usize::try_from(LIMIT).unwrap();
        let mut before = None;
        let mut seen = 0;
        loop {
            let part = read(&connection, PAGE, Lives::Present, before, limit).unwrap();
            let revisions: Vec<u64> = part.entries.iter().map(|it| it.revision.get()).collect();
            let Some(last) = revisions.last() else { break };
            let top = DEPTH - seen;
            assert_eq!(revisions, ((*last)..=top).rev().collect::<Vec<_>>());
            let bound = LIMIT + MARK_EVERY;
            assert!((part.visited as u64) <= bound, "{} at {top}", part.visited);
            seen += revisions.len() as u64;
            before = Some(Revision::new(*last));
        }
        assert_eq!(seen, DEPTH);
    }

    #[test]
    fn one_entry_in_64_has_a_mark() {
        let folder = tempfile::tempdir().unwrap();
        let marks: u64 = deep(&folder)
            .query_row("SELECT count(*) FROM mark", [], |row| {
                row.get(0).map(unsigned)
            })
            .unwrap();
        assert_eq!(marks, 2 * (DEPTH / MARK_EVERY));
    }

    #[test]
    fn a_store_of_an_earlier_schema_gets_its_marks() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = deep(&folder);
        connection
            .execute_batch(
                "DROP TABLE mark; DROP INDEX removal; ALTER TABLE page DROP COLUMN eligible; \
                 ALTER TABLE page DROP COLUMN engaged_users; DROP TABLE name_segment; PRAGMA user_version = 2",
            )
            .unwrap();
        schema::migrate(&mut connection, &folder.path().join("pagebell.db")).unwrap();
        let before = Some(Revision::new(1000));
        let part = read(&connection, PAGE, Lives::Present, before, 10).unwrap();
        assert_eq!(part.entries[0].revision, Revision::new(999));
        assert!((part.visited as u64) < 10 + MARK_EVERY, "{}", part.visited);
    }

    #[test]
    fn a_gap_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let connection = deep(&folder);
        connection
            .execute(
                "DELETE FROM history WHERE page_id = 7 AND revision = 100",
                [],
            )
            .unwrap();
        for before in [102, 130] {
            let before = Some(Revision::new(before));
            let part = read(&connection, PAGE, Lives::Present, before, 100);
            assert!(matches!(part, Err(StoreError::Corrupt { .. })));
        }
        let before = Some(Revision::new(100));
        let part = read(&connection, PAGE, Lives::Present, before, 100);
        assert!(matches!(part, Err(StoreError::Corrupt { .. })));
    }
}
