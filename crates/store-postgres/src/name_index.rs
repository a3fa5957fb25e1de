//! The index of names, written in the transactions that write the names.
//!
//! Whoever changes a segment locks its row first, in the order of the first ids, and looks then
//! whether the segment was divided meanwhile: only who holds the lock divides it.

use deadpool_postgres::{GenericClient, Object};
use settings_store::{
    DamagedSegment, EncodedSegment, NameChanges, NameSegment, SegmentBuilder, first_segment,
};
use tokio_postgres::{Error, Row};

/// How many segments are read and written with one statement: some megabytes.
const SEGMENTS: usize = 128;

/// How many names are read at a time when the index is filled.
const NAMES: i64 = 20_000;

/// Writes changes of names into the index, within the transaction of the caller, which has written
/// the names already.
pub(crate) async fn apply(
    transaction: &impl GenericClient,
    mut changes: NameChanges,
) -> Result<(), Error> {
    while let Some((first, last)) = changes.span() {
        let keys = keys(transaction, first, last).await?;
        if keys.first().is_none_or(|key| *key > first) {
            restore_first(transaction, first).await?;
            continue;
        }
        let wanted = changes.segments(&keys, SEGMENTS);
        let locked = lock(transaction, &wanted).await?;
        // Those that were divided before they were locked have got neighbours.
        let keys = self::keys(transaction, first, last).await?;
        if changes.segments(&keys, SEGMENTS) != wanted {
            continue;
        }
        let next_of_all = next(transaction, last).await?;
        let mut written = Vec::new();
        for row in &locked {
            let first_id: i64 = row.try_get(0)?;
            let next = keys.iter().find(|key| **key > first_id).copied();
            let next = next.or(next_of_all);
            let stored = EncodedSegment {
                first_id,
                filter: row.try_get(1)?,
                names: row.try_get(2)?,
            };
            written.extend(match changes.apply(&stored, next) {
                Ok(written) => written,
                // The names are there, so a damaged segment needs no more than to be made of them.
                Err(DamagedSegment) => names(transaction, first_id, next).await?.encode(first_id),
            });
        }
        write(transaction, &written).await?;
    }
    Ok(())
}

/// Makes the segment that is always there, and has been lost, of the names.
async fn restore_first(transaction: &impl GenericClient, signed_id: i64) -> Result<(), Error> {
    let first_id = first_segment(signed_id);
    let next = next(transaction, first_id).await?;
    let segment = names(transaction, first_id, next).await?;
    write(transaction, &segment.encode(first_id)).await
}

/// The first ids of the segments from that of one id to that of another.
async fn keys(transaction: &impl GenericClient, first: i64, last: i64) -> Result<Vec<i64>, Error> {
    const KEYS: &str = "
SELECT first_id FROM name_segment
WHERE first_id >= coalesce((SELECT max(first_id) FROM name_segment WHERE first_id <= $1), $1)
    AND first_id <= $2
ORDER BY first_id";
    let statement = transaction.prepare_cached(KEYS).await?;
    let rows = transaction.query(&statement, &[&first, &last]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// The first id of the segment behind that of an id.
async fn next(transaction: &impl GenericClient, signed_id: i64) -> Result<Option<i64>, Error> {
    const NEXT: &str = "SELECT min(first_id) FROM name_segment WHERE first_id > $1";
    let statement = transaction.prepare_cached(NEXT).await?;
    transaction
        .query_one(&statement, &[&signed_id])
        .await?
        .try_get(0)
}

async fn lock(transaction: &impl GenericClient, first_ids: &[i64]) -> Result<Vec<Row>, Error> {
    const LOCK: &str = "
SELECT first_id, filter, names FROM name_segment WHERE first_id = ANY($1)
ORDER BY first_id FOR UPDATE";
    let statement = transaction.prepare_cached(LOCK).await?;
    transaction.query(&statement, &[&first_ids]).await
}

/// What a segment holds if it is as the names are.
async fn names(
    transaction: &impl GenericClient,
    first_id: i64,
    next: Option<i64>,
) -> Result<NameSegment, Error> {
    const NAMES: &str = "
SELECT page_id, name FROM page
WHERE page_id >= $1 AND ($2::bigint IS NULL OR page_id < $2) AND NOT removed AND name IS NOT NULL";
    let statement = transaction.prepare_cached(NAMES).await?;
    let mut segment = NameSegment::default();
    for row in transaction.query(&statement, &[&first_id, &next]).await? {
        segment.set(row.try_get(0)?, Some(row.try_get(1)?));
    }
    Ok(segment)
}

async fn write(transaction: &impl GenericClient, segments: &[EncodedSegment]) -> Result<(), Error> {
    const WRITE: &str = "
INSERT INTO name_segment (first_id, filter, names)
SELECT first_id, filter, names
FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS segment (first_id, filter, names)
ON CONFLICT (first_id) DO UPDATE SET filter = excluded.filter, names = excluded.names";
    if segments.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare_cached(WRITE).await?;
    let (first_ids, filters, names) = columns(segments);
    transaction
        .execute(&statement, &[&first_ids, &filters, &names])
        .await
        .map(|_rows| ())
}

fn columns(segments: &[EncodedSegment]) -> (Vec<i64>, Vec<&[u8]>, Vec<&[u8]>) {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for segment in segments {
        columns.0.push(segment.first_id);
        columns.1.push(&segment.filter[..]);
        columns.2.push(&segment.names[..]);
    }
    columns
}

/// Fills the index from the names while no program of this version writes names, as none starts
/// before the migration is complete. `false`: another server has taken the turn over.
///
/// Each statement that writes also makes the turn longer, and writes only while it is this owner's.
pub(crate) async fn fill(
    session: &Object,
    owner: i64,
    turn_milliseconds: i64,
) -> Result<bool, Error> {
    const READ: &str = "
SELECT page_id, name FROM page
WHERE ($1::bigint IS NULL OR page_id > $1) AND NOT removed AND name IS NOT NULL
ORDER BY page_id LIMIT $2";
    if !in_turn(
        session,
        "DELETE FROM name_segment WHERE EXISTS (SELECT 1 FROM turn)",
        owner,
        turn_milliseconds,
        &[],
    )
    .await?
    {
        return Ok(false);
    }
    let mut builder = SegmentBuilder::default();
    let mut after: Option<i64> = None;
    loop {
        let rows = session.query(READ, &[&after, &NAMES]).await?;
        let mut complete = Vec::new();
        for row in &rows {
            let signed_id = row.try_get(0)?;
            after = Some(signed_id);
            complete.extend(builder.add(signed_id, row.try_get(1)?));
        }
        if !insert(session, owner, turn_milliseconds, &complete).await? {
            return Ok(false);
        }
        if rows.is_empty() {
            return insert(session, owner, turn_milliseconds, &builder.finish()).await;
        }
    }
}

async fn insert(
    session: &Object,
    owner: i64,
    turn_milliseconds: i64,
    segments: &[EncodedSegment],
) -> Result<bool, Error> {
    const INSERT: &str = "INSERT INTO name_segment (first_id, filter, names) \
        SELECT segment.first_id, segment.filter, segment.names FROM turn, \
        unnest($3::bigint[], $4::bytea[], $5::bytea[]) AS segment (first_id, filter, names)";
    let (first_ids, filters, names) = columns(segments);
    in_turn(
        session,
        INSERT,
        owner,
        turn_milliseconds,
        &[&first_ids, &filters, &names],
    )
    .await
}

/// Runs a statement that writes only what it joins with `turn`, which is empty unless the turn is
/// this owner's.
async fn in_turn(
    session: &Object,
    statement: &str,
    owner: i64,
    turn_milliseconds: i64,
    parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
) -> Result<bool, Error> {
    let sql = format!(
        "WITH turn AS (UPDATE schema_turn SET expires_ms = \
         CAST(extract(epoch FROM now()) * 1000 AS bigint) + $2 \
         WHERE name = 'migration' AND owner = $1 RETURNING owner), \
         done AS ({statement} RETURNING first_id) \
         SELECT EXISTS (SELECT 1 FROM turn), (SELECT count(*) FROM done)"
    );
    let mut all: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = vec![&owner, &turn_milliseconds];
    all.extend(parameters);
    session.query_one(&sql, &all).await?.try_get(0)
}
