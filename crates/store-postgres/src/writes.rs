//! Changes of settings: groups of them, each group one statement.
//!
//! A round reads the Pages of the group, decides every write and stores the outcome by one
//! statement that changes a Page only if its revision is still the one that was read. Writes whose
//! Pages somebody else has changed meanwhile go into the next round.
//!
//! When the connection breaks under the statement, its outcome is unknown. The very same statement
//! is then sent again: where it stores, the first try did not and no longer can, as the revision has
//! moved on; where it does not, the history tells by the number of the attempt whether the first
//! try did. Only when the time is up before that is known is the caller told that nobody knows.

mod fold;
mod statement;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use settings_store::{CommitReport, Hint, SettingsWrite, StoreError, StoreObserver, WriteOutcome};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::error::{self, Fate, no_answer, stopped, unavailable};
use crate::hints::Hints;
use crate::reads;
use crate::sessions::{self, PAUSE, Sessions, TRY_TIME, WRITE_TIME};
use fold::{Folded, Member};
pub(crate) use statement::Attempt;
use statement::Tried;

/// The most writes that share one statement.
const MOST_IN_GROUP: usize = 256;

/// Writes that wait for their group; more of them wait before they are taken.
const MOST_WAITING: usize = 4096;

/// What became of a change of settings.
type Answer = Result<WriteOutcome, StoreError>;

/// A change of settings and who waits for it.
type Waiting = (SettingsWrite, oneshot::Sender<Answer>);

/// Who is told of changes.
pub(crate) struct Observers(Mutex<Arc<dyn StoreObserver>>);

impl Observers {
    pub(crate) fn new(observer: Arc<dyn StoreObserver>) -> Self {
        Self(Mutex::new(observer))
    }

    pub(crate) fn get(&self) -> Arc<dyn StoreObserver> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
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
    writes: mpsc::Sender<Waiting>,
}

impl Writer {
    /// Starts the writer on the present runtime. It ends when every clone of it is dropped and what
    /// waits is answered; the handle ends with it.
    pub(crate) fn start(
        sessions: Arc<Sessions>,
        observers: Arc<Observers>,
        hints: Option<Hints>,
    ) -> (Self, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let work = Work {
            sessions,
            observers,
            hints,
        };
        let handle = tokio::spawn(work.run(receiver));
        (Self { writes: sender }, handle)
    }

    /// Where writes go.
    pub(crate) fn entrance(&self) -> mpsc::Sender<Waiting> {
        self.writes.clone()
    }
}

/// Hands a write in and waits for what becomes of it.
pub(crate) async fn write(entrance: mpsc::Sender<Waiting>, write: SettingsWrite) -> Answer {
    let (sender, receiver) = oneshot::channel();
    entrance
        .send((write, sender))
        .await
        .map_err(|_writer_is_gone| stopped())?;
    drop(entrance);
    receiver.await.unwrap_or_else(|_writer_is_gone| {
        Err(StoreError::OutcomeUnknown {
            reason: "the writer has gone".to_owned(),
        })
    })
}

struct Work {
    sessions: Arc<Sessions>,
    observers: Arc<Observers>,
    hints: Option<Hints>,
}

impl Work {
    async fn run(self, mut writes: mpsc::Receiver<Waiting>) {
        let _guard = FailOnPanic(Arc::clone(&self.observers));
        let mut group = Vec::new();
        while writes.recv_many(&mut group, MOST_IN_GROUP).await > 0 {
            let deadline = Instant::now() + WRITE_TIME;
            let mut members: Vec<Member> = group.drain(..).map(Member::from).collect();
            while !members.is_empty() {
                members = self.round(members, deadline).await;
            }
        }
    }

    /// Decides and stores; returns those that somebody else has overtaken.
    async fn round(&self, members: Vec<Member>, deadline: Instant) -> Vec<Member> {
        let begun = Instant::now();
        let page_ids = fold::page_ids(&members);
        let found = match reads::find_pages(&self.sessions, &page_ids).await {
            Ok(found) => found,
            Err(error) => {
                refuse(members, &error);
                return Vec::new();
            }
        };
        let folded = Folded::new(members, found);
        if folded.is_stored_already() {
            folded.answer();
            return Vec::new();
        }
        let attempt = Attempt::new(&folded, rand::random());
        match self.store(&attempt, deadline).await {
            Ok(stored) => {
                let (stored, overtaken) = folded.split(&stored);
                self.tell(&stored, begun.elapsed());
                stored.answer();
                if Instant::now() < deadline {
                    return overtaken;
                }
                refuse(
                    overtaken,
                    &unavailable("others change the Page all the time"),
                );
            }
            Err(error) => refuse(folded.into_members(), &error),
        }
        Vec::new()
    }

    /// Stores what can be; the ids of the Pages that are stored now, signed.
    async fn store(&self, attempt: &Attempt, deadline: Instant) -> Result<Vec<i64>, StoreError> {
        // What is known if nothing more can be found out.
        let mut unknown: Option<String> = None;
        loop {
            let (reason, error) = match self.try_once(attempt, unknown.is_some()).await {
                Tried::Stored(pages) => return Ok(pages),
                Tried::Failed(Fate::Refused, error) => {
                    return Err(unknown.map_or(error, outcome_unknown));
                }
                Tried::Failed(Fate::Unknown, error) => (Some(error.to_string()), error),
                Tried::Failed(Fate::NotDone | Fate::NotDoneHere, error) => (None, error),
            };
            unknown = unknown.or(reason);
            if Instant::now() + PAUSE >= deadline {
                return Err(unknown.map_or(error, outcome_unknown));
            }
            tracing::debug!(%error, "a write is tried again");
            sleep(PAUSE).await;
        }
    }

    async fn try_once(&self, attempt: &Attempt, again: bool) -> Tried {
        let session = match self.sessions.take().await {
            Ok(session) => session,
            Err(error) => return Tried::Failed(Fate::NotDone, error),
        };
        match tokio::time::timeout(TRY_TIME, attempt.run(&session, again)).await {
            Ok(Ok(pages)) => Tried::Stored(pages),
            Ok(Err(error)) => {
                let fate = Fate::of(&error);
                if fate.drops_connection() {
                    sessions::discard(session);
                }
                Tried::Failed(fate, error::of_statement(&error))
            }
            Err(_elapsed) => {
                sessions::discard(session);
                Tried::Failed(Fate::Unknown, no_answer())
            }
        }
    }

    fn tell(&self, stored: &Folded, duration: Duration) {
        let observer = self.observers.get();
        let mut writes = 0;
        for (record, changes) in stored.changed() {
            writes += changes;
            observer.page_written(record);
            if let Some(hints) = &self.hints {
                hints.send(Hint::Page(record.page_id, record.revision));
            }
        }
        if writes > 0 {
            observer.group_committed(CommitReport { writes, duration });
        }
    }
}

fn outcome_unknown(reason: String) -> StoreError {
    StoreError::OutcomeUnknown { reason }
}

fn refuse(members: Vec<Member>, error: &StoreError) {
    for member in members {
        member.answer(Err(error.clone()));
    }
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
