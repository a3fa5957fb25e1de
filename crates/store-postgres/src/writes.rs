//! Changes of settings: groups of them, each group one statement.
//!
//! A round reads the Pages of the group, decides every write and stores the outcome by one
//! statement that changes a Page only if its revision is still the one that was read. Writes whose
//! Pages somebody else has changed meanwhile go into the next round. Those whose rows somebody else
//! has locked leave the group (module `locked`), and so do those for which the database refuses it.
//!
//! When the connection breaks under the statement, its outcome is unknown. The very same statement
//! is then sent again: where it stores, the first try did not and no longer can, as the revision has
//! moved on; where it does not, the history tells by the number of the attempt whether the first
//! try did. Only when the time is up before that is known is the caller told that nobody knows.

mod commit;
mod fold;
mod locked;
mod queue;
mod rounds;
mod statement;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use settings_store::{SettingsWrite, StoreError, StoreObserver, WriteOutcome};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::error::stopped;
use crate::hints::Hints;
use crate::sessions::{Sessions, WRITE_TIME};
use commit::Locks;
use fold::Member;
use locked::LockedPages;
use queue::Queue;
use rounds::Rounds;
pub(crate) use statement::Attempt;

/// Writes that wait for their group; more of them wait before they are taken.
const MOST_WAITING: usize = 4096;

/// What became of a change of settings.
type Answer = Result<WriteOutcome, StoreError>;

/// Who is told of changes.
pub(crate) struct Observers(Mutex<Arc<dyn StoreObserver>>);

impl fmt::Debug for Observers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Observers").finish_non_exhaustive()
    }
}

impl Observers {
    pub(crate) fn new(observer: Arc<dyn StoreObserver>) -> Self {
        Self(Mutex::new(observer))
    }

    pub(crate) fn get(&self) -> Arc<dyn StoreObserver> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Leaves out what is damaged; the observer hears of it.
    pub(crate) fn readable<T>(&self, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match read {
            Err(error @ StoreError::Corrupt { .. }) => {
                self.get().left_out(&error);
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    pub(crate) fn set(&self, observer: Arc<dyn StoreObserver>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = observer;
    }
}

/// Tells the observer that the store has failed when it is dropped by a panic: without its task for
/// writes the process should not go on.
struct FailOnPanic(Arc<Observers>);

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.get().failed(&StoreError::Unavailable {
                reason: "its task for writes panicked".to_owned(),
            });
        }
    }
}

/// Takes writes into groups, one group after the other.
#[derive(Debug)]
pub(crate) struct Writer {
    writes: mpsc::Sender<Member>,
    refuse_waiting: watch::Sender<bool>,
    writing: JoinHandle<()>,
}

impl Writer {
    /// Starts the writer on the present runtime.
    pub(crate) fn start(
        sessions: Arc<Sessions>,
        observers: Arc<Observers>,
        hints: Option<Hints>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let (refuse_waiting, closing) = watch::channel(false);
        let guard = FailOnPanic(Arc::clone(&observers));
        let rounds = Arc::new(Rounds::new(sessions, observers, hints));
        let locked = LockedPages::start(Arc::clone(&rounds), closing.clone());
        let queue = Queue::new(receiver, closing);
        Self {
            writes: sender,
            refuse_waiting,
            writing: tokio::spawn(run(guard, queue, rounds, locked)),
        }
    }

    /// Where writes go.
    pub(crate) fn entrance(&self) -> Entrance {
        Entrance(self.writes.clone())
    }

    /// Takes nothing more, finishes what it has and ends. After half of the limit it refuses what
    /// still waits for its group or its Page, and after all of it nothing is waited for any more:
    /// nobody knows then what became of the group that is on its way.
    pub(crate) async fn close(self, limit: Duration) {
        let Self {
            writes,
            refuse_waiting,
            mut writing,
        } = self;
        drop(writes);
        let mut ended = timeout(limit / 2, &mut writing).await;
        if ended.is_err() {
            refuse_waiting.send_replace(true);
            ended = timeout(limit / 2, &mut writing).await;
        }
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the writer did not end well"),
            Err(_elapsed) => {
                tracing::warn!("updates are left that the database has not answered");
                writing.abort();
            }
        }
    }
}

/// Where writes are handed in.
pub(crate) struct Entrance(mpsc::Sender<Member>);

impl Entrance {
    /// Hands a write in and waits for what becomes of it.
    pub(crate) async fn write(self, write: SettingsWrite) -> Answer {
        let (member, receiver) = Member::new(write, Instant::now());
        self.0
            .send(member)
            .await
            .map_err(|_writer_is_gone| stopped())?;
        drop(self);
        receiver.await.unwrap_or_else(|_writer_is_gone| {
            Err(StoreError::OutcomeUnknown {
                reason: "the writer has gone".to_owned(),
            })
        })
    }
}

async fn run(_guard: FailOnPanic, mut queue: Queue, rounds: Arc<Rounds>, locked: LockedPages) {
    while let Some(group) = queue.next_group().await {
        let group = locked.put_apart(group);
        let deadline = Instant::now() + WRITE_TIME;
        let settling = rounds.settle(group, Locks::Wait, deadline);
        let left = queue.look_after(settling).await;
        if !left.is_empty() {
            locked.put(left);
        }
    }
    locked.end().await;
}

#[cfg(test)]
mod tests {
    use settings_store::{CommitReport, Invalidation, PageRecord};

    use super::*;

    struct FailureSender(std::sync::mpsc::Sender<String>);

    impl StoreObserver for FailureSender {
        fn page_written(&self, _record: &PageRecord) {}

        fn invalidated(&self, _what: Invalidation) {}

        fn group_committed(&self, _report: CommitReport) {}

        fn failed(&self, error: &StoreError) {
            self.0.send(error.to_string()).ok();
        }
    }

    #[tokio::test]
    async fn a_panic_of_the_task_for_writes_fails_the_store() {
        let (sender, failures) = std::sync::mpsc::channel();
        let observers = Arc::new(Observers::new(Arc::new(FailureSender(sender))));
        let guard = FailOnPanic(observers);
        let task = tokio::spawn(async move {
            let _guard = guard;
            panic!("on purpose");
        });
        assert!(task.await.is_err());
        assert!(failures.recv().unwrap().contains("panicked"));
    }
}
