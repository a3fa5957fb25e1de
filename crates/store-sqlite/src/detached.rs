//! Whether the file that is open is still the one that its path names.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use settings_store::StoreError;

use crate::connection::cannot_open;

/// The file of an open store. Where somebody removes or replaces it, what is written goes into a
/// file that nobody finds any more, and that is gone with the process.
#[derive(Debug)]
pub(crate) struct OpenFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
    is_detached: AtomicBool,
}

impl OpenFile {
    /// The file at this path, which is open.
    pub(crate) fn at(path: &Path) -> Result<Self, StoreError> {
        let found = identity(path).ok_or_else(|| cannot_open(path, "it was removed meanwhile"));
        Ok(Self {
            path: path.to_owned(),
            identity: found?,
            is_detached: AtomicBool::new(false),
        })
    }

    /// Compares the file with the one that the path names now. Until the next look, updates are
    /// refused or accepted as it finds.
    pub(crate) fn look(&self) -> Result<(), StoreError> {
        let is_detached = identity(&self.path) != Some(self.identity);
        self.is_detached.store(is_detached, Ordering::Relaxed);
        self.refuse_detached()
    }

    /// Refuses to write into a file that nobody finds any more.
    pub(crate) fn refuse_detached(&self) -> Result<(), StoreError> {
        if !self.is_detached.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(StoreError::Unavailable {
            reason: format!(
                "its file {} was removed or replaced while it was open, so updates are refused; put \
                 the file back, or stop the server and restore it",
                self.path.display()
            ),
        })
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
