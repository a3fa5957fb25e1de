//! Backup, restore and examination of a store, from outside of the server.

mod backup;
mod examination;
mod restore;

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use settings_store::StoreError;

use crate::connection::{self, Purpose, explain};
use crate::lock::UseLock;
use crate::place;
use crate::schema;

pub use backup::back_up;
pub use examination::{Contents, Examination, examine};
pub use restore::{Restored, Revocations, restore};

/// A store that is open to be read in full.
struct Source {
    connection: Connection,
    /// `None`: this user may not write beside the store.
    _in_use: Option<UseLock>,
}

/// Whether the file may be read.
type Check = fn(&Connection, &Path) -> Result<(), StoreError>;

/// Opens a store to copy all of it, with the schema that it has.
fn open(path: &Path) -> Result<Source, StoreError> {
    open_checked(path, schema::check_ours)
}

/// Opens a store that may be damaged.
fn open_to_examine(path: &Path) -> Result<Source, StoreError> {
    open_checked(path, schema::check_ours_or_damaged)
}

fn open_checked(path: &Path, check: Check) -> Result<Source, StoreError> {
    let path = &place::resolve(path)?;
    match UseLock::shared(path) {
        Ok(in_use) if place::is_writable(path) => {
            place::refuse_hard_links(path)?;
            // Not for reads only: SQLite counts a copy of everything as a write.
            let connection = connection::open_checked(path, Purpose::WriteAndCheckpoint, check)?;
            schema::known_version(&connection, path)?;
            Ok(Source {
                connection,
                _in_use: Some(in_use),
            })
        }
        Ok(in_use) => Ok(Source {
            connection: open_read_only(path, check)?,
            _in_use: Some(in_use),
        }),
        Err(_) if !place::is_writable(path) || !place::is_writable_beside(path) => Ok(Source {
            connection: open_read_only(path, check)?,
            _in_use: None,
        }),
        Err(error) => Err(error),
    }
}

/// Opens a store that this user may only read. SQLite reads a file in WAL mode only where it can
/// create the -shm file, unless it is told that nobody changes the file: nobody does where there is
/// no WAL and none can be created.
fn open_read_only(path: &Path, check: Check) -> Result<Connection, StoreError> {
    let has_wal = place::is_taken(&place::with_suffix(path, "-wal"));
    if has_wal || place::is_writable_beside(path) {
        return open_copy_checked(path, check);
    }
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            byte => {
                let _ = write!(address, "%{byte:02X}");
            }
        }
    }
    address.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection =
        Connection::open_with_flags(address, flags).map_err(|error| explain(path, &error))?;
    check(&connection, path)?;
    schema::known_version(&connection, path)?;
    Ok(connection)
}

/// Opens a copy that nobody else uses, without a file beside it.
fn open_copy(path: &Path) -> Result<Connection, StoreError> {
    open_copy_checked(path, schema::check_ours)
}

fn open_copy_checked(path: &Path, check: Check) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| explain(path, &error))?;
    check(&connection, path)?;
    schema::known_version(&connection, path)?;
    Ok(connection)
}
