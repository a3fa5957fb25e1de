//! Copies of a store.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rusqlite::Connection;
use settings_store::StoreError;

use super::examination::{self, Contents};
use super::{open, open_copy};
use crate::connection::{cannot_create, cannot_open, explain};
use crate::place::{self, with_suffix};

/// Copies a store into a new file, as it is at one moment between two commits, while servers and
/// commands go on with it. The copy is examined and on disk before it has its name.
pub fn back_up(store: &Path, copy: &Path) -> Result<Contents, StoreError> {
    if place::is_taken(copy) {
        return Err(cannot_open(
            copy,
            "it exists already; name another file for the backup",
        ));
    }
    let partial = with_suffix(copy, ".partial");
    let contents = make_copy(&open(store)?.connection, &partial)?;
    // A link, unlike a rename, never takes the place of a file that appeared meanwhile.
    let published = fs::hard_link(&partial, copy);
    let removed = fs::remove_file(&partial);
    published
        .and(removed)
        .and_then(|()| sync_folder(copy))
        .map_err(|error| cannot_open(copy, format!("the backup cannot be kept: {error}")))?;
    Ok(contents)
}

/// Copies, examines and syncs; a copy that fails leaves no file.
pub(super) fn make_copy(source: &Connection, copy: &Path) -> Result<Contents, StoreError> {
    // Left behind by an attempt that was cut short.
    match fs::remove_file(copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(cannot_open(copy, format!("it cannot be removed: {error}")));
        }
        _ => {}
    }
    let made = fill(source, copy);
    if made.is_err() {
        // The error that is told is the first one.
        let _ = fs::remove_file(copy);
    }
    made
}

fn fill(source: &Connection, copy: &Path) -> Result<Contents, StoreError> {
    place::create_private(copy).map_err(|error| cannot_create(copy, &error))?;
    let name = copy
        .to_str()
        .ok_or_else(|| cannot_open(copy, "its name is no UTF-8; name another file"))?;
    source
        .execute("VACUUM INTO ?1", [name])
        .map_err(|error| explain(copy, &error))?;
    let examination = examination::examine_connection(&open_copy(copy)?)?;
    if let Some(first) = examination.findings.first() {
        let all = match examination.findings.len() {
            1 => String::new(),
            count => format!(" ({count} findings in all; `pagebell check` lists them)"),
        };
        return Err(StoreError::Corrupt {
            what: format!("{first}{all}"),
        });
    }
    sync(copy)?;
    Ok(examination.contents)
}

pub(super) fn sync(file: &Path) -> Result<(), StoreError> {
    File::open(file)
        .and_then(|file| file.sync_all())
        .map_err(|error| cannot_open(file, format!("it cannot be synced: {error}")))
}

pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(place::folder_of(file))?.sync_all()
}
