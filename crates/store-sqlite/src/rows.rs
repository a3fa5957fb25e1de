//! From rows to records and back.

use std::collections::BTreeSet;

use call_settings::{CallSettings, PageId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use secrecy::SecretString;
use settings_store::{
    AppId, AppRecord, Coverage, PageCalling, PageRecord, Revision, StoreError, TokenHash, TokenId,
    TokenRecord, document, signed, unsigned,
};

use crate::error;

/// The columns of a Page, in the order in which [`page`] reads them.
pub(crate) const PAGE_COLUMNS: &str =
    "page_id, name, revision, document, checksum, removed, newest_entry, eligible, engaged_users";
pub(crate) const APP_COLUMNS: &str = "app_id, name, secret, require_proof, created_ms";
pub(crate) const TOKEN_COLUMNS: &str =
    "token_id, hash, app_id, all_pages, scopes, issued_ms, expires_ms, revoked_ms";

/// A row of the table `page`.
pub(crate) struct PageRow {
    pub(crate) record: PageRecord,
    pub(crate) removed: bool,
    /// The newest entry of its history.
    pub(crate) newest_entry: Option<i64>,
}

pub(crate) fn checksum(document: &str) -> u32 {
    crc32fast::hash(document.as_bytes())
}

/// Reads the row of a Page, also of a removed one.
pub(crate) fn find_page(
    connection: &Connection,
    page_id: PageId,
) -> Result<Option<PageRow>, StoreError> {
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT {PAGE_COLUMNS} FROM page WHERE page_id = ?1"
        ))
        .map_err(|error| error::of_read(&error))?;
    let mut rows = statement
        .query([signed(page_id.get())])
        .map_err(|error| error::of_read(&error))?;
    match rows.next().map_err(|error| error::of_read(&error))? {
        None => Ok(None),
        Some(row) => page(row).map(Some),
    }
}

/// A row with [`PAGE_COLUMNS`]. The document is checked against its checksum.
pub(crate) fn page(row: &Row<'_>) -> Result<PageRow, StoreError> {
    let read = |row: &Row<'_>| -> rusqlite::Result<_> {
        Ok((
            PageId::new(unsigned(row.get(0)?)),
            row.get::<_, Option<String>>(1)?,
            row.get::<_, i64>(2)?,
            row.get::<_, Option<String>>(3)?,
            row.get::<_, Option<u32>>(4)?,
            row.get::<_, bool>(5)?,
            row.get::<_, Option<i64>>(6)?,
            PageCalling {
                eligible: row.get(7)?,
                engaged_users: row.get::<_, Option<i64>>(8)?.map(unsigned),
            },
        ))
    };
    let (page_id, name, revision, text, sum, removed, newest_entry, calling) =
        read(row).map_err(|error| error::of_read(&error))?;
    if text.as_deref().map(checksum) != sum {
        return Err(StoreError::Corrupt {
            what: format!("the settings of the Page {page_id} do not have their checksum"),
        });
    }
    Ok(PageRow {
        record: PageRecord {
            page_id,
            name,
            revision: Revision::from_signed(revision, page_id)?,
            settings: settings(page_id, text.as_deref())?,
            calling,
        },
        removed,
        newest_entry,
    })
}

pub(crate) fn settings(
    page_id: PageId,
    text: Option<&str>,
) -> Result<Option<CallSettings>, StoreError> {
    text.map(document::decode)
        .transpose()
        .map_err(|error| StoreError::Corrupt {
            what: format!("the settings of the Page {page_id}: {error}"),
        })
}

/// A row with [`APP_COLUMNS`].
pub(crate) fn app(row: &Row<'_>) -> rusqlite::Result<AppRecord> {
    Ok(AppRecord {
        app_id: AppId::new(unsigned(row.get(0)?)),
        name: row.get(1)?,
        secret: SecretString::from(row.get::<_, String>(2)?),
        require_proof: row.get(3)?,
        created_at: timestamp(row.get(4)?),
    })
}

/// A row with [`TOKEN_COLUMNS`], with the Pages of the token.
pub(crate) fn token(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<TokenRecord> {
    let token_id: i64 = row.get(0)?;
    let scopes: String = row.get(4)?;
    let coverage = if row.get(3)? {
        Coverage::AllPages
    } else {
        Coverage::Pages(pages_of_token(connection, token_id)?)
    };
    Ok(TokenRecord {
        token_id: TokenId::new(unsigned(token_id)),
        hash: TokenHash::from_bytes(row.get(1)?),
        app_id: row
            .get::<_, Option<i64>>(2)?
            .map(|id| AppId::new(unsigned(id))),
        coverage,
        // A text that is no array of texts permits nothing.
        scopes: serde_json::from_str(&scopes).unwrap_or_default(),
        issued_at: timestamp(row.get(5)?),
        expires_at: row.get::<_, Option<i64>>(6)?.map(timestamp),
        revoked_at: row.get::<_, Option<i64>>(7)?.map(timestamp),
    })
}

fn pages_of_token(connection: &Connection, token_id: i64) -> rusqlite::Result<BTreeSet<PageId>> {
    connection
        .prepare_cached("SELECT page_id FROM token_page WHERE token_id = ?1")?
        .query_map([token_id], |row| row.get(0).map(unsigned).map(PageId::new))?
        .collect()
}

/// The tokens that cover a Page by name.
pub(crate) fn tokens_of_page(
    connection: &Connection,
    page_id: PageId,
) -> rusqlite::Result<Vec<TokenHash>> {
    connection
        .prepare_cached(
            "SELECT hash FROM token WHERE token_id IN \
             (SELECT token_id FROM token_page WHERE page_id = ?1)",
        )?
        .query_map([signed(page_id.get())], |row| {
            row.get(0).map(TokenHash::from_bytes)
        })?
        .collect()
}

/// The tokens with this hash or this id: the hash of each, and when it was revoked.
pub(crate) fn revocations(
    connection: &Connection,
    hash: TokenHash,
    token_id: TokenId,
) -> rusqlite::Result<Vec<(TokenHash, Option<i64>)>> {
    connection
        .prepare_cached("SELECT hash, revoked_ms FROM token WHERE hash = ?1 OR token_id = ?2")?
        .query_map(params![hash.as_bytes(), signed(token_id.get())], |row| {
            Ok((TokenHash::from_bytes(row.get(0)?), row.get(1)?))
        })?
        .collect()
}

/// The hash of a token with this id, where there is one.
pub(crate) fn hash_of_token(
    connection: &Connection,
    token_id: TokenId,
) -> rusqlite::Result<Option<TokenHash>> {
    connection
        .query_row(
            "SELECT hash FROM token WHERE token_id = ?1",
            params![signed(token_id.get())],
            |row| row.get(0).map(TokenHash::from_bytes),
        )
        .optional()
}

pub(crate) fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
