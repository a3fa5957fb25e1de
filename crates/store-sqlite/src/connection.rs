//! Opening connections with the settings that durability rests on.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Params};
use settings_store::StoreError;

use crate::error::of_write;
use crate::{place, schema};

/// The oldest SQLite that is safe here: before it, a checkpoint beside a writer can corrupt a
/// database in WAL mode.
pub const MINIMUM_SQLITE_VERSION: i32 = 3_051_003;

/// How long a connection waits for another process to finish its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The version of the SQLite that is compiled in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Writes; checkpoints are another connection's work.
    Write,
    /// Writes of a short-lived program, which checkpoints what it wrote.
    WriteAndCheckpoint,
    /// Reads only.
    Read,
    /// Checkpoints only.
    Checkpoint,
}

/// Opens a connection and makes sure that it is what it has to be.
pub(crate) fn open(path: &Path, purpose: Purpose) -> Result<Connection, StoreError> {
    open_checked(path, purpose, schema::check_ours)
}

/// Opens a connection to a file that this check lets pass, before anything is changed in it.
pub(crate) fn open_checked(
    path: &Path,
    purpose: Purpose,
    check: impl FnOnce(&Connection, &Path) -> Result<(), StoreError>,
) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < MINIMUM_SQLITE_VERSION {
        return Err(cannot_open(
            path,
            format!(
                "SQLite {} can damage it; build with SQLite 3.51.3 or newer",
                rusqlite::version()
            ),
        ));
    }
    place::refuse_wal_alone(path)?;
    place::create_private(path).map_err(|error| cannot_create(path, &error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| explain(path, &error))?;
    check(&connection, path)?;
    configure(&connection, purpose)
        .map_err(|error| explain(path, &error))?
        .map_err(|reason| cannot_open(path, reason))?;
    Ok(connection)
}

fn configure(connection: &Connection, purpose: Purpose) -> rusqlite::Result<Result<(), String>> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Ok(Err(format!(
            "its journal mode is {mode} and cannot be made wal; put it on a local disk"
        )));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    let autocheckpoint = if purpose == Purpose::WriteAndCheckpoint {
        1000
    } else {
        0
    };
    connection.pragma_update(None, "wal_autocheckpoint", autocheckpoint)?;
    if purpose == Purpose::Read {
        connection.pragma_update(None, "query_only", true)?;
    }
    connection.set_prepared_statement_cache_capacity(32);
    let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    if synchronous != 2 {
        return Ok(Err("SQLite does not sync each commit".to_owned()));
    }
    Ok(Ok(()))
}

/// Why the file of a store cannot be created, with what to do about it.
pub(crate) fn cannot_create(path: &Path, error: &io::Error) -> StoreError {
    let folder = place::folder_of(path);
    let reason = match error.kind() {
        ErrorKind::NotFound if !folder.exists() => no_folder(folder),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => DISK_FULL.to_owned(),
        _ => format!("it cannot be created ({error}); change the permissions or name another file"),
    };
    cannot_open(path, reason)
}

const DISK_FULL: &str = "the disk is full; make room on it and start again";

fn no_folder(folder: &Path) -> String {
    format!("the folder {} does not exist; create it", folder.display())
}

/// Runs a statement of a write, within the transaction of the caller.
pub(crate) fn execute(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(parameters))
        .map(|_rows| ())
        .map_err(|error| of_write(&error))
}

/// Why a store cannot be opened, with what to do about it.
pub(crate) fn explain(path: &Path, error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    let folder = place::folder_of(path);
    let reason = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => {
            return StoreError::Corrupt {
                what: format!(
                    "{} ({error}); restore it from a backup or name another file",
                    path.display()
                ),
            };
        }
        Some(ErrorCode::NotADatabase) => format!(
            "it is damaged or no SQLite file ({error}); restore it from a backup or name another file"
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "it is not writable; change its permissions or name another file".to_owned()
        }
        Some(ErrorCode::CannotOpen) if !folder.exists() => no_folder(folder),
        Some(ErrorCode::CannotOpen) if path.is_dir() => "it is a folder; name a file".to_owned(),
        Some(ErrorCode::CannotOpen) => {
            "the file or its folder is not writable; change the permissions or name another file"
                .to_owned()
        }
        Some(ErrorCode::DiskFull) => DISK_FULL.to_owned(),
        // SQLite says so when it cannot make the -shm file longer.
        _ if extended_code(error) == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => {
            DISK_FULL.to_owned()
        }
        Some(ErrorCode::SystemIoFailure) => format!(
            "{error}; make room if the disk is full, and look for its errors in the system's log"
        ),
        _ => format!("{error}; name another file"),
    };
    cannot_open(path, reason)
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    match error {
        rusqlite::Error::SqliteFailure(error, _) => Some(error.extended_code),
        _ => None,
    }
}

pub(crate) fn cannot_open(path: &Path, reason: impl Into<String>) -> StoreError {
    StoreError::CannotOpen {
        location: path.display().to_string(),
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SQLite reports a full disk as an I/O error when it creates the -shm file.
    #[test]
    fn a_full_disk_is_said_to_be_full() {
        for code in [
            rusqlite::ffi::SQLITE_IOERR_SHMSIZE,
            rusqlite::ffi::SQLITE_FULL,
        ] {
            let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            let text = explain(Path::new("pagebell.db"), &error).to_string();
            assert!(text.contains("the disk is full; make room"), "{text}");
            assert!(!text.contains("another file"), "{text}");
        }
    }
}
