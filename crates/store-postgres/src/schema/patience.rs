//! Waiting for statements that may take as long as a large index, with an eye on what they wait for.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::sessions::Sessions;

/// How often the log says what is waited for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a statement may do nothing but wait.
pub(super) const STILL_TIME: Duration = Duration::from_secs(30);

/// What a statement of another connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitsFor {
    /// Nothing: it is at work.
    Nothing,
    /// A standby that confirms its commit.
    Standby,
    /// A lock of another transaction.
    Lock,
    /// The database does not say.
    Answer,
}

impl WaitsFor {
    /// As a part of a sentence.
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Nothing => "the database is at work",
            Self::Standby => "no synchronous standby confirms the commit",
            Self::Lock => "another transaction holds a lock",
            Self::Answer => "the database does not answer",
        }
    }
}

/// Looks after one connection.
pub(super) struct Patience<'a> {
    sessions: &'a Sessions,
    process: Option<i32>,
}

/// A statement did nothing but wait for this, for longer than [`STILL_TIME`].
#[derive(Debug)]
pub(super) struct Stalled(pub(super) WaitsFor);

impl<'a> Patience<'a> {
    /// With the process in the database that serves the connection, where it has one.
    pub(super) const fn new(sessions: &'a Sessions, process: Option<i32>) -> Self {
        Self { sessions, process }
    }

    /// Waits for a statement as long as it is at work. The statement is abandoned, not cancelled,
    /// when this returns an error.
    pub(super) async fn wait<T>(
        &self,
        doing: &str,
        statement: impl Future<Output = T>,
    ) -> Result<T, Stalled> {
        let mut statement = std::pin::pin!(statement);
        let mut looks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut still_since = Instant::now();
        loop {
            tokio::select! {
                biased;
                value = &mut statement => return Ok(value),
                _tick = looks.tick() => {}
            }
            let waits_for = tokio::select! {
                biased;
                value = &mut statement => return Ok(value),
                found = self.look() => found,
            };
            let reason = waits_for.in_words();
            if waits_for == WaitsFor::Nothing {
                still_since = Instant::now();
                tracing::info!(doing, reason, "still opening the store");
            } else {
                tracing::warn!(doing, reason, "still opening the store");
            }
            if still_since.elapsed() >= STILL_TIME {
                return Err(Stalled(waits_for));
            }
        }
    }

    async fn look(&self) -> WaitsFor {
        const LOOK: &str = "SELECT coalesce(wait_event_type, ''), coalesce(wait_event, '') \
                            FROM pg_stat_activity WHERE pid = $1";
        let Some(process) = self.process else {
            return WaitsFor::Answer;
        };
        let Ok(rows) = self.sessions.query(LOOK, &[&process]).await else {
            return WaitsFor::Answer;
        };
        let column = |column| rows.first().and_then(|row| row.try_get(column).ok());
        match (column(0), column(1)) {
            (_, Some("SyncRep")) => WaitsFor::Standby,
            (Some("Lock"), _) => WaitsFor::Lock,
            // It waits for the next statement: the answer to the last one is lost.
            (Some("Client") | None, _) => WaitsFor::Answer,
            _ => WaitsFor::Nothing,
        }
    }
}
