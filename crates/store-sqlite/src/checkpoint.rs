//! Moving what was committed from the write-ahead log into the database, off the commits' path.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use settings_store::StoreError;

use crate::connection::{self, Purpose};
use crate::error::of_write;
use crate::writer::Shared;

/// How often the log is moved while there are writes. Measured: the p99 of commits is half of what
/// it is with checkpoints by the writer.
const EVERY: Duration = Duration::from_millis(200);

/// The size of the log, in bytes, from which on writers wait until it has been emptied. A log grows
/// so far only while a reader of another process stands in the way.
const HARD_LIMIT: u64 = 256 * 1024 * 1024;

/// The thread that checkpoints, until it is stopped or dropped.
pub(crate) struct Checkpoints {
    keep_alive: Sender<()>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    pub(crate) fn start(path: &Path, shared: Arc<Shared>) -> Result<Self, StoreError> {
        let connection = connection::open(path, Purpose::Checkpoint)?;
        let (keep_alive, ended) = channel();
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = PathBuf::from(log);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || run(&connection, &log, &shared, &ended))
            .map_err(|error| {
                connection::cannot_open(path, format!("no thread for its checkpoints: {error}"))
            })?;
        Ok(Self { keep_alive, thread })
    }

    /// Ends the thread and waits until its connection is closed.
    pub(crate) fn stop(self) {
        drop(self.keep_alive);
        if self.thread.join().is_err() {
            tracing::error!("the checkpoints ended by a panic");
        }
    }
}

fn run(connection: &Connection, log: &Path, shared: &Shared, ended: &Receiver<()>) {
    while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) && !shared.has_failed() {
        if !shared.take_written() {
            continue;
        }
        let too_large = std::fs::metadata(log).is_ok_and(|file| file.len() > HARD_LIMIT);
        let mode = if too_large {
            "PRAGMA wal_checkpoint(TRUNCATE)"
        } else {
            "PRAGMA wal_checkpoint(PASSIVE)"
        };
        if let Err(error) = connection.query_row(mode, [], |_row| Ok(())) {
            let error = of_write(&error);
            if error.is_fatal() {
                shared.fail(&error);
            } else {
                tracing::warn!(%error, "the write-ahead log could not be moved");
            }
        }
    }
}
