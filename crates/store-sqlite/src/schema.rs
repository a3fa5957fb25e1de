//! The schema and its migrations.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use settings_store::StoreError;

use crate::connection::{cannot_open, explain};

/// Every migration, in order. The version of a schema is the number of migrations in it.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_initial.sql")];

/// Marks the file as one of ours, in SQLite's header: `PBEL`.
const APPLICATION_ID: i32 = 0x5042_454C;

/// The newest version of the schema that this program knows.
pub(crate) fn newest_version() -> u32 {
    u32::try_from(MIGRATIONS.len()).expect("a handful of migrations")
}

/// Brings the schema to the newest version, or refuses a file that is not ours or newer.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| explain(path, &error);
    if version(connection).map_err(failed)? == newest_version() {
        return check_ours(connection, path);
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let found = version(&transaction).map_err(failed)?;
    if found > newest_version() {
        return Err(StoreError::NewerSchema {
            found,
            known: newest_version(),
        });
    }
    let tables: i64 = transaction
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    if tables == 0 {
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(failed)?;
    }
    check_ours(&transaction, path)?;
    for migration in &MIGRATIONS[found as usize..] {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    transaction
        .pragma_update(None, "user_version", newest_version())
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}

fn check_ours(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: i32 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(|error| explain(path, &error))?;
    if found == APPLICATION_ID {
        Ok(())
    } else {
        Err(cannot_open(
            path,
            "it is a SQLite file of another program; name another file",
        ))
    }
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}
