//! Copies of a store, and stores from copies.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use settings_store::StoreError;

use super::examination::{self, Contents};
use super::{open, open_copy};
use crate::connection::{self, Purpose, cannot_open, create_private, explain};
use crate::lock::ServerLock;

/// Copies a store into a new file, as it is at one moment between two commits, while servers and
/// commands go on with it. The copy is examined and on disk before it has its name.
pub fn back_up(store: &Path, copy: &Path) -> Result<Contents, StoreError> {
    if copy.exists() {
        return Err(cannot_open(
            copy,
            "it exists already; name another file for the backup",
        ));
    }
    let partial = with_suffix(copy, ".partial");
    let contents = make_copy(&open(store)?, &partial)?;
    // A link, unlike a rename, never takes the place of a file that appeared meanwhile.
    let published = fs::hard_link(&partial, copy)
        .and_then(|()| fs::remove_file(&partial))
        .and_then(|()| sync_folder(copy));
    published.map_err(|error| cannot_open(copy, format!("the backup cannot be kept: {error}")))?;
    Ok(contents)
}

/// Makes a store of a copy. A store that is there already needs a place to be kept under; without
/// one it is in the way. No server may use it.
///
/// The new store takes its place in one step: whenever this is cut short, the place holds the
/// earlier store or the new one.
pub fn restore(copy: &Path, store: &Path, aside: Option<&Path>) -> Result<Contents, StoreError> {
    if !copy.exists() {
        return Err(cannot_open(copy, "there is no such file"));
    }
    let _no_server = ServerLock::take(store)?;
    let present = store.exists();
    if present && aside.is_none() {
        return Err(cannot_open(
            store,
            "a store is there already; name another place, or add --replace to keep it aside",
        ));
    }
    let partial = with_suffix(store, ".restoring");
    let contents = make_copy(&open_source(copy)?, &partial)?;
    let failed = |error: io::Error| cannot_open(store, format!("it cannot be replaced: {error}"));
    if let Some(aside) = aside.filter(|_| present) {
        move_log_into(store);
        // What is left of a log belongs to the earlier store alone; beside the new one it would be
        // taken for its own.
        for suffix in ["-wal", "-shm"] {
            let log = with_suffix(store, suffix);
            if log.exists() {
                fs::rename(&log, with_suffix(aside, suffix)).map_err(failed)?;
            }
        }
        fs::hard_link(store, aside).map_err(failed)?;
    }
    fs::rename(&partial, store)
        .and_then(|()| sync_folder(store))
        .map_err(failed)?;
    Ok(contents)
}

/// A backup lies alone; another store may have a log beside it.
fn open_source(copy: &Path) -> Result<Connection, StoreError> {
    if with_suffix(copy, "-wal").exists() {
        open(copy)
    } else {
        open_copy(copy)
    }
}

/// Empties the log of a store that nobody uses. One that is too damaged for that is kept as it is.
fn move_log_into(store: &Path) {
    let moved = connection::open(store, Purpose::WriteAndCheckpoint).map(|connection| {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(()))
    });
    if let Err(error) = moved {
        tracing::warn!(%error, "the earlier store cannot be opened; its files are kept as they are");
    }
}

/// Copies, examines and syncs.
fn make_copy(source: &Connection, copy: &Path) -> Result<Contents, StoreError> {
    // Left behind by an attempt that was cut short.
    match fs::remove_file(copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(cannot_open(copy, format!("it cannot be removed: {error}")));
        }
        _ => {}
    }
    let made = fill(source, copy);
    if made.is_err() {
        let _best_effort = fs::remove_file(copy);
    }
    made
}

fn fill(source: &Connection, copy: &Path) -> Result<Contents, StoreError> {
    create_private(copy);
    let name = copy
        .to_str()
        .ok_or_else(|| cannot_open(copy, "its name is no UTF-8; name another file"))?;
    source
        .execute("VACUUM INTO ?1", [name])
        .map_err(|error| explain(copy, &error))?;
    let examination = examination::examine_connection(&open_copy(copy)?)?;
    if let Some(first) = examination.findings.first() {
        return Err(StoreError::Corrupt {
            what: format!(
                "{first} ({} findings in all; `pagebell check` lists them)",
                examination.findings.len()
            ),
        });
    }
    File::open(copy)
        .and_then(|file| file.sync_all())
        .map_err(|error| cannot_open(copy, format!("it cannot be synced: {error}")))?;
    Ok(examination.contents)
}

fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
