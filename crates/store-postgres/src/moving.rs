//! Whole Pages, with their history, out of the store and into it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use call_settings::PageId;
use settings_store::{HistoryEntry, Move, Moved, StoreError, WholePage, signed};

use crate::administration::{self, StoreAll};
use crate::batch::Found;
use crate::reads;
use crate::rows::{self, HISTORY_COLUMNS, PAGE_COLUMNS};
use crate::sessions::Sessions;
use crate::writes::{Attempt, Observers};

/// Appends whole Pages whose signed ids are in a range, in their order, until there are `limit`.
pub(crate) async fn append_whole_pages(
    pages: &mut Vec<WholePage>,
    sessions: &Sessions,
    observers: &Observers,
    ids: RangeInclusive<i64>,
    limit: usize,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {PAGE_COLUMNS} FROM page WHERE page_id >= $1 AND page_id <= $2 ORDER BY page_id LIMIT $3"
    );
    let (mut first, last) = ids.into_inner();
    while pages.len() < limit {
        let missing = i64::try_from(limit - pages.len()).unwrap_or(i64::MAX);
        let rows = sessions.search(&sql, &[&first, &last, &missing]).await?;
        let Some(newest) = rows.last().map(rows::page_id).transpose()? else {
            break;
        };
        let mut readable = Vec::new();
        for row in &rows {
            readable.extend(observers.readable(rows::page(row))?);
        }
        let found: Vec<PageId> = readable.iter().map(|row| row.record.page_id).collect();
        let mut histories = histories(sessions, &found).await?;
        for row in readable {
            let history = histories
                .remove(&row.record.page_id)
                .unwrap_or(Ok(Vec::new()));
            let whole = history.map(|history| WholePage {
                history,
                removed: row.removed,
                record: row.record,
            });
            pages.extend(observers.readable(whole)?);
        }
        match signed(newest.get()).checked_add(1) {
            Some(next) if next <= last => first = next,
            _ => break,
        }
    }
    Ok(())
}

/// The history of each of these Pages, oldest first, as far as it can be read.
async fn histories(
    sessions: &Sessions,
    page_ids: &[PageId],
) -> Result<Found<PageId, Vec<HistoryEntry>>, StoreError> {
    let ids: Vec<i64> = page_ids.iter().map(|id| signed(id.get())).collect();
    let sql = format!(
        "SELECT {HISTORY_COLUMNS} FROM history WHERE page_id = ANY($1) ORDER BY page_id, revision"
    );
    let mut histories: Found<PageId, Vec<HistoryEntry>> = BTreeMap::new();
    for row in sessions.search(&sql, &[&ids]).await? {
        let entries = histories
            .entry(rows::page_id(&row)?)
            .or_insert_with(|| Ok(Vec::new()));
        let Ok(history) = entries else { continue };
        match rows::history_entry(&row) {
            Ok(mut entry) => {
                entry.before = history.last().and_then(|earlier| earlier.after.clone());
                history.push(entry);
            }
            Err(error) => *entries = Err(error),
        }
    }
    Ok(histories)
}

/// Puts whole Pages in, in one transaction.
pub(crate) async fn put_whole_pages(
    sessions: &Sessions,
    pages: &[WholePage],
) -> Result<Moved, StoreError> {
    for _ in 0..administration::MOST_ROUNDS {
        let (put, moved) = decide(sessions, pages).await?;
        if put.attempt.page_count() == 0 || put.store(sessions).await? {
            return Ok(moved);
        }
    }
    Err(administration::overtaken())
}

async fn decide(sessions: &Sessions, pages: &[WholePage]) -> Result<(StoreAll, Moved), StoreError> {
    let page_ids: Vec<PageId> = pages.iter().map(|page| page.record.page_id).collect();
    let mut rows = reads::find_pages(sessions, &page_ids).await?;
    let known: Vec<PageId> = rows.keys().copied().collect();
    let mut histories = histories(sessions, &known).await?;
    let mut moved = Moved::default();
    let mut put = StoreAll::of(Attempt::empty(rand::random()));
    for page in pages {
        let page_id = page.record.page_id;
        let row = rows.remove(&page_id).transpose()?;
        let present = row.as_ref().map(|row| (&row.record, row.removed));
        let history = histories.remove(&page_id).transpose()?;
        let newest = history.as_ref().and_then(|history| history.last());
        match page.decide(present, newest) {
            Move::Unchanged => moved.unchanged += 1,
            Move::Conflict => moved.conflicts.push(page_id),
            Move::Write { after } => {
                let name = page.record.name.as_deref();
                let entries = page.history_after(after);
                put.attempt.add(&page.record, after, name, entries);
                let is_ended = page.was_removed_after(after);
                // A name that is there stays where none is given, unless its Page was removed.
                if name.is_some() || page.removed || is_ended {
                    put.names.set(page_id, name.filter(|_| !page.removed));
                }
                let calling = row.as_ref().map(|row| row.record.calling);
                if calling.unwrap_or_default() != page.record.calling {
                    put.callings.add(page_id, page.record.calling);
                }
                if page.removed {
                    put.removed.push(signed(page_id.get()));
                }
                if is_ended {
                    put.ended.push(page_id);
                }
                moved.written += 1;
            }
        }
    }
    Ok((put, moved))
}
