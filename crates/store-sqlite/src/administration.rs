//! Statements of the changes outside of the settings: Pages, apps, tokens.

use call_settings::{CallSettings, PageId};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use secrecy::ExposeSecret;
use settings_store::{
    Added, AppRecord, Author, CallingChange, Coverage, HistoryEntry, Invalidation, NewPage,
    PageChange, PageRecord, StoreError, TokenHash, TokenKey, TokenRecord, WholePage, document,
    signed,
};

use crate::changes;
use crate::connection::execute;
use crate::error::of_write;
use crate::history;
use crate::name_index;
use crate::rows;

/// Adds a Page, or brings a removed one back.
pub(crate) fn add_page(connection: &Connection, page: &NewPage) -> Result<Added, StoreError> {
    let added = insert_page(connection, page.page_id, page.name.as_deref())?;
    if page.name.is_some() {
        name_index::set_name(connection, page.page_id, page.name.as_deref())?;
    }
    log(connection, Invalidation::Page(page.page_id))?;
    Ok(added)
}

/// Inserts a Page without a change record, and leaves the index of names alone: where a name is
/// given, the caller writes both.
pub(crate) fn insert_page(
    connection: &Connection,
    page_id: PageId,
    name: Option<&str>,
) -> Result<Added, StoreError> {
    let present = rows::find_page(connection, page_id)?;
    let added = match present {
        Some(row) if !row.removed => Added::AlreadyThere,
        _ => Added::New,
    };
    execute(
        connection,
        "INSERT INTO page (page_id, name, revision, removed) VALUES (?1, ?2, 0, 0) \
         ON CONFLICT (page_id) DO UPDATE SET name = coalesce(?2, name), removed = 0",
        params![signed(page_id.get()), name],
    )?;
    Ok(added)
}

/// Changes the name of a Page and what is stated about calling; `false`: there is no such Page.
pub(crate) fn set_page(connection: &Connection, change: &PageChange) -> Result<bool, StoreError> {
    let present = rows::find_page(connection, change.page_id)?;
    if present.is_none_or(|row| row.removed) {
        return Ok(false);
    }
    if change.name.is_some() {
        insert_page(connection, change.page_id, change.name.as_deref())?;
        name_index::set_name(connection, change.page_id, change.name.as_deref())?;
    }
    state_calling(connection, change.page_id, change.calling)?;
    log(connection, Invalidation::Page(change.page_id))?;
    Ok(true)
}

/// Changes what is stated about calling on a Page that is there, without a change record.
pub(crate) fn state_calling(
    connection: &Connection,
    page_id: PageId,
    change: CallingChange,
) -> Result<(), StoreError> {
    execute(
        connection,
        "UPDATE page SET eligible = coalesce(?2, eligible), \
         engaged_users = coalesce(?3, engaged_users) WHERE page_id = ?1",
        params![
            signed(page_id.get()),
            change.eligible,
            change.engaged_users.map(signed)
        ],
    )
}

/// Removes a Page; its row stays for the revision. Returns the tokens that covered it by name;
/// `None`: there is no such Page.
pub(crate) fn remove_page(
    connection: &Connection,
    page_id: PageId,
    at: Timestamp,
) -> Result<Option<Vec<TokenHash>>, StoreError> {
    let Some(row) = rows::find_page(connection, page_id)?.filter(|row| !row.removed) else {
        return Ok(None);
    };
    let revision = row.record.revision.next();
    let revision = revision.ok_or_else(|| StoreError::no_revision_left(page_id))?;
    let entry = HistoryEntry {
        page_id,
        revision,
        before: row.record.settings,
        after: None,
        author: Author::default(),
        changed_at: at,
        trace_id: String::new(),
    };
    let entry = append_history(connection, row.newest_entry, &entry, &Stored::of(None))?;
    execute(
        connection,
        "UPDATE page SET name = NULL, revision = ?2, document = NULL, checksum = NULL, removed = 1, \
         newest_entry = ?3, eligible = 1, engaged_users = NULL WHERE page_id = ?1",
        params![signed(page_id.get()), signed(revision.get()), entry],
    )?;
    if row.record.name.is_some() {
        name_index::set_name(connection, page_id, None)?;
    }
    log(connection, Invalidation::Page(page_id))?;
    uncover(connection, page_id).map(Some)
}

/// Takes a Page out of the coverage of every token that names it, and returns these tokens.
pub(crate) fn uncover(
    connection: &Connection,
    page_id: PageId,
) -> Result<Vec<TokenHash>, StoreError> {
    let hashes = rows::tokens_of_page(connection, page_id).map_err(|error| of_write(&error))?;
    execute(
        connection,
        "DELETE FROM token_page WHERE page_id = ?1",
        [signed(page_id.get())],
    )?;
    for hash in &hashes {
        log(connection, Invalidation::Token(*hash))?;
    }
    Ok(hashes)
}

/// Writes the settings of a Page and its history, whose newest entry so far is given.
pub(crate) fn store_settings(
    connection: &Connection,
    newest_entry: Option<i64>,
    record: &PageRecord,
    entry: &HistoryEntry,
) -> Result<(), StoreError> {
    let stored = Stored::of(record.settings.as_ref());
    let entry = append_history(connection, newest_entry, entry, &stored)?;
    execute(
        connection,
        "UPDATE page SET revision = ?2, document = ?3, checksum = ?4, newest_entry = ?5 \
         WHERE page_id = ?1",
        params![
            signed(record.page_id.get()),
            signed(record.revision.get()),
            stored.document,
            stored.checksum,
            entry
        ],
    )
}

/// Adds a Page that is not known yet, with its settings and the first entry of its history.
pub(crate) fn insert_configured(
    connection: &Connection,
    record: &PageRecord,
    entry: &HistoryEntry,
) -> Result<(), StoreError> {
    let stored = Stored::of(record.settings.as_ref());
    let entry = append_history(connection, None, entry, &stored)?;
    put_row(connection, record, &stored, false, Some(entry))
}

/// Writes the row of a Page as it is given, and appends to its history, whose newest entry so far is
/// given.
pub(crate) fn put_whole_page(
    connection: &Connection,
    newest_entry: Option<i64>,
    page: &WholePage,
    entries: &[HistoryEntry],
) -> Result<(), StoreError> {
    let mut newest_entry = newest_entry;
    for entry in entries {
        let stored = Stored::of(entry.after.as_ref());
        newest_entry = Some(append_history(connection, newest_entry, entry, &stored)?);
    }
    let stored = Stored::of(page.record.settings.as_ref());
    put_row(
        connection,
        &page.record,
        &stored,
        page.removed,
        newest_entry,
    )
}

/// Writes the row of a Page, whatever is there.
fn put_row(
    connection: &Connection,
    record: &PageRecord,
    stored: &Stored,
    removed: bool,
    newest_entry: Option<i64>,
) -> Result<(), StoreError> {
    execute(
        connection,
        "INSERT OR REPLACE INTO page (page_id, name, revision, document, checksum, removed, \
         newest_entry, eligible, engaged_users) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            signed(record.page_id.get()),
            record.name,
            signed(record.revision.get()),
            stored.document,
            stored.checksum,
            removed,
            newest_entry,
            record.calling.eligible,
            record.calling.engaged_users.map(signed)
        ],
    )
}

/// Settings as they are stored.
struct Stored {
    document: Option<String>,
    checksum: Option<u32>,
}

impl Stored {
    fn of(settings: Option<&CallSettings>) -> Self {
        let document = settings.map(document::encode);
        Self {
            checksum: document.as_deref().map(rows::checksum),
            document,
        }
    }
}

fn append_history(
    connection: &Connection,
    previous_entry: Option<i64>,
    entry: &HistoryEntry,
    stored: &Stored,
) -> Result<i64, StoreError> {
    let document = stored.document.as_deref();
    history::append(connection, previous_entry, entry, document, stored.checksum)
}

pub(crate) fn put_app(connection: &Connection, app: &AppRecord) -> Result<(), StoreError> {
    execute(
        connection,
        "INSERT OR REPLACE INTO app (app_id, name, secret, require_proof, created_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            signed(app.app_id.get()),
            app.name,
            app.secret.expose_secret(),
            app.require_proof,
            app.created_at.as_millisecond(),
        ],
    )?;
    log(connection, Invalidation::App(app.app_id))
}

/// Puts a token in the place of those with its hash or its id, and returns the hashes of all of
/// them.
pub(crate) fn put_token(
    connection: &Connection,
    token: &TokenRecord,
) -> Result<Vec<TokenHash>, StoreError> {
    let token_id = signed(token.token_id.get());
    let scopes = serde_json::to_string(&token.scopes).expect("an array of texts");
    let replaced = rows::revocations(connection, token.hash, token.token_id)
        .map_err(|error| of_write(&error))?;
    let revoked_ms = replaced
        .iter()
        .filter_map(|(_hash, revoked_ms)| *revoked_ms)
        .min()
        .or(token.revoked_at.map(Timestamp::as_millisecond));
    execute(
        connection,
        "DELETE FROM token_page WHERE token_id IN \
         (SELECT token_id FROM token WHERE hash = ?1 OR token_id = ?2)",
        params![token.hash.as_bytes(), token_id],
    )?;
    execute(
        connection,
        "INSERT OR REPLACE INTO token (token_id, hash, app_id, all_pages, scopes, issued_ms, \
         expires_ms, revoked_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            token_id,
            token.hash.as_bytes(),
            token.app_id.map(|id| signed(id.get())),
            token.coverage == Coverage::AllPages,
            scopes,
            token.issued_at.as_millisecond(),
            token.expires_at.map(Timestamp::as_millisecond),
            revoked_ms,
        ],
    )?;
    if let Coverage::Pages(pages) = &token.coverage {
        for page_id in pages {
            execute(
                connection,
                "INSERT INTO token_page (token_id, page_id) VALUES (?1, ?2)",
                params![token_id, signed(page_id.get())],
            )?;
        }
    }
    let mut hashes: Vec<TokenHash> = replaced.into_iter().map(|(hash, _)| hash).collect();
    hashes.retain(|hash| *hash != token.hash);
    hashes.push(token.hash);
    for hash in &hashes {
        log(connection, Invalidation::Token(*hash))?;
    }
    Ok(hashes)
}

/// Revokes a token and returns its hash; `None`: there is no such token.
pub(crate) fn revoke_token(
    connection: &Connection,
    key: TokenKey,
    at: Timestamp,
) -> Result<Option<TokenHash>, StoreError> {
    let hash = match key {
        TokenKey::Hash(hash) => Some(hash),
        TokenKey::Id(id) => {
            rows::hash_of_token(connection, id).map_err(|error| of_write(&error))?
        }
    };
    let Some(hash) = hash else {
        return Ok(None);
    };
    let found = connection
        .execute(
            "UPDATE token SET revoked_ms = coalesce(revoked_ms, ?2) WHERE hash = ?1",
            params![hash.as_bytes(), at.as_millisecond()],
        )
        .map_err(|error| of_write(&error))?;
    if found == 0 {
        return Ok(None);
    }
    log(connection, Invalidation::Token(hash))?;
    Ok(Some(hash))
}

fn log(connection: &Connection, what: Invalidation) -> Result<(), StoreError> {
    changes::append(connection, what).map_err(|error| of_write(&error))
}
