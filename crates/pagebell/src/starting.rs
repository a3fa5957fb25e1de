//! Steps of a start that wait for others: they say so, and can be stopped.

use std::time::Duration;

use crate::failure::Failure;
use crate::signals::Signals;

/// How often a step that waits says so.
const NOTICE_INTERVAL: Duration = Duration::from_secs(3);

/// Runs a step on a thread of its own, as it may take one until a disk or a database answers.
/// `None`: the process was asked to stop, and nobody waits for the step any more.
pub(crate) async fn step<T: Send + 'static>(
    waiting_for: &str,
    signals: &mut Signals,
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<Option<T>, Failure> {
    let runtime = tokio::runtime::Handle::current();
    let mut working = tokio::task::spawn_blocking(move || runtime.block_on(work));
    let mut seconds = 0;
    loop {
        tokio::select! {
            biased;
            () = signals.stop() => {
                tracing::info!("stopped while waiting for {waiting_for}");
                return Ok(None);
            }
            worked = &mut working => {
                return worked
                    .unwrap_or_else(|error| match error.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        Err(error) => Err(Failure::Start(error.into())),
                    })
                    .map(Some);
            }
            () = tokio::time::sleep(NOTICE_INTERVAL) => {
                seconds += NOTICE_INTERVAL.as_secs();
                tracing::warn!(seconds, "waiting for {waiting_for}; SIGTERM ends this");
            }
        }
    }
}
