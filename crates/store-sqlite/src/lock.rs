//! One server per file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use settings_store::StoreError;

use crate::connection::cannot_open;

/// Holds the store for this process until it is dropped.
///
/// The lock is on a file of its own: closing a second descriptor of the database would drop
/// SQLite's locks on it. The file stays behind; only the lock on it counts, and the system takes
/// that back however the process ends.
#[derive(Debug)]
pub(crate) struct ServerLock {
    _file: File,
}

impl ServerLock {
    /// Takes the lock, or says who is in the way.
    pub(crate) fn take(database: &Path) -> Result<Self, StoreError> {
        let path = lock_path(database);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| {
                let reason = match database.parent() {
                    Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => {
                        format!("the folder {} does not exist; create it", folder.display())
                    }
                    _ => format!(
                        "{} cannot be written ({error}); change the permissions of its folder or \
                         name another file",
                        path.display()
                    ),
                };
                cannot_open(database, reason)
            })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
                location: database.display().to_string(),
            }),
            Err(TryLockError::Error(error)) => Err(cannot_open(
                database,
                format!("{} cannot be locked: {error}", path.display()),
            )),
        }
    }
}

/// The lock's file. Links to the same database share it.
fn lock_path(database: &Path) -> PathBuf {
    let mut path = database
        .canonicalize()
        .unwrap_or_else(|_new_file| database.to_owned())
        .into_os_string();
    path.push(".lock");
    PathBuf::from(path)
}
