//! The index of names: written with the names, read by searches.

use call_settings::PageId;
use rusqlite::{Connection, params};
use settings_store::{
    DamagedSegment, EncodedSegment, NameChanges, NameSegment, SegmentBuilder, StoreError,
    first_segment,
};

use crate::connection::execute;
use crate::error::of_write;

/// Writes the change of one name into the index, within the transaction of the caller.
pub(crate) fn set_name(
    connection: &Connection,
    page_id: PageId,
    name: Option<&str>,
) -> Result<(), StoreError> {
    let mut changes = NameChanges::default();
    changes.set(page_id, name);
    apply(connection, changes)
}

/// Writes changes of names into the index, within the transaction of the caller, which has written
/// the names already.
pub(crate) fn apply(connection: &Connection, mut changes: NameChanges) -> Result<(), StoreError> {
    let Some((first, last)) = changes.span() else {
        return Ok(());
    };
    let mut keys = keys(connection, first, last).map_err(|error| of_write(&error))?;
    if keys.first().is_none_or(|key| *key > first) {
        // The segment that is always there has been lost.
        let first_id = first_segment(first);
        let next = next(connection, first_id).map_err(|error| of_write(&error))?;
        let segment = names(connection, first_id, next).map_err(|error| of_write(&error))?;
        for part in segment.encode(first_id) {
            write(connection, &part)?;
        }
        keys = self::keys(connection, first, last).map_err(|error| of_write(&error))?;
    }
    let next_of_all = next(connection, last).map_err(|error| of_write(&error))?;
    for first_id in changes.segments(&keys, usize::MAX) {
        let behind = keys.iter().find(|key| **key > first_id).copied();
        let next = behind.or(next_of_all);
        let stored = read(connection, first_id).map_err(|error| of_write(&error))?;
        let written = match changes.apply(&stored, next) {
            Ok(written) => written,
            // The names are there, so a damaged segment needs no more than to be made of them.
            Err(DamagedSegment) => names(connection, first_id, next)
                .map_err(|error| of_write(&error))?
                .encode(first_id),
        };
        for part in written {
            write(connection, &part)?;
        }
    }
    Ok(())
}

/// Fills the index from the names, within the transaction of the caller.
pub(crate) fn fill(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM name_segment", [])?;
    let mut insert = connection
        .prepare("INSERT INTO name_segment (first_id, filter, names) VALUES (?1, ?2, ?3)")?;
    let mut insert = |segment: &EncodedSegment| {
        insert
            .execute(params![segment.first_id, segment.filter, segment.names])
            .map(|_rows| ())
    };
    let mut builder = SegmentBuilder::default();
    let mut statement = connection.prepare(
        "SELECT page_id, name FROM page WHERE removed = 0 AND name IS NOT NULL ORDER BY page_id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let complete = builder.add(row.get(0)?, row.get_ref(1)?.as_str()?);
        complete.iter().try_for_each(&mut insert)?;
    }
    builder.finish().iter().try_for_each(insert)
}

/// The first ids of the segments from that of one id to that of another.
fn keys(connection: &Connection, first: i64, last: i64) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(
            "SELECT first_id FROM name_segment WHERE first_id >= coalesce(\
             (SELECT max(first_id) FROM name_segment WHERE first_id <= ?1), ?1) \
             AND first_id <= ?2 ORDER BY first_id",
        )?
        .query_map([first, last], |row| row.get(0))?
        .collect()
}

/// The first id of the segment behind that of an id.
fn next(connection: &Connection, signed_id: i64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT min(first_id) FROM name_segment WHERE first_id > ?1")?
        .query_row([signed_id], |row| row.get(0))
}

fn read(connection: &Connection, first_id: i64) -> rusqlite::Result<EncodedSegment> {
    connection
        .prepare_cached("SELECT filter, names FROM name_segment WHERE first_id = ?1")?
        .query_row([first_id], |row| {
            Ok(EncodedSegment {
                first_id,
                filter: row.get(0)?,
                names: row.get(1)?,
            })
        })
}

/// What a segment holds if it is as the names are.
pub(crate) fn names(
    connection: &Connection,
    first_id: i64,
    next: Option<i64>,
) -> rusqlite::Result<NameSegment> {
    let mut statement = connection.prepare_cached(
        "SELECT page_id, name FROM page WHERE page_id >= ?1 AND (?2 IS NULL OR page_id < ?2) \
         AND removed = 0 AND name IS NOT NULL ORDER BY page_id",
    )?;
    let mut rows = statement.query(params![first_id, next])?;
    let mut segment = NameSegment::default();
    while let Some(row) = rows.next()? {
        segment.set(row.get(0)?, Some(row.get_ref(1)?.as_str()?));
    }
    Ok(segment)
}

fn write(connection: &Connection, segment: &EncodedSegment) -> Result<(), StoreError> {
    execute(
        connection,
        "INSERT OR REPLACE INTO name_segment (first_id, filter, names) VALUES (?1, ?2, ?3)",
        params![segment.first_id, segment.filter, segment.names],
    )
}
