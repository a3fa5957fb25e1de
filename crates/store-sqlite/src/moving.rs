//! Whole Pages, with their history, out of the store and into it.

use std::ops::RangeInclusive;

use rusqlite::{Connection, params};
use settings_store::{HistoryEntry, Invalidation, Move, Moved, StoreError, WholePage};

use crate::rows::{self, PAGE_COLUMNS, PageRow};
use crate::{administration, changes, error};

/// Whole Pages whose signed ids are in a range, in their order.
pub(crate) fn whole_pages(
    connection: &Connection,
    ids: RangeInclusive<i64>,
    limit: usize,
) -> Result<Vec<WholePage>, StoreError> {
    let sql = format!(
        "SELECT {PAGE_COLUMNS} FROM page WHERE page_id >= ?1 AND page_id <= ?2 ORDER BY page_id LIMIT ?3"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare_cached(&sql)
        .map_err(|error| error::of_read(&error))?;
    let mut rows = statement
        .query(params![ids.start(), ids.end(), limit])
        .map_err(|error| error::of_read(&error))?;
    let mut pages = Vec::new();
    while let Some(row) = rows.next().map_err(|error| error::of_read(&error))? {
        let row = rows::page(row)?;
        let history = history(connection, &row)?;
        pages.push(WholePage {
            record: row.record,
            removed: row.removed,
            history,
        });
    }
    Ok(pages)
}

/// The history of a Page, oldest first.
fn history(connection: &Connection, row: &PageRow) -> Result<Vec<HistoryEntry>, StoreError> {
    let mut history = rows::history(connection, row.newest_entry, None, usize::MAX)?;
    history.reverse();
    Ok(history)
}

/// Puts whole Pages in, within the transaction of the caller.
pub(crate) fn put_whole_pages(
    connection: &Connection,
    pages: &[WholePage],
) -> Result<Moved, StoreError> {
    let mut moved = Moved::default();
    for page in pages {
        let page_id = page.record.page_id;
        let row = rows::find_page(connection, page_id)?;
        let newest_entry = row.as_ref().and_then(|row| row.newest_entry);
        let newest = rows::history(connection, newest_entry, None, 1)?;
        let present = row.as_ref().map(|row| (&row.record, row.removed));
        match page.decide(present, newest.first()) {
            Move::Unchanged => moved.unchanged += 1,
            Move::Conflict => moved.conflicts.push(page_id),
            Move::Write { after } => {
                let entries = page.history_after(after);
                administration::put_whole_page(connection, newest_entry, page, entries)?;
                moved.written += 1;
            }
        }
    }
    if moved.written > 0 {
        changes::append(connection, Invalidation::Everything)
            .map_err(|error| error::of_write(&error))?;
    }
    Ok(moved)
}
