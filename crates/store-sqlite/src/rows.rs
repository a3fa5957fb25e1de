//! From rows to records and back.

use std::collections::BTreeSet;

use call_settings::{CallSettings, PageId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use secrecy::SecretString;
use settings_store::{
    AppId, AppRecord, Author, Coverage, HistoryEntry, PageRecord, PageSearch, Revision, StoreError,
    TokenHash, TokenId, TokenRecord, document, signed, unsigned,
};

use crate::error;

/// The columns of a Page, in the order in which [`page`] reads them.
pub(crate) const PAGE_COLUMNS: &str =
    "page_id, name, revision, document, checksum, removed, newest_entry";
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

/// Whether a search finds the Page of a row with [`PAGE_COLUMNS`].
pub(crate) fn is_found(row: &Row<'_>, search: &PageSearch) -> rusqlite::Result<bool> {
    let page_id = PageId::new(unsigned(row.get(0)?));
    let name = row.get_ref(1)?.as_str_or_null()?;
    Ok(search.finds(page_id, name))
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
            row.get::<_, Option<i64>>(6)?,
        ))
    };
    let (page_id, name, revision, text, sum, removed, newest_entry) =
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
            revision,
            settings: settings(page_id, text.as_deref())?,
        },
        removed,
        newest_entry,
    })
}

fn settings(page_id: PageId, text: Option<&str>) -> Result<Option<CallSettings>, StoreError> {
    text.map(document::decode)
        .transpose()
        .map_err(|error| StoreError::Corrupt {
            what: format!("the settings of the Page {page_id}: {error}"),
        })
}

/// The history of a Page along its chain, newest first: at most `limit` entries with revisions
/// below `before`.
pub(crate) fn history(
    connection: &Connection,
    newest_entry: Option<i64>,
    before: Option<Revision>,
    limit: usize,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let mut entries: Vec<HistoryEntry> = Vec::new();
    let mut next = newest_entry;
    while let Some(number) = next {
        let (entry, previous) = history_entry(connection, number)?;
        next = previous;
        // What this entry's change made is what the change after it started from.
        if let Some(later) = entries.last_mut() {
            later.before.clone_from(&entry.after);
        }
        if entries.len() == limit {
            break;
        }
        if before.is_none_or(|before| entry.revision < before) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// An entry, without what its change started from, and the number of the entry before it.
fn history_entry(
    connection: &Connection,
    number: i64,
) -> Result<(HistoryEntry, Option<i64>), StoreError> {
    let read = |row: &Row<'_>| -> rusqlite::Result<_> {
        let document: Option<String> = row.get(3)?;
        let entry = HistoryEntry {
            page_id: PageId::new(unsigned(row.get(1)?)),
            revision: Revision::new(unsigned(row.get(2)?)),
            before: None,
            after: None,
            author: Author {
                token_id: row
                    .get::<_, Option<i64>>(4)?
                    .map(|id| TokenId::new(unsigned(id))),
                app_id: row
                    .get::<_, Option<i64>>(5)?
                    .map(|id| AppId::new(unsigned(id))),
            },
            changed_at: timestamp(row.get(6)?),
            trace_id: row.get(7)?,
        };
        let sum: Option<u32> = row.get(8)?;
        Ok((entry, document, sum, row.get(0)?))
    };
    let (mut entry, document, sum, previous) = connection
        .prepare_cached(
            "SELECT previous_entry, page_id, revision, document, token_id, app_id, changed_ms, \
             trace_id, checksum FROM history WHERE entry = ?1",
        )
        .and_then(|mut statement| statement.query_row([number], read))
        .map_err(|error| error::of_read(&error))?;
    // Entries of the first schema have no checksum.
    if sum.is_some() && document.as_deref().map(checksum) != sum {
        return Err(StoreError::Corrupt {
            what: format!(
                "the revision {} in the history of the Page {} does not have its checksum",
                entry.revision.get(),
                entry.page_id
            ),
        });
    }
    entry.after = settings(entry.page_id, document.as_deref())?;
    Ok((entry, previous))
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
