//! From rows to records and back.

use call_settings::{CallSettings, PageId};
use jiff::Timestamp;
use secrecy::SecretString;
use settings_store::{
    AppId, AppRecord, Author, Coverage, HistoryEntry, PageCalling, PageRecord, Revision,
    StoreError, TokenHash, TokenId, TokenRecord, document, unsigned,
};
use tokio_postgres::Row;

use crate::error;

/// The columns of a Page, in the order in which [`page`] reads them.
pub(crate) const PAGE_COLUMNS: &str =
    "page_id, name, revision, document, checksum, removed, eligible, engaged_users";
pub(crate) const APP_COLUMNS: &str = "app_id, name, secret, require_proof, created_ms";
pub(crate) const TOKEN_COLUMNS: &str =
    "token_id, hash, app_id, pages, scopes, issued_ms, expires_ms, revoked_ms";
pub(crate) const HISTORY_COLUMNS: &str =
    "page_id, revision, document, checksum, token_id, app_id, changed_ms, trace_id";

/// A row of the table `page`.
#[derive(Clone, Debug)]
pub(crate) struct PageRow {
    pub(crate) record: PageRecord,
    pub(crate) removed: bool,
}

pub(crate) fn checksum(document: &str) -> i64 {
    crc32fast::hash(document.as_bytes()).into()
}

/// The Page of a row with [`PAGE_COLUMNS`].
pub(crate) fn page_id(row: &Row) -> Result<PageId, StoreError> {
    get(row, 0).map(unsigned).map(PageId::new)
}

/// A row with [`PAGE_COLUMNS`]. The document is checked against its checksum.
pub(crate) fn page(row: &Row) -> Result<PageRow, StoreError> {
    let page_id = page_id(row)?;
    let what = || format!("the settings of the Page {page_id}");
    Ok(PageRow {
        record: PageRecord {
            page_id,
            name: get(row, 1)?,
            revision: Revision::from_signed(get(row, 2)?, page_id)?,
            settings: settings(get(row, 3)?, get(row, 4)?, what)?,
            calling: PageCalling {
                eligible: get(row, 6)?,
                engaged_users: get::<Option<i64>>(row, 7)?.map(unsigned),
            },
        },
        removed: get(row, 5)?,
    })
}

/// A row with [`HISTORY_COLUMNS`], without what its change started from.
pub(crate) fn history_entry(row: &Row) -> Result<HistoryEntry, StoreError> {
    let page_id = PageId::new(unsigned(get(row, 0)?));
    let revision = Revision::from_signed(get(row, 1)?, page_id)?;
    let what = || {
        let number = revision.get();
        format!("the revision {number} in the history of the Page {page_id}")
    };
    Ok(HistoryEntry {
        page_id,
        revision,
        before: None,
        after: settings(get(row, 2)?, get(row, 3)?, what)?,
        author: Author {
            token_id: get::<Option<i64>>(row, 4)?.map(|id| TokenId::new(unsigned(id))),
            app_id: get::<Option<i64>>(row, 5)?.map(|id| AppId::new(unsigned(id))),
        },
        changed_at: timestamp(get(row, 6)?),
        trace_id: get(row, 7)?,
    })
}

fn settings(
    text: Option<&str>,
    sum: Option<i64>,
    what: impl Fn() -> String,
) -> Result<Option<CallSettings>, StoreError> {
    if text.map(checksum) != sum {
        return Err(StoreError::Corrupt {
            what: format!("{} do not have their checksum", what()),
        });
    }
    text.map(document::decode)
        .transpose()
        .map_err(|error| StoreError::Corrupt {
            what: format!("{}: {error}", what()),
        })
}

/// A row with [`APP_COLUMNS`].
pub(crate) fn app(row: &Row) -> Result<AppRecord, StoreError> {
    app_from(row, 0)
}

/// A row with [`APP_COLUMNS`] from this column on.
fn app_from(row: &Row, first: usize) -> Result<AppRecord, StoreError> {
    Ok(AppRecord {
        app_id: AppId::new(unsigned(get(row, first)?)),
        name: get(row, first + 1)?,
        secret: SecretString::from(get::<String>(row, first + 2)?),
        require_proof: get(row, first + 3)?,
        created_at: timestamp(get(row, first + 4)?),
    })
}

/// The hash of a row with [`TOKEN_COLUMNS`].
pub(crate) fn token_hash(row: &Row) -> Result<TokenHash, StoreError> {
    let hash: &[u8] = get(row, 1)?;
    let bytes = hash.try_into().map_err(|_error| StoreError::Corrupt {
        what: format!("the hash of a token has {} bytes", hash.len()),
    })?;
    Ok(TokenHash::from_bytes(bytes))
}

/// A row with [`TOKEN_COLUMNS`].
pub(crate) fn token(row: &Row) -> Result<TokenRecord, StoreError> {
    let token_id = TokenId::new(unsigned(get(row, 0)?));
    let damaged = |what: &str| StoreError::Corrupt {
        what: format!("the {what} of the token {token_id}"),
    };
    let coverage = match get::<Option<&str>>(row, 3)? {
        None => Coverage::AllPages,
        Some(pages) => {
            let ids: Vec<u64> = serde_json::from_str(pages).map_err(|_error| damaged("Pages"))?;
            Coverage::Pages(ids.into_iter().map(PageId::new).collect())
        }
    };
    Ok(TokenRecord {
        token_id,
        hash: token_hash(row)?,
        app_id: get::<Option<i64>>(row, 2)?.map(|id| AppId::new(unsigned(id))),
        coverage,
        scopes: serde_json::from_str(get(row, 4)?).map_err(|_error| damaged("scopes"))?,
        issued_at: timestamp(get(row, 5)?),
        expires_at: get::<Option<i64>>(row, 6)?.map(timestamp),
        revoked_at: get::<Option<i64>>(row, 7)?.map(timestamp),
    })
}

/// A row with [`TOKEN_COLUMNS`] and, behind them, [`APP_COLUMNS`] or nothing but NULL.
pub(crate) fn token_with_app(row: &Row) -> Result<(TokenRecord, Option<AppRecord>), StoreError> {
    let token = token(row)?;
    let first = TOKEN_COLUMNS.split(", ").count();
    let is_there = get::<Option<i64>>(row, first)?.is_some();
    let app = is_there.then(|| app_from(row, first)).transpose()?;
    Ok((token, app))
}

/// Columns with the name of their table before each, as a join needs them.
pub(crate) fn of_table(table: &str, columns: &str) -> String {
    format!("{table}.{}", columns.replace(", ", &format!(", {table}.")))
}

/// The Pages of a token as they are stored.
pub(crate) fn pages_text(coverage: &Coverage) -> Option<String> {
    match coverage {
        Coverage::AllPages => None,
        Coverage::Pages(pages) => {
            let ids: Vec<u64> = pages.iter().map(|page| page.get()).collect();
            Some(serde_json::to_string(&ids).expect("an array of numbers"))
        }
    }
}

/// A column. It has the type that the schema gives it, unless somebody changed the schema.
pub(crate) fn get<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    column: usize,
) -> Result<T, StoreError> {
    row.try_get(column).map_err(|error| StoreError::Corrupt {
        what: error::described(&error),
    })
}

fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
