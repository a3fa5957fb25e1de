//! Whole Pages, with their history, out of the store and into it.

use std::ops::RangeInclusive;

use call_settings::PageId;
use rusqlite::{Connection, params};
use settings_store::{HistoryEntry, Invalidation, Move, Moved, NameChanges, StoreError, WholePage};

use crate::history::{self, Lives};
use crate::rows::{self, PAGE_COLUMNS};
use crate::writer::Shared;
use crate::{administration, changes, error, name_index};

/// Appends whole Pages whose signed ids are in a range, in their order, until there are `limit`.
pub(crate) fn append_whole_pages(
    pages: &mut Vec<WholePage>,
    connection: &Connection,
    shared: &Shared,
    ids: RangeInclusive<i64>,
    limit: usize,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {PAGE_COLUMNS} FROM page WHERE page_id >= ?1 AND page_id <= ?2 ORDER BY page_id"
    );
    let mut statement = connection
        .prepare_cached(&sql)
        .map_err(|error| error::of_read(&error))?;
    let mut rows = statement
        .query(params![ids.start(), ids.end()])
        .map_err(|error| error::of_read(&error))?;
    while pages.len() < limit
        && let Some(row) = rows.next().map_err(|error| error::of_read(&error))?
    {
        let whole = rows::page(row).and_then(|row| {
            Ok(WholePage {
                history: all_of_history(connection, row.record.page_id)?,
                record: row.record,
                removed: row.removed,
            })
        });
        pages.extend(shared.readable(whole)?);
    }
    Ok(())
}

/// The history of a Page, oldest first.
fn all_of_history(
    connection: &Connection,
    page_id: PageId,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let part = history::read(connection, page_id, Lives::All, None, usize::MAX)?;
    let mut entries = part.entries;
    entries.reverse();
    Ok(entries)
}

/// Puts whole Pages in, within the transaction of the caller.
pub(crate) fn put_whole_pages(
    connection: &Connection,
    pages: &[WholePage],
) -> Result<Moved, StoreError> {
    let mut moved = Moved::default();
    let mut names = NameChanges::default();
    for page in pages {
        let page_id = page.record.page_id;
        let row = rows::find_page(connection, page_id)?;
        let newest_entry = row.as_ref().and_then(|row| row.newest_entry);
        let newest = history::read(connection, page_id, Lives::All, None, 1)?.entries;
        let present = row.as_ref().map(|row| (&row.record, row.removed));
        match page.decide(present, newest.first()) {
            Move::Unchanged => moved.unchanged += 1,
            Move::Conflict => moved.conflicts.push(page_id),
            Move::Write { after } => {
                let entries = page.history_after(after);
                administration::put_whole_page(connection, newest_entry, page, entries)?;
                names.set(page_id, page.record.name.as_deref());
                if page.was_removed_after(after) {
                    administration::uncover(connection, page_id)?;
                }
                moved.written += 1;
            }
        }
    }
    name_index::apply(connection, names)?;
    if moved.written > 0 {
        changes::append(connection, Invalidation::Everything)
            .map_err(|error| error::of_write(&error))?;
    }
    Ok(moved)
}
