//! Reads of Pages and tokens by their key.

use std::sync::Arc;

use call_settings::PageId;
use settings_store::{AppRecord, StoreError, TokenHash, TokenRecord, signed};
use tokio_postgres::Row;

use crate::batch::{Found, LookUp};
use crate::rows::{self, APP_COLUMNS, PAGE_COLUMNS, PageRow, TOKEN_COLUMNS};
use crate::sessions::Sessions;

/// Looks up Pages, removed ones too.
pub(crate) fn pages(sessions: &Arc<Sessions>) -> LookUp<PageId, PageRow> {
    let sessions = Arc::clone(sessions);
    Arc::new(move |keys| {
        let sessions = Arc::clone(&sessions);
        Box::pin(async move { find_pages(&sessions, &keys).await })
    })
}

/// The rows of these Pages, removed ones too.
pub(crate) async fn find_pages(
    sessions: &Sessions,
    page_ids: &[PageId],
) -> Result<Found<PageId, PageRow>, StoreError> {
    let ids: Vec<i64> = page_ids.iter().map(|id| signed(id.get())).collect();
    let rows = sessions.query(&pages_sql(), &[&ids]).await?;
    pages_of(&rows)
}

/// The statement that finds Pages by their ids.
pub(crate) fn pages_sql() -> String {
    format!("SELECT {PAGE_COLUMNS} FROM page WHERE page_id = ANY($1)")
}

/// What it found.
pub(crate) fn pages_of(rows: &[Row]) -> Result<Found<PageId, PageRow>, StoreError> {
    by_key(rows, rows::page_id, rows::page)
}

/// The statement that finds tokens by their hashes.
pub(crate) fn tokens_sql() -> String {
    format!(
        "SELECT {}, {} FROM token LEFT JOIN app ON app.app_id = token.app_id \
         WHERE token.hash = ANY($1)",
        rows::of_table("token", TOKEN_COLUMNS),
        rows::of_table("app", APP_COLUMNS)
    )
}

/// What it found.
pub(crate) fn tokens_of(rows: &[Row]) -> Result<Found<TokenHash, TokenWithApp>, StoreError> {
    by_key(rows, rows::token_hash, rows::token_with_app)
}

/// A token with its app.
pub(crate) type TokenWithApp = (TokenRecord, Option<AppRecord>);

/// Looks up tokens by their hash, with their apps.
pub(crate) fn tokens(sessions: &Arc<Sessions>) -> LookUp<TokenHash, TokenWithApp> {
    let sessions = Arc::clone(sessions);
    Arc::new(move |keys| {
        let sessions = Arc::clone(&sessions);
        Box::pin(async move {
            let hashes: Vec<&[u8]> = keys.iter().map(|hash| &hash.as_bytes()[..]).collect();
            let rows = sessions.query(&tokens_sql(), &[&hashes]).await?;
            tokens_of(&rows)
        })
    })
}

/// What cannot be read is an error of its own key alone.
fn by_key<K: Ord, V>(
    rows: &[Row],
    key: impl Fn(&Row) -> Result<K, StoreError>,
    read: impl Fn(&Row) -> Result<V, StoreError>,
) -> Result<Found<K, V>, StoreError> {
    rows.iter().map(|row| Ok((key(row)?, read(row)))).collect()
}
