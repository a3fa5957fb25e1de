//! The schema and its migrations.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use settings_store::StoreError;

use crate::connection::{cannot_open, explain};
use crate::name_index;

/// Every migration, in order. The version of a schema is the number of migrations in it.
const MIGRATIONS: [&str; 5] = [
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_history_checksum.sql"),
    include_str!("../migrations/0003_removals_and_marks.sql"),
    include_str!("../migrations/0004_calling.sql"),
    include_str!("../migrations/0005_name_index.sql"),
];

/// The version of the schema from which on names have an index, which is filled by that migration.
const NAME_INDEX_SINCE: usize = 5;

/// Marks the file as one of ours, in SQLite's header: `PBEL`.
pub(crate) const APPLICATION_ID: i32 = 0x5042_454C;

/// The newest version of the schema that this program knows.
pub(crate) fn newest_version() -> u32 {
    u32::try_from(MIGRATIONS.len()).expect("a handful of migrations")
}

/// Brings the schema to the newest version, or refuses a file that is not ours or newer.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| explain(path, &error);
    if version(connection).map_err(failed)? == i64::from(newest_version()) {
        check_ours(connection, path)?;
        return check_readable(connection).map_err(|error| damaged(path, &error));
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let found = version(&transaction).map_err(failed)?;
    if found > i64::from(newest_version()) {
        return Err(newer(found));
    }
    let Ok(done) = usize::try_from(found) else {
        return Err(cannot_open(
            path,
            "its schema version is negative, so it is not a store; name another file",
        ));
    };
    if !has_tables(&transaction).map_err(failed)? {
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(failed)?;
    }
    check_ours(&transaction, path)?;
    for migration in &MIGRATIONS[done..] {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    if done < NAME_INDEX_SINCE {
        name_index::fill(&transaction).map_err(failed)?;
    }
    transaction
        .pragma_update(None, "user_version", newest_version())
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// Refuses a file of another program. A file without tables is nobody's yet.
pub(crate) fn check_ours(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| explain(path, &error);
    let found = application_id(connection).map_err(failed)?;
    if found == APPLICATION_ID || (found == 0 && !has_tables(connection).map_err(failed)?) {
        Ok(())
    } else {
        Err(cannot_open(
            path,
            "it is a SQLite file of another program; name another file",
        ))
    }
}

/// Refuses a file of another program, as [`check_ours`] does, but lets a damaged store pass that
/// has lost its application id: it has tables of a store.
pub(crate) fn check_ours_or_damaged(
    connection: &Connection,
    path: &Path,
) -> Result<(), StoreError> {
    let tables: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('page', 'history', 'token_page')",
            [],
            |row| row.get(0),
        )
        .map_err(|error| explain(path, &error))?;
    if tables > 1 {
        return Ok(());
    }
    check_ours(connection, path)
}

fn application_id(connection: &Connection) -> rusqlite::Result<i32> {
    connection.query_row("PRAGMA application_id", [], |row| row.get(0))
}

pub(crate) fn has_our_id(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(application_id(connection)? == APPLICATION_ID)
}

/// The tables and indexes of a schema, by kind and name, with the SQL that made them.
pub(crate) type Objects = BTreeMap<(String, String), Option<String>>;

/// The tables and indexes of a store.
pub(crate) fn objects(connection: &Connection) -> rusqlite::Result<Objects> {
    connection
        .prepare("SELECT type, name, sql FROM sqlite_schema")?
        .query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?
        .collect()
}

/// The tables and indexes of a store with this version; `None`: there is no such version.
pub(crate) fn objects_of_version(version: i64) -> rusqlite::Result<Option<Objects>> {
    let count = usize::try_from(version).unwrap_or(0);
    let Some(migrations) = MIGRATIONS.get(..count).filter(|_| count > 0) else {
        return Ok(None);
    };
    let connection = Connection::open_in_memory()?;
    for migration in migrations {
        connection.execute_batch(migration)?;
    }
    objects(&connection).map(Some)
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| {
        row.get(0)
    })
}

/// One look at every table and index, through their roots: finds missing tables and columns, and
/// most damage that would stop the server later, in a time that does not grow with the store.
const LOOKS: [&str; 11] = [
    "SELECT page_id, name, revision, document, checksum, removed, newest_entry, eligible, \
     engaged_users FROM page ORDER BY page_id LIMIT 1",
    "SELECT entry, previous_entry, page_id, revision, document, token_id, app_id, changed_ms, \
     trace_id, checksum FROM history ORDER BY entry LIMIT 1",
    "SELECT app_id, name, secret, require_proof, created_ms FROM app ORDER BY app_id LIMIT 1",
    "SELECT token_id, app_id, all_pages, scopes, issued_ms, expires_ms, revoked_ms FROM token \
     ORDER BY token_id LIMIT 1",
    "SELECT token_id FROM token WHERE hash = zeroblob(32)",
    "SELECT token_id, page_id FROM token_page ORDER BY token_id, page_id LIMIT 1",
    "SELECT max(revision) FROM history WHERE page_id = 0 AND document IS NULL",
    "SELECT page_id, revision, entry FROM mark ORDER BY page_id, revision LIMIT 1",
    "SELECT sequence, page_id, app_id, token_hash FROM change ORDER BY sequence LIMIT 1",
    "SELECT name, seq FROM sqlite_sequence LIMIT 1",
    "SELECT first_id, filter, names FROM name_segment ORDER BY first_id LIMIT 1",
];

/// Whether every table and index can be read from.
pub(crate) fn check_readable(connection: &Connection) -> rusqlite::Result<()> {
    for look in LOOKS {
        connection
            .prepare_cached(look)?
            .query_row([], |_row| Ok(()))
            .optional()?;
    }
    Ok(())
}

fn damaged(path: &Path, error: &rusqlite::Error) -> StoreError {
    cannot_open(
        path,
        format!("it is damaged ({error}); restore it from a backup or name another file"),
    )
}

/// The version of a store's schema, which is left as it is; refuses one that is newer than this
/// program.
pub(crate) fn known_version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let found = version(connection).map_err(|error| explain(path, &error))?;
    if found > i64::from(newest_version()) {
        return Err(newer(found));
    }
    Ok(found)
}

fn newer(found: i64) -> StoreError {
    StoreError::NewerSchema {
        found: u32::try_from(found).unwrap_or(u32::MAX),
        known: newest_version(),
    }
}

pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}
