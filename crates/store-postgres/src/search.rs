//! Finding Pages by a text.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use call_settings::PageId;
use settings_store::{
    DamagedSegment, NameQuery, PageRecord, PageSearch, StoreError, signed_ids_after, unsigned,
};

use crate::reads;
use crate::rows;
use crate::sessions::Sessions;
use crate::writes::Observers;

/// How many segments the first statement of a search returns, which is enough for a common word.
const FIRST_SEGMENTS: i64 = 2;

/// How many segments a statement returns at most: some megabytes.
const MOST_SEGMENTS: i64 = 128;

/// The segments from that of an id on whose filters have these bits.
const SEGMENTS: &str = "
SELECT first_id, names FROM name_segment
WHERE first_id >= coalesce((SELECT max(first_id) FROM name_segment WHERE first_id <= $1), $1)
    AND first_id <= $2
    AND NOT EXISTS (SELECT 1 FROM unnest($3::int[]) AS wanted (bit) WHERE get_bit(filter, bit) = 0)
ORDER BY first_id LIMIT $4";

/// The first Pages in some ranges of ids.
const IN_RANGES: &str = "
SELECT found.page_id FROM unnest($1::bigint[], $2::bigint[]) AS span (first_id, last_id)
CROSS JOIN LATERAL (
    SELECT page_id FROM page
    WHERE page_id >= span.first_id AND page_id <= span.last_id AND NOT removed
    ORDER BY page_id LIMIT $3
) AS found";

/// Pages that a search finds behind a Page, in the order of their ids.
pub(crate) async fn find(
    sessions: &Sessions,
    observers: &Observers,
    search: &PageSearch,
    after: Option<PageId>,
    limit: usize,
) -> Result<Vec<PageRecord>, StoreError> {
    let mut found = Vec::new();
    let mut after = after;
    while found.len() < limit {
        let wanted = limit - found.len();
        let ids = ids(sessions, search, after, wanted).await?;
        let ids: Vec<PageId> = ids.into_iter().take(wanted).map(PageId::new).collect();
        let Some(last) = ids.last() else { break };
        after = Some(*last);
        let mut rows = reads::find_pages(sessions, &ids).await?;
        for row in ids.iter().filter_map(|page_id| rows.remove(page_id)) {
            let Some(row) = observers.readable(row)? else {
                continue;
            };
            let record = row.record;
            // It may have been removed or renamed since the index was read.
            if !row.removed && search.finds(record.page_id, record.name.as_deref()) {
                found.push(record);
            }
        }
        if ids.len() < wanted {
            break;
        }
    }
    Ok(found)
}

/// The ids of the first Pages that are found; there may be more than are wanted.
async fn ids(
    sessions: &Sessions,
    search: &PageSearch,
    after: Option<PageId>,
    wanted: usize,
) -> Result<BTreeSet<u64>, StoreError> {
    let mut ids = BTreeSet::new();
    if let Some(query) = search.name_query() {
        for range in signed_ids_after(after) {
            by_name(sessions, &query, range, wanted, &mut ids).await?;
        }
    }
    let ranges = search.signed_ids_after(after);
    if !ranges.is_empty() {
        ids.extend(by_id(sessions, &ranges, wanted).await?);
    }
    Ok(ids)
}

/// The ids of the first Pages of a range whose names hold the words, until there are as many as are
/// wanted.
async fn by_name(
    sessions: &Sessions,
    query: &NameQuery,
    range: RangeInclusive<i64>,
    wanted: usize,
    ids: &mut BTreeSet<u64>,
) -> Result<(), StoreError> {
    let bits: Vec<i32> = query.bits().map(i32::from).collect();
    let mut start = *range.start();
    let mut count = FIRST_SEGMENTS;
    while ids.len() < wanted {
        let rows = sessions
            .search(SEGMENTS, &[&start, range.end(), &bits, &count])
            .await?;
        for row in &rows {
            let first_id: i64 = rows::get(row, 0)?;
            let names: &[u8] = rows::get(row, 1)?;
            let found = query
                .find(first_id, names)
                .map_err(|error: DamagedSegment| StoreError::Corrupt {
                    what: format!("{error}: the one from {first_id} on"),
                })?;
            ids.extend(
                found
                    .into_iter()
                    .filter(|id| range.contains(id))
                    .map(unsigned),
            );
            if ids.len() >= wanted {
                return Ok(());
            }
        }
        let is_whole = i64::try_from(rows.len()).is_ok_and(|read| read == count);
        let Some(last) = rows.last().filter(|_| is_whole) else {
            return Ok(());
        };
        // The next statement begins with the segment that was read last.
        start = rows::get(last, 0)?;
        count = MOST_SEGMENTS.min(count * 4);
    }
    Ok(())
}

/// The ids of the first Pages in each of some ranges.
async fn by_id(
    sessions: &Sessions,
    ranges: &[RangeInclusive<i64>],
    wanted: usize,
) -> Result<Vec<u64>, StoreError> {
    let starts: Vec<i64> = ranges.iter().map(|range| *range.start()).collect();
    let ends: Vec<i64> = ranges.iter().map(|range| *range.end()).collect();
    let count = i64::try_from(wanted).unwrap_or(i64::MAX);
    let rows = sessions
        .search(IN_RANGES, &[&starts, &ends, &count])
        .await?;
    rows.iter()
        .map(|row| rows::get(row, 0).map(unsigned))
        .collect()
}
