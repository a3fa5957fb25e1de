//! Moving what was committed from the write-ahead log into the database, off the commits' path.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use settings_store::StoreError;

use crate::connection::{self, Purpose};
use crate::error::of_write;
use crate::writer::{FailOnPanic, Shared};

/// How often the log is moved while there are writes. Measured: the p99 of commits is half of what
/// it is with checkpoints by the writer.
const EVERY: Duration = Duration::from_millis(200);

/// The size of the log, in frames of a database page each, from which on it is begun anew. What
/// writers overwrite they need not allocate, and that makes each of their syncs cheaper.
const LONG_LOG: i64 = 4_000;

/// The most frames that may be left to move while writers wait for the log to be begun anew: a few
/// milliseconds. There are more while a long reader, such as a backup, stands in the way; then
/// nobody waits for it, and the log grows until it is gone.
const FEW_LEFT: i64 = 1_000;

/// How long writers wait at most for readers that are about to end.
const PATIENCE: Duration = Duration::from_millis(20);

/// Moves what no reader and no writer stands in the way of.
const PASSIVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// Moves everything, waits for readers, and lets the next writer begin the log anew.
const RESTART: &str = "PRAGMA wal_checkpoint(RESTART)";

/// The thread that checkpoints, until it is stopped or dropped.
pub(crate) struct Checkpoints {
    keep_alive: Sender<()>,
    thread: JoinHandle<()>,
}

impl Checkpoints {
    pub(crate) fn start(path: &Path, shared: Arc<Shared>) -> Result<Self, StoreError> {
        let connection = connection::open(path, Purpose::Checkpoint)?;
        connection
            .busy_timeout(PATIENCE)
            .map_err(|error| connection::explain(path, &error))?;
        let (keep_alive, ended) = channel();
        let guard = FailOnPanic::new(Arc::clone(&shared), "checkpoints");
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || {
                let _guard = guard;
                run(&connection, &shared, &ended);
            })
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

fn run(connection: &Connection, shared: &Shared, ended: &Receiver<()>) {
    while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) && !shared.has_failed() {
        if !shared.take_written() {
            continue;
        }
        let run = |sql: &str| run_checkpoint(connection, sql);
        if let Err(error) = checkpoint(run, || shared.hold_commits()) {
            let error = of_write(&error);
            if error.is_fatal() {
                shared.fail(&error);
            } else {
                tracing::warn!(%error, "the write-ahead log could not be moved");
            }
        }
    }
}

/// Moves what can be moved beside the writers, and begins a long log anew. A log of which all is
/// moved, the next writer begins anew by itself; but a checkpoint takes a few milliseconds, and a
/// writer that commits meanwhile appends to the log: under steady writes it would only ever grow.
fn checkpoint<Held>(
    mut run: impl FnMut(&str) -> rusqlite::Result<Moved>,
    hold_commits: impl FnOnce() -> Held,
) -> rusqlite::Result<()> {
    let is_to_begin_anew =
        |moved: &Moved| moved.frames > LONG_LOG && moved.frames - moved.moved < FEW_LEFT;
    if !is_to_begin_anew(&run(PASSIVE)?) {
        return Ok(());
    }
    // Takes along what was written meanwhile, so that hardly anything is left for the next step.
    if is_to_begin_anew(&run(PASSIVE)?) {
        let _held = hold_commits();
        run(RESTART)?;
    }
    Ok(())
}

/// How far a checkpoint came.
struct Moved {
    /// Frames in the log when it began.
    frames: i64,
    /// Those of them that are in the database now.
    moved: i64,
}

fn run_checkpoint(connection: &Connection, sql: &str) -> rusqlite::Result<Moved> {
    connection.query_row(sql, [], |row| {
        Ok(Moved {
            frames: row.get(1)?,
            moved: row.get(2)?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(connection: &Connection) -> i64 {
        run_checkpoint(connection, PASSIVE).unwrap().frames
    }

    /// A connection that writes, into a table of its own, and one for checkpoints.
    fn open(folder: &tempfile::TempDir) -> (Connection, Connection) {
        let path = folder.path().join("pagebell.db");
        let writer = connection::open(&path, Purpose::Write).unwrap();
        writer
            .execute_batch("CREATE TABLE filler (number INTEGER PRIMARY KEY, bytes BLOB); PRAGMA synchronous = OFF")
            .unwrap();
        // Without it the next connection takes the file for another program's.
        writer
            .pragma_update(None, "application_id", crate::schema::APPLICATION_ID)
            .unwrap();
        let checkpoints = connection::open(&path, Purpose::Checkpoint).unwrap();
        checkpoints.busy_timeout(PATIENCE).unwrap();
        (writer, checkpoints)
    }

    fn write(connection: &Connection, rows: i64) {
        for number in 0..rows {
            connection
                .execute(
                    "INSERT OR REPLACE INTO filler VALUES (?1, randomblob(3000))",
                    [number],
                )
                .unwrap();
        }
    }

    #[test]
    fn a_long_log_is_begun_anew_but_not_while_a_reader_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, checkpoints) = open(&folder);
        write(&writer, LONG_LOG + 10);

        let path = folder.path().join("pagebell.db");
        let reader = connection::open(&path, Purpose::Read).unwrap();
        reader
            .execute_batch("BEGIN; SELECT count(*) FROM filler")
            .unwrap();
        write(&writer, FEW_LEFT + 10);
        // However often this is tried beside the reader, it is no error and the log stays.
        for _ in 0..3 {
            checkpoint(|sql| run_checkpoint(&checkpoints, sql), || ()).unwrap();
            write(&writer, 10);
        }
        let with_reader = frames(&writer);
        assert!(with_reader > LONG_LOG + FEW_LEFT, "{with_reader}");

        reader.execute_batch("COMMIT").unwrap();
        write(&writer, 10);
        checkpoint(|sql| run_checkpoint(&checkpoints, sql), || ()).unwrap();
        write(&writer, 1);
        let anew = frames(&writer);
        assert!(anew < 10, "{anew}");
    }

    #[test]
    fn a_long_log_is_begun_anew_though_a_write_is_under_way_at_each_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, checkpoints) = open(&folder);
        write(&writer, LONG_LOG + 10);
        let run = |sql: &str| {
            if sql == RESTART {
                return run_checkpoint(&checkpoints, sql);
            }
            writer.execute_batch("BEGIN IMMEDIATE; SELECT count(*) FROM filler")?;
            let moved = run_checkpoint(&checkpoints, sql);
            write(&writer, 1);
            writer.execute_batch("COMMIT")?;
            moved
        };
        checkpoint(run, || ()).unwrap();
        write(&writer, 1);
        let anew = frames(&writer);
        assert!(anew < 10, "{anew}");
    }
}
