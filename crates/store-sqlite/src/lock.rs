//! Who uses a store: one server per file, and nobody while a restore replaces it.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use settings_store::StoreError;

use crate::connection::cannot_open;
use crate::place::{folder_of, refuse_foreign_file, with_suffix};

/// The device and the number of a file, which are the same under each of its names.
type Identity = (u64, u64);

/// The files on which this process holds a [`ServerLock`].
static HELD: Mutex<BTreeSet<Identity>> = Mutex::new(BTreeSet::new());

/// Makes this process the only server of a file until it is dropped.
///
/// The lock is on the file itself, so it holds under each of its names and mounts, and only who may
/// open the file can take it. It is one of `flock`, which SQLite does not use. Closing a descriptor
/// drops the locks that SQLite holds on the file in this process: so this one must be dropped
/// after all connections, and none is opened for a file that this process holds already.
#[derive(Debug)]
pub(crate) struct ServerLock {
    identity: Identity,
    file: Option<File>,
}

impl ServerLock {
    /// Takes the lock on a file that exists, or says who holds it.
    pub(crate) fn take(database: &Path) -> Result<Self, StoreError> {
        let in_use = || StoreError::InUse {
            location: database.display().to_string(),
        };
        let failed = |error: io::Error| {
            cannot_open(
                database,
                format!(
                    "it is not writable ({error}); change its permissions or name another file"
                ),
            )
        };
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        let identity = identity(database).map_err(failed)?;
        if held.contains(&identity) {
            return Err(in_use());
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(database)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                held.insert(identity);
                let file = Some(file);
                Ok(Self { identity, file })
            }
            Err(TryLockError::WouldBlock) => Err(in_use()),
            Err(TryLockError::Error(error)) => Err(cannot_open(
                database,
                format!("it cannot be locked ({error}); put it on a local disk"),
            )),
        }
    }
}

impl Drop for ServerLock {
    fn drop(&mut self) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.file.take());
        held.remove(&self.identity);
    }
}

fn identity(path: &Path) -> io::Result<Identity> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Keeps a store from being replaced while it is open, and from being opened while it is replaced.
///
/// The lock is on a file of its own beside the store, as the store's file is another one after a
/// restore. That file stays behind; only the lock on it counts, and the system takes that back
/// however the process ends.
#[derive(Debug)]
pub(crate) struct UseLock {
    _file: File,
}

impl UseLock {
    /// For whoever opens the store; any number of them may.
    pub(crate) fn shared(database: &Path) -> Result<Self, StoreError> {
        Self::take(
            database,
            File::try_lock_shared,
            "a restore is replacing it; try again when that has ended",
        )
    }

    /// For whoever replaces the store.
    pub(crate) fn exclusive(database: &Path) -> Result<Self, StoreError> {
        Self::take(
            database,
            File::try_lock,
            "another server uses it, or a command such as import; stop it first",
        )
    }

    fn take(
        database: &Path,
        lock: impl FnOnce(&File) -> Result<(), TryLockError>,
        in_the_way: &str,
    ) -> Result<Self, StoreError> {
        let path = with_suffix(database, ".lock");
        let file = open(database, &path)?;
        match lock(&file) {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(cannot_open(database, in_the_way)),
            Err(TryLockError::Error(error)) => Err(cannot_open(
                database,
                format!("{} cannot be locked: {error}", path.display()),
            )),
        }
    }
}

/// Opens the lock's file, which only the owner of the store may open: others could lock it and
/// so keep every server out.
fn open(database: &Path, path: &Path) -> Result<File, StoreError> {
    let failed = |error: io::Error| {
        let folder = folder_of(database);
        let reason = if folder.exists() {
            format!(
                "{} cannot be opened ({error}); change its permissions or those of its folder, or \
                 name another file",
                path.display()
            )
        } else {
            format!("the folder {} does not exist; create it", folder.display())
        };
        cannot_open(database, reason)
    };
    let mut options = OpenOptions::new();
    options.write(true);
    match options.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        Ok(file) => {
            let mode = file.metadata().map_err(failed)?.mode();
            if mode & 0o077 != 0 {
                // Another owner's file cannot be changed, and then it can be used as it is.
                let _ = file.set_permissions(Permissions::from_mode(0o600));
            }
            return Ok(file);
        }
    }
    // Nobody in this process has the store open, as there would be a lock's file.
    refuse_foreign_file(database)?;
    match options.create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // Somebody was faster.
            options.create_new(false).open(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
        Ok(file) => {
            // For a server of another user, when root is the first to use the store. SQLite does so
            // with the files that it creates.
            if let Ok(owner) = fs::metadata(database) {
                let _ = chown(path, Some(owner.uid()), Some(owner.gid()));
            }
            Ok(file)
        }
    }
}
