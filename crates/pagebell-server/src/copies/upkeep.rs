//! What keeps the lease of bounded copies: a line to the leader, a heartbeat on it at a time, and
//! what other servers hint at.

use std::sync::Arc;
use std::time::Duration;

use settings_store::{Hint, Line, OpenLine, StoreError};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

use super::bounded::Bounded;

/// The pause before another line is tried.
const PAUSE: Duration = Duration::from_millis(100);

/// The upkeep; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Upkeep(JoinHandle<()>);

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Says that the process should end when it is dropped by a panic: without its upkeep a lease is
/// never renewed, and every read is refused.
struct FailOnPanic(watch::Sender<Option<String>>);

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let reason = "the task that keeps the lease of its cache panicked";
            self.0.send_replace(Some(reason.to_owned()));
        }
    }
}

impl Upkeep {
    /// Begins on the present runtime.
    pub(super) fn start(
        copies: Arc<Bounded>,
        lines: Arc<dyn OpenLine>,
        failure: watch::Sender<Option<String>>,
    ) -> Self {
        Self(tokio::spawn(async move {
            let _guard = FailOnPanic(failure);
            let mut told = String::new();
            loop {
                let error = match lines.open_line().await {
                    Ok(line) => {
                        copies.take_up(Arc::clone(&line));
                        let renewals = copies.renewals();
                        let error = keep(&copies, &*line).await;
                        // A line that was good is missed anew.
                        if renewals.has_changed().unwrap_or(false) {
                            told.clear();
                        }
                        apart(&copies, Bounded::let_go).await;
                        error
                    }
                    Err(error) => error,
                };
                // Once, and not with every try.
                let reason = error.to_string();
                if reason == told {
                    tracing::debug!(reason, "no line to the leader yet");
                } else {
                    tracing::warn!(
                        reason,
                        "the line to the leader is lost; another one is opened"
                    );
                    told = reason;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }))
    }
}

/// Keeps the lease on one line, until that fails.
async fn keep(copies: &Arc<Bounded>, line: &dyn Line) -> StoreError {
    let mut proving = std::pin::pin!(prove(copies, line));
    loop {
        tokio::select! {
            error = &mut proving => return error,
            hints = line.hints() => match hints {
                Ok(hints) => {
                    hear(copies, hints).await;
                    // There may be more of them than anybody can work off.
                    tokio::task::yield_now().await;
                }
                Err(error) => return error,
            },
        }
    }
}

/// One heartbeat after the other.
async fn prove(copies: &Bounded, line: &dyn Line) -> StoreError {
    loop {
        tokio::time::sleep(copies.until_heartbeat()).await;
        let heartbeats = copies.begin_heartbeat();
        if let Err(error) = line.prove().await {
            return error;
        }
        copies.confirm(&heartbeats);
        if copies.is_in_doubt() {
            return StoreError::Unavailable {
                reason: "the line was silent for too long".to_owned(),
            };
        }
    }
}

async fn hear(copies: &Arc<Bounded>, hints: Vec<Hint>) {
    copies.heard();
    if hints.contains(&Hint::Everything) {
        apart(copies, Bounded::drop_everything).await;
        return;
    }
    for hint in hints {
        copies.hinted(hint);
    }
}

/// Does what takes as long as freeing all copies does beside the threads that serve.
async fn apart(copies: &Arc<Bounded>, work: impl FnOnce(&Bounded) + Send + 'static) {
    let copies = Arc::clone(copies);
    if let Err(error) = spawn_blocking(move || work(&copies)).await {
        tracing::error!(%error, "copies were not dropped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_of_the_upkeep_says_that_the_process_should_end() {
        let failure = watch::Sender::new(None);
        let mut seen = failure.subscribe();
        let guard = FailOnPanic(failure);
        let task = tokio::spawn(async move {
            let _guard = guard;
            panic!("on purpose");
        });
        assert!(task.await.is_err());
        seen.changed().await.ok();
        assert!(seen.borrow().as_deref().unwrap().contains("panicked"));
    }
}
