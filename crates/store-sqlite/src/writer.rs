//! The one thread that writes.
//!
//! It takes every write that waits into one transaction. A write is answered only after the
//! transaction is on disk; the observer hears of it before that answer.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use settings_store::{
    CommitReport, Decision, Invalidation, SettingsWrite, StoreError, StoreObserver, WriteOutcome,
    Written,
};
use tokio::sync::oneshot;

use crate::answers::{self, Answer, Waiting};
use crate::changes::Follower;
use crate::connection::{self, Purpose};
use crate::error::{of_write, stopped};
use crate::{administration, rows, schema};

/// The most writes that share one transaction: it bounds how long the first of them waits.
const MOST_IN_GROUP: usize = 512;

/// How often the log of other processes is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

/// A piece of work for the writer.
pub(crate) enum Command {
    /// A change of settings, which shares its transaction with others.
    Settings(Box<SettingsWrite>, Waiting),
    /// Any other change, in a transaction of its own.
    Administration(AdministrationWork),
    /// Finish and stop.
    Close(oneshot::Sender<()>),
}

/// A change that the writer runs within a transaction and answers after it is on disk.
pub(crate) type AdministrationWork = Box<dyn FnOnce(&mut Transaction<'_>) + Send>;

/// What the writer and the threads beside it share.
pub(crate) struct Shared {
    observer: Mutex<Arc<dyn StoreObserver>>,
    failed: AtomicBool,
    written: AtomicBool,
    /// Held during each transaction, and by the checkpoints while no transaction may begin. SQLite's
    /// own way to wait for another connection is to sleep for milliseconds and look again.
    commits: Mutex<()>,
}

impl Shared {
    pub(crate) fn new(observer: Arc<dyn StoreObserver>) -> Self {
        Self {
            observer: Mutex::new(observer),
            failed: AtomicBool::new(false),
            written: AtomicBool::new(false),
            commits: Mutex::new(()),
        }
    }

    pub(crate) fn observer(&self) -> Arc<dyn StoreObserver> {
        self.observer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_observer(&self, observer: Arc<dyn StoreObserver>) {
        *self.observer.lock().unwrap_or_else(PoisonError::into_inner) = observer;
    }

    /// Leaves out what is damaged; the observer hears of it.
    pub(crate) fn readable<T>(&self, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match read {
            Err(error @ StoreError::Corrupt { .. }) => {
                self.observer().left_out(&error);
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Ends the store's life: nothing more is accepted, and the observer hears why.
    pub(crate) fn fail(&self, error: &StoreError) {
        if !self.failed.swap(true, Ordering::SeqCst) {
            tracing::error!(%error, "the store can no longer be trusted");
            self.observer().failed(error);
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// Lets no transaction of the writer begin until the guard is dropped; waits for the present one.
    pub(crate) fn hold_commits(&self) -> MutexGuard<'_, ()> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything was written since the last call.
    pub(crate) fn take_written(&self) -> bool {
        self.written.swap(false, Ordering::Relaxed)
    }
}

/// Marks the store as failed when it is dropped by a panic: a thread that has ended so no longer
/// does its work, and the process should not go on without it.
pub(crate) struct FailOnPanic {
    shared: Arc<Shared>,
    /// What the thread was for.
    work: &'static str,
}

impl FailOnPanic {
    pub(crate) fn new(shared: Arc<Shared>, work: &'static str) -> Self {
        Self { shared, work }
    }
}

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared.fail(&StoreError::Unavailable {
                reason: format!("its thread for {} panicked", self.work),
            });
        }
    }
}

/// A transaction under way, handed to administrative work.
pub(crate) struct Transaction<'a> {
    writer: &'a Writer,
}

impl Transaction<'_> {
    /// Runs the work and commits; the answer counts only when this has returned.
    pub(crate) fn run<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.writer.transaction(work)
    }

    /// Tells the observer.
    pub(crate) fn observer(&self) -> Arc<dyn StoreObserver> {
        self.writer.shared.observer()
    }
}

pub(crate) struct Writer {
    connection: Connection,
    shared: Arc<Shared>,
}

impl Writer {
    /// Opens the file, brings its schema up to date and starts the thread.
    pub(crate) fn start(
        path: &Path,
        purpose: Purpose,
        shared: Arc<Shared>,
    ) -> Result<Sender<Command>, StoreError> {
        let mut connection = connection::open(path, purpose)?;
        schema::migrate(&mut connection, path)?;
        let follower =
            Follower::start(&connection).map_err(|error| connection::explain(path, &error))?;
        let (sender, receiver) = channel();
        let guard = FailOnPanic::new(Arc::clone(&shared), "writes");
        let writer = Self { connection, shared };
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let _guard = guard;
                writer.run(&receiver, follower);
            })
            .map_err(|error| {
                connection::cannot_open(path, format!("no thread for its writer: {error}"))
            })?;
        Ok(sender)
    }

    fn run(self, commands: &Receiver<Command>, mut follower: Follower) {
        let mut looked = monotonic_now();
        let mut group = Vec::with_capacity(MOST_IN_GROUP);
        loop {
            let mut next = match commands.recv_timeout(FOLLOW_EVERY) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            while let Some(command) = next.take() {
                match command {
                    Command::Settings(write, answer) => group.push((write, answer)),
                    Command::Administration(work) => {
                        self.commit_group(&mut group);
                        work(&mut Transaction { writer: &self });
                    }
                    Command::Close(done) => {
                        self.commit_group(&mut group);
                        drop(self);
                        let _caller_is_gone = done.send(());
                        return;
                    }
                }
                if group.len() < MOST_IN_GROUP {
                    next = commands.try_recv().ok();
                }
            }
            self.commit_group(&mut group);
            if looked.elapsed() >= FOLLOW_EVERY {
                looked = monotonic_now();
                self.follow(&mut follower);
            }
        }
    }

    fn commit_group(&self, group: &mut Vec<(Box<SettingsWrite>, Waiting)>) {
        if group.is_empty() {
            return;
        }
        let begun = monotonic_now();
        let (writes, waiting): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        let outcomes = self.transaction(|connection| {
            writes
                .into_iter()
                .map(|write| match apply(connection, *write) {
                    // What is stored of this Page cannot be read, and nothing was written for it:
                    // no reason to refuse the others of the group.
                    Err(error @ StoreError::Corrupt { .. }) => Ok(Err(error)),
                    Err(error) => Err(error),
                    Ok(outcome) => Ok(Ok(outcome)),
                })
                .collect::<Result<Vec<Answer>, StoreError>>()
        });
        match outcomes {
            Ok(outcomes) => {
                let observer = self.shared.observer();
                let mut changes = 0;
                for outcome in &outcomes {
                    if let Ok(WriteOutcome::Stored(written)) = outcome {
                        changes += usize::from(written.changed);
                        observer.page_written(&written.record);
                    }
                }
                if changes > 0 {
                    observer.group_committed(CommitReport {
                        writes: changes,
                        duration: begun.elapsed(),
                    });
                }
                answers::give_by_the_first(waiting.into_iter().zip(outcomes).collect());
            }
            Err(error) => {
                let refused = waiting.into_iter().map(|one| (one, Err(error.clone())));
                answers::give_by_the_first(refused.collect());
            }
        }
    }

    /// Runs work in one transaction. Either all of it is on disk when this returns `Ok`, or, unless
    /// the error says that it is unknown, nothing of it ever will be.
    fn transaction<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.shared.has_failed() {
            return Err(stopped());
        }
        let _no_checkpoint = self.shared.hold_commits();
        let result = self
            .execute("BEGIN IMMEDIATE")
            .and_then(|()| work(&self.connection))
            .and_then(|value| self.execute("COMMIT").map(|()| value));
        match &result {
            Ok(_) => self.shared.written.store(true, Ordering::Relaxed),
            Err(error) => {
                if !self.connection.is_autocommit()
                    && let Err(error) = self.execute("ROLLBACK")
                {
                    self.shared.fail(&StoreError::OutcomeUnknown {
                        reason: error.to_string(),
                    });
                }
                if error.is_fatal() {
                    self.shared.fail(error);
                } else {
                    tracing::warn!(%error, "a write was not stored");
                }
            }
        }
        result
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(|_rows| ())
            .map_err(|error| of_write(&error))
    }

    fn follow(&self, follower: &mut Follower) {
        let changes = follower.look(&self.connection).unwrap_or_else(|error| {
            tracing::warn!(%error, "the log of changes cannot be read");
            vec![Invalidation::Everything]
        });
        let observer = self.shared.observer();
        for change in changes {
            observer.invalidated(change);
        }
    }
}

/// Decides one change of settings and writes it, within the group's transaction.
fn apply(connection: &Connection, write: SettingsWrite) -> Answer {
    let mut row = rows::find_page(connection, write.page_id)?.filter(|row| !row.removed);
    if row.is_none() && write.create_page {
        administration::insert_page(connection, write.page_id, None)?;
        row = rows::find_page(connection, write.page_id)?;
    }
    let Some(row) = row else {
        return Ok(WriteOutcome::PageMissing);
    };
    let newest_entry = row.newest_entry;
    let page_id = row.record.page_id;
    Ok(match write.decide(row.record) {
        Decision::NoRevisionLeft => return Err(StoreError::no_revision_left(page_id)),
        Decision::Unchanged(record) => WriteOutcome::Stored(Written {
            record,
            changed: false,
        }),
        Decision::RevisionMismatch { found } => WriteOutcome::RevisionMismatch { found },
        Decision::Change { record, entry } => {
            administration::store_settings(connection, newest_entry, &record, &entry)?;
            WriteOutcome::Stored(Written {
                record,
                changed: true,
            })
        }
    })
}

#[allow(
    clippy::disallowed_methods,
    reason = "measures how long things take; nothing that is stored depends on it"
)]
fn monotonic_now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use settings_store::PageRecord;

    use super::*;

    /// Sends on why the store failed.
    struct FailureSender(Sender<String>);

    impl StoreObserver for FailureSender {
        fn page_written(&self, _record: &PageRecord) {}

        fn invalidated(&self, _what: Invalidation) {}

        fn group_committed(&self, _report: CommitReport) {}

        fn failed(&self, error: &StoreError) {
            self.0.send(error.to_string()).ok();
        }
    }

    fn observed() -> (Arc<Shared>, Receiver<String>) {
        let (sender, failures) = channel();
        (
            Arc::new(Shared::new(Arc::new(FailureSender(sender)))),
            failures,
        )
    }

    #[test]
    fn a_panic_of_the_writer_fails_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let (shared, failures) = observed();
        let commands = Writer::start(
            &folder.path().join("pagebell.db"),
            Purpose::Write,
            Arc::clone(&shared),
        )
        .unwrap();
        commands
            .send(Command::Administration(Box::new(|_| panic!("on purpose"))))
            .unwrap();
        let reason = failures.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(reason.contains("thread for writes panicked"), "{reason}");
        assert!(shared.has_failed());
    }

    #[test]
    fn a_thread_that_ends_in_order_fails_nothing() {
        let (shared, failures) = observed();
        drop(FailOnPanic::new(Arc::clone(&shared), "nothing"));
        assert!(failures.try_recv().is_err());
        assert!(!shared.has_failed());
    }
}
