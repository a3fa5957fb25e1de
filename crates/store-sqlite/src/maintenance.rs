//! Looking after a store from outside of the server: copies of it, and whether it is sound.

mod backup;
mod examination;

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use settings_store::StoreError;

use crate::connection::{self, Purpose, explain};
use crate::schema;

pub use backup::{back_up, restore};
pub use examination::{Contents, Examination, examine};

/// Opens a store to read all of it, as it is: a schema of an earlier program stays.
fn open(path: &Path) -> Result<Connection, StoreError> {
    // Not for reads only: SQLite counts a copy of everything as a write.
    let connection = connection::open(path, Purpose::WriteAndCheckpoint)?;
    schema::known_version(&connection, path)?;
    Ok(connection)
}

/// Opens a copy that nobody else has, without leaving a trace beside it.
fn open_copy(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| explain(path, &error))?;
    schema::known_version(&connection, path)?;
    Ok(connection)
}
