//! From rows to records and back.

use std::collections::BTreeSet;

use call_settings::{CallSettings, PageId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use secrecy::SecretString;
use settings_store::{
    AppId, AppRecord, Author, Coverage, HistoryEntry, PageRecord, Revision, StoreError, TokenHash,
    TokenId, TokenRecord, document,
};

use crate::error;

/// The columns of a Page, in the order in which [`page`] reads them.
pub(crate) const PAGE_COLUMNS: &str = "page_id, name, revision, document, checksum, removed";
pub(crate) const APP_COLUMNS: &str = "app_id, name, secret, require_proof, created_ms";
pub(crate) const TOKEN_COLUMNS: &str =
    "token_id, hash, app_id, all_pages, scopes, issued_ms, expires_ms, revoked_ms";

/// A row of the table `page`.
pub(crate) struct PageRow {
    pub(crate) record: PageRecord,
    pub(crate) removed: bool,
}

/// An unsigned number as the signed one of the same bits, the form in which SQLite keeps it.
pub(crate) const fn signed(number: u64) -> i64 {
    number.cast_signed()
}

pub(crate) const fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
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
            Revision::new(unsigned(row.get(2)?)),
            row.get::<_, Option<String>>(3)?,
            row.get::<_, Option<u32>>(4)?,
            row.get::<_, bool>(5)?,
        ))
    };
    let (page_id, name, revision, text, sum, removed) =
        read(row).map_err(|error| error::of_read(&error))?;
    if let Some(text) = &text
        && Some(checksum(text)) != sum
    {
        return Err(StoreError::Corrupt {
            what: format!("the settings of the Page {page_id} do not have their checksum"),
        });
    }
    Ok(PageRow {
        record: PageRecord {
            page_id,
            name,
            revision,
            settings: settings(page_id, text.as_deref())?,
        },
        removed,
    })
}

fn settings(page_id: PageId, text: Option<&str>) -> Result<Option<CallSettings>, StoreError> {
    text.map(document::decode)
        .transpose()
        .map_err(|error| StoreError::Corrupt {
            what: format!("the settings of the Page {page_id}: {error}"),
        })
}

/// A row of the table `history`, all columns.
pub(crate) fn history_entry(row: &Row<'_>) -> Result<HistoryEntry, StoreError> {
    let read = |row: &Row<'_>| -> rusqlite::Result<_> {
        Ok((
            PageId::new(unsigned(row.get(0)?)),
            Revision::new(unsigned(row.get(1)?)),
            row.get::<_, Option<String>>(2)?,
            row.get::<_, Option<String>>(3)?,
            Author {
                token_id: row
                    .get::<_, Option<i64>>(4)?
                    .map(|id| TokenId::new(unsigned(id))),
                app_id: row
                    .get::<_, Option<i64>>(5)?
                    .map(|id| AppId::new(unsigned(id))),
            },
            timestamp(row.get(6)?),
            row.get::<_, String>(7)?,
        ))
    };
    let (page_id, revision, before, after, author, changed_at, trace_id) =
        read(row).map_err(|error| error::of_read(&error))?;
    Ok(HistoryEntry {
        page_id,
        revision,
        before: settings(page_id, before.as_deref())?,
        after: settings(page_id, after.as_deref())?,
        author,
        changed_at,
        trace_id,
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

fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
