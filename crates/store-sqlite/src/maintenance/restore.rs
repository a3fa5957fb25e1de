//! Stores from backups.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, params};
use settings_store::StoreError;

use super::backup::{make_copy, sync, sync_folder};
use super::examination::Contents;
use super::{open, open_copy};
use crate::connection::{self, Purpose, cannot_open, explain};
use crate::lock::{ServerLock, UseLock};
use crate::place::{self, with_suffix};

/// A store that was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the store holds now.
    pub contents: Contents,
    /// Where the earlier store is kept, if there was one.
    pub kept: Option<PathBuf>,
    /// Where the WAL of a store that was missing is kept, if there was one.
    pub kept_wal: Option<PathBuf>,
    /// What the restore did about tokens that were revoked after the backup.
    pub revocations: Revocations,
}

/// What a restore does about tokens that opened less in the earlier store than in the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocations {
    /// What ended in the earlier store has ended in the new one too.
    Carried {
        /// How many tokens are revoked for that.
        tokens: u64,
        /// How many Pages, counted once for each token, are covered by a token no more.
        coverages: u64,
    },
    /// There is no earlier store that could be read: tokens revoked since are valid again.
    Unknown,
}

/// Makes a store of a copy. A store that is there already is in the way, unless it may be replaced;
/// then it is kept under a name with this time. Nobody may use the store meanwhile.
///
/// The new store takes its place in one step: whenever this is cut short, the place holds the
/// earlier store or the new one.
pub fn restore(
    copy: &Path,
    store: &Path,
    may_replace: bool,
    at: Timestamp,
) -> Result<Restored, StoreError> {
    if !copy.exists() {
        return Err(cannot_open(copy, "there is no such file"));
    }
    let store = &place::resolve(store)?;
    let _nobody_uses_it = UseLock::exclusive(store)?;
    // An empty file holds no store yet.
    let is_present =
        fs::metadata(store).is_ok_and(|metadata| !metadata.is_file() || metadata.len() > 0);
    if is_present && !may_replace {
        return Err(cannot_open(
            store,
            "a store is there already; name another place, or add --replace to keep it aside",
        ));
    }
    let _no_server = is_present.then(|| ServerLock::take(store)).transpose()?;
    let partial = with_suffix(store, ".restoring");
    let contents = make_copy(&open_source(copy)?, &partial)?;
    let restored = put_in_place(&partial, store, is_present, at, contents);
    if restored.is_err() {
        // The error that is told is the first one.
        let _ = fs::remove_file(&partial);
    }
    restored
}

fn put_in_place(
    partial: &Path,
    store: &Path,
    is_present: bool,
    at: Timestamp,
    contents: Contents,
) -> Result<Restored, StoreError> {
    let failed = |error: io::Error| cannot_open(store, format!("it cannot be replaced: {error}"));
    let mut revocations = Revocations::Unknown;
    if is_present {
        // For a server of another user, when root restores. Who may not change the owner is the
        // owner.
        if let Ok(earlier) = fs::metadata(store) {
            let _ = chown(partial, Some(earlier.uid()), Some(earlier.gid()));
        }
        checkpoint(store);
        match revoked_tokens(store) {
            Ok(revoked) => {
                revocations = Revocations::Carried {
                    tokens: revoke(partial, &revoked)?,
                    coverages: end_coverages(partial, store)?,
                }
            }
            Err(error) => tracing::warn!(
                %error,
                "the tokens of the earlier store cannot be read"
            ),
        }
    }
    let aside = free_name(store, at);
    // What is left of a WAL belongs to the earlier store alone. Beside the new one SQLite would
    // take it for that one's, also where the earlier store itself is missing.
    let mut kept_wal = None;
    for suffix in ["-wal", "-shm"] {
        let kept = with_suffix(&aside, suffix);
        if move_aside(&with_suffix(store, suffix), &kept).map_err(failed)? && suffix == "-wal" {
            kept_wal = Some(kept);
        }
    }
    if is_present {
        fs::hard_link(store, &aside).map_err(failed)?;
    }
    fs::rename(partial, store)
        .and_then(|()| sync_folder(store))
        .map_err(failed)?;
    Ok(Restored {
        contents,
        kept_wal: kept_wal.filter(|_| !is_present),
        kept: is_present.then_some(aside),
        revocations,
    })
}

/// Moves a file, if there is one; an empty file is removed instead. Returns whether it was moved.
fn move_aside(file: &Path, kept: &Path) -> io::Result<bool> {
    let Ok(metadata) = fs::symlink_metadata(file) else {
        return Ok(false);
    };
    if metadata.is_file() && metadata.len() == 0 {
        fs::remove_file(file)?;
        return Ok(false);
    }
    fs::rename(file, kept)?;
    Ok(true)
}

/// A name beside the store under which nothing is kept yet.
fn free_name(store: &Path, at: Timestamp) -> PathBuf {
    let first = with_suffix(store, &at.strftime(".replaced-%Y%m%dT%H%M%SZ").to_string());
    let is_free = |name: &PathBuf| {
        ["", "-wal", "-shm"]
            .iter()
            .all(|suffix| !place::is_taken(&with_suffix(name, suffix)))
    };
    let mut number: u64 = 1;
    let mut name = first.clone();
    while !is_free(&name) {
        number += 1;
        name = with_suffix(&first, &format!("-{number}"));
    }
    name
}

/// A backup lies alone; another store may have a WAL beside it.
fn open_source(copy: &Path) -> Result<Connection, StoreError> {
    if place::is_taken(&with_suffix(&place::resolve(copy)?, "-wal")) {
        open(copy).map(|source| source.connection)
    } else {
        open_copy(copy)
    }
}

/// Empties the WAL of a store that nobody uses. One that is too damaged for that is kept as it is.
fn checkpoint(store: &Path) {
    let done = connection::open(store, Purpose::WriteAndCheckpoint).map(|connection| {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(()))
    });
    if let Err(error) = done {
        tracing::warn!(%error, "the earlier store cannot be opened; its files are kept as they are");
    }
}

/// The hashes of the tokens that are revoked in a store, and when they were.
fn revoked_tokens(store: &Path) -> Result<Vec<(Vec<u8>, i64)>, StoreError> {
    let failed = |error: rusqlite::Error| explain(store, &error);
    let connection = connection::open(store, Purpose::Read)?;
    let mut statement = connection
        .prepare("SELECT hash, revoked_ms FROM token WHERE revoked_ms IS NOT NULL")
        .map_err(failed)?;
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(failed)
}

/// Takes Pages out of the tokens that do not cover them in the earlier store any more: the Page was
/// removed there since the backup, and no former token opens it again. Returns how many pairs of a
/// token and a Page those are.
fn end_coverages(partial: &Path, store: &Path) -> Result<u64, StoreError> {
    const END: &str = "
DELETE FROM token_page WHERE EXISTS (
    SELECT 1 FROM token JOIN earlier.token AS known ON known.hash = token.hash
    WHERE token.token_id = token_page.token_id AND NOT known.all_pages AND NOT EXISTS (
        SELECT 1 FROM earlier.token_page AS covered
        WHERE covered.token_id = known.token_id AND covered.page_id = token_page.page_id
    )
)";
    let failed = |error: rusqlite::Error| explain(partial, &error);
    let name = store
        .to_str()
        .ok_or_else(|| cannot_open(store, "its name is no UTF-8; name another file"))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(partial, flags).map_err(failed)?;
    connection
        .execute("ATTACH DATABASE ?1 AS earlier", [name])
        .map_err(failed)?;
    let count = connection.execute(END, []).map_err(failed)? as u64;
    connection.close().map_err(|(_, error)| failed(error))?;
    sync(partial)?;
    Ok(count)
}

/// Revokes these tokens where they are valid; how many those are.
fn revoke(partial: &Path, revoked: &[(Vec<u8>, i64)]) -> Result<u64, StoreError> {
    let failed = |error: rusqlite::Error| explain(partial, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(partial, flags).map_err(failed)?;
    let transaction = connection.transaction().map_err(failed)?;
    let mut count = 0;
    for (hash, at) in revoked {
        count += transaction
            .execute(
                "UPDATE token SET revoked_ms = ?2 WHERE hash = ?1 AND revoked_ms IS NULL",
                params![hash, at],
            )
            .map_err(failed)? as u64;
    }
    transaction.commit().map_err(failed)?;
    connection.close().map_err(|(_, error)| failed(error))?;
    sync(partial)?;
    Ok(count)
}
