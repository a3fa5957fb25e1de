//! Where the file of a store really is, and whether it may be used there.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use settings_store::StoreError;

use crate::connection::{cannot_open, explain};
use crate::schema::{self, APPLICATION_ID};

/// How many symbolic links are followed; the limit of Linux.
const MOST_LINKS: usize = 40;

/// The first bytes of every SQLite file.
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The permissions of others, and of the file's group.
const OTHERS: u32 = 0o077;

/// The file that a path names after all symbolic links, also where it does not exist yet. Locks and
/// the WAL have their names from this one, so that every link to a file shares them.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    let mut file = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&file) {
            Ok(target) => file = folder_of(&file).join(target),
            Err(_no_link) => return Ok(with_whole_folder(&file)),
        }
    }
    Err(cannot_open(
        path,
        "its symbolic links lead in a circle; name the file itself",
    ))
}

fn with_whole_folder(file: &Path) -> PathBuf {
    match (folder_of(file).canonicalize(), file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        // Whoever opens the file says what is wrong with its folder.
        _ => file.to_owned(),
    }
}

/// The folder of a file, which is never empty.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
}

/// The path of a file beside another one.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether there is anything under this name, a symbolic link to nothing included.
pub(crate) fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Refuses a store that is missing while its WAL is there. SQLite would delete the WAL of a file
/// that it creates, and with it what was committed last, though the file itself may only have been
/// moved.
pub(crate) fn refuse_wal_alone(path: &Path) -> Result<(), StoreError> {
    let wal = with_suffix(path, "-wal");
    let is_filled = fs::metadata(&wal).is_ok_and(|metadata| metadata.len() > 0);
    if is_taken(path) || !is_filled {
        return Ok(());
    }
    Err(cannot_open(
        path,
        format!(
            "the file is missing, but its write-ahead log {} is there and may hold the last changes; \
             put the file back, or move the log away to begin with an empty store",
            wal.display()
        ),
    ))
}

/// Creates the file, if it is missing, readable by its owner only: it holds the secrets of apps.
/// SQLite gives the files beside it the permissions of the file.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    if is_taken(path) {
        return Ok(());
    }
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match created {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Refuses a file that has several names: SQLite names the WAL after the name that it is given, so
/// that two programs would write one file with two WALs.
pub(crate) fn refuse_hard_links(path: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.nlink() > 1 => Err(cannot_open(
            path,
            format!(
                "the file has {} names (hard links), and each of them would get a write-ahead log \
                 of its own; remove the other names, which `find -samefile {}` lists, or copy the \
                 store with `cp`",
                metadata.nlink(),
                path.display()
            ),
        )),
        _ => Ok(()),
    }
}

/// Warns of a file that others may read, as it holds the secrets of apps. Its permissions are left
/// as they are: somebody may have given them on purpose, to a program that makes backups.
pub(crate) fn warn_of_other_readers(path: &Path) {
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.mode());
    if mode & OTHERS != 0 {
        tracing::warn!(
            store = %path.display(),
            mode = format!("{:04o}", mode & 0o7777),
            "other users may open the store, which holds the secrets of apps; \
             chmod 600 the file, and its -wal and -shm, if they should not"
        );
    }
}

/// Refuses a file that is certainly no store, before anything is created beside it. It reads the
/// file's header, so it must not be called while this process has the file open: closing a
/// descriptor drops the locks that SQLite holds on the file.
pub(crate) fn refuse_foreign_file(path: &Path) -> Result<(), StoreError> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    if !metadata.is_file() {
        return Err(cannot_open(path, "it is a folder or a device; name a file"));
    }
    // What was written last may still be in the WAL alone.
    let has_wal = fs::metadata(with_suffix(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    if metadata.len() == 0 || has_wal {
        return Ok(());
    }
    // SQLite says what is wrong with a file that cannot be read.
    match read_header(path) {
        Ok(header) if !header.starts_with(SQLITE_MAGIC) => Err(cannot_open(
            path,
            "it is damaged or no SQLite file (file is not a database); restore it from a backup or \
             name another file",
        )),
        Ok(header) if is_of_another_program(&header, &metadata) => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection =
                Connection::open_with_flags(path, flags).map_err(|error| explain(path, &error))?;
            schema::check_ours_or_damaged(&connection, path)
        }
        _ => Ok(()),
    }
}

fn read_header(path: &Path) -> io::Result<Vec<u8>> {
    let mut header = Vec::new();
    File::open(path)?.take(100).read_to_end(&mut header)?;
    Ok(header)
}

/// A file of one page without an application id has no tables yet.
fn is_of_another_program(header: &[u8], metadata: &Metadata) -> bool {
    let number = |from: usize, length: usize| {
        let bytes = header.get(from..from + length).unwrap_or_default();
        bytes
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    // A page size of 65,536 is written as 1.
    let page_size = match number(16, 2) {
        1 => 65_536,
        size => size,
    };
    let id = number(68, 4);
    id != u64::from(APPLICATION_ID.cast_unsigned()) && (id != 0 || metadata.len() > page_size)
}

/// Whether this user may write the file.
pub(crate) fn is_writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Whether this user may create files beside the file.
pub(crate) fn is_writable_beside(path: &Path) -> bool {
    rustix::fs::access(folder_of(path), rustix::fs::Access::WRITE_OK).is_ok()
}
