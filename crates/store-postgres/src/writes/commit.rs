//! Storing an attempt: until its fate is known, or the time is up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Object;
use settings_store::StoreError;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Error;

use super::statement::{Attempt, Tried};
use crate::error::{self, Fate, no_answer, unavailable};

use crate::sessions::{self, PAUSE, Sessions, TRY_TIME, WRITE_TIME};

/// What is done about rows that others have locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locks {
    /// Wait a little for them, and leave them out after that.
    Wait,
    /// Leave them out.
    Skip,
}

/// What became of an attempt. Its Pages are in one of the sets, signed, or have failed.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// They are stored as the attempt wants them.
    pub(super) stored: BTreeSet<i64>,
    /// They are not, as somebody else has overtaken them.
    pub(super) overtaken: BTreeSet<i64>,
    /// They are not, as somebody else has locked their rows.
    pub(super) locked: BTreeSet<i64>,
    /// Why the rest is not stored, or may not be.
    pub(super) failed: Option<Failed>,
}

/// Why Pages were not stored.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: StoreError,
    /// Whether some of them may be to blame for that of the others.
    pub(super) is_of_content: bool,
}

/// An error of one try.
struct TryError {
    fate: Fate,
    error: StoreError,
}

/// Stores attempts over the connections for updates.
#[derive(Clone, Debug)]
pub(super) struct Committer(Arc<Sessions>);

impl Committer {
    pub(super) fn new(sessions: Arc<Sessions>) -> Self {
        Self(sessions)
    }

    /// Sends an attempt until its fate is known. It is sent again until `deadline` where it was
    /// certainly not stored, and for [`WRITE_TIME`] where nobody knows.
    pub(super) async fn store(
        &self,
        attempt: &Attempt,
        locks: Locks,
        deadline: Instant,
    ) -> Settled {
        let deadline_of_unknown = deadline.max(Instant::now() + WRITE_TIME);
        let mut settled = Settled::default();
        // What is left of it, once some of its Pages are settled.
        let mut rest: Option<Attempt> = None;
        // What is known if nothing more can be found out.
        let mut unknown: Option<String> = None;
        let mut is_prepared_again = false;
        loop {
            let attempt = rest.as_ref().unwrap_or(attempt);
            let tried = self.try_once(attempt, locks, unknown.is_none()).await;
            let error = match tried {
                Ok(tried) => {
                    let done: BTreeSet<i64> =
                        tried.stored.union(&tried.overtaken).copied().collect();
                    let left = attempt.without(&done);
                    settled.stored.extend(tried.stored);
                    settled.overtaken.extend(tried.overtaken);
                    if left.page_count() == 0 {
                        return settled;
                    }
                    if unknown.is_none() {
                        settled.locked.extend(left.page_ids());
                        return settled;
                    }
                    // The first try may be what has locked them.
                    rest = Some(left);
                    unavailable("the rows of the Pages are locked")
                }
                Err(TryError { fate, error }) => match fate {
                    Fate::Outdated if !is_prepared_again => {
                        is_prepared_again = true;
                        self.0.forget_prepared_updates();
                        continue;
                    }
                    Fate::Refused | Fate::Outdated | Fate::ContentRefused => {
                        settled.failed = Some(Failed {
                            is_of_content: fate == Fate::ContentRefused && unknown.is_none(),
                            error: unknown.map_or(error, outcome_unknown),
                        });
                        return settled;
                    }
                    Fate::Unknown => {
                        unknown.get_or_insert_with(|| error.to_string());
                        error
                    }
                    Fate::NotDone | Fate::NotDoneHere => error,
                },
            };
            let deadline = if unknown.is_some() {
                deadline_of_unknown
            } else {
                deadline
            };
            if Instant::now() + PAUSE >= deadline {
                settled.failed = Some(Failed {
                    error: unknown.map_or(error, outcome_unknown),
                    is_of_content: false,
                });
                return settled;
            }
            tracing::debug!(%error, "a write is tried again");
            sleep(PAUSE).await;
        }
    }

    async fn try_once(
        &self,
        attempt: &Attempt,
        locks: Locks,
        is_first: bool,
    ) -> Result<Tried, TryError> {
        let statements = async |session: &Object| match locks {
            Locks::Skip => attempt.run_unlocked(session, is_first).await,
            Locks::Wait => match attempt.run(session, is_first).await {
                Err(error) if error::is_locked(&error) => {
                    if attempt.page_count() == 1 {
                        return Ok(Tried::default());
                    }
                    attempt.run_unlocked(session, is_first).await
                }
                tried => tried,
            },
        };
        self.on_session(TRY_TIME, statements).await
    }

    /// The Pages of an attempt that cannot be stored, as their history has what it would add, signed.
    pub(super) async fn find_ahead(&self, attempt: &Attempt) -> BTreeSet<i64> {
        let found = self
            .on_session(TRY_TIME, async |session: &Object| {
                attempt.find_ahead(session).await
            })
            .await;
        found.unwrap_or_else(|TryError { error, .. }| {
            tracing::debug!(%error, "the history of a group was not compared");
            BTreeSet::new()
        })
    }

    async fn on_session<T>(
        &self,
        time: Duration,
        statements: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, TryError> {
        let session = self.0.take_for_updates().await.map_err(|error| TryError {
            fate: Fate::NotDone,
            error,
        })?;
        match timeout(time, statements(&session)).await {
            Ok(Ok(value)) => {
                session.release();
                Ok(value)
            }
            Ok(Err(error)) => {
                sessions::settle(session, &error);
                Err(TryError {
                    fate: Fate::of(&error),
                    error: error::of_statement(&error),
                })
            }
            // The session is dropped: its connection comes back when the database has answered.
            Err(_elapsed) => Err(TryError {
                fate: Fate::Unknown,
                error: no_answer(),
            }),
        }
    }
}

fn outcome_unknown(reason: String) -> StoreError {
    StoreError::OutcomeUnknown { reason }
}
