//! Many connections at once that send a byte now and then, each until the server has had enough of it.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::hostility::attack::Scale;
use crate::hostility::crowds;
use crate::hostility::victim::Target;

/// The limit that the server is started with, whichever it is.
const LIMIT: Duration = Duration::from_secs(1);
/// No sooner than the limit, but clocks are read at different moments.
const SOONEST: Duration = Duration::from_millis(900);
/// How long the machine may take to end them all.
const LEEWAY: Duration = Duration::from_secs(1);
/// How long one connection waits for an end that does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a connection waits before it sends its next byte.
pub(crate) const PAUSE: Duration = Duration::from_millis(300);

/// Runs them, and requires that each ended when its time was up. `ended` says how.
pub(crate) fn all_end_in_time<F>(
    target: &Target,
    scale: Scale,
    ended: &str,
    drip: impl Fn(Target) -> F,
) -> anyhow::Result<String>
where
    F: Future<Output = anyhow::Result<Duration>> + Send + 'static,
{
    let count = scale.of(200, 1_000);
    let open = crowds::at_once(count, |_number| drip(target.clone()))?;
    let (first, last) = crowds::range(&open);
    ensure!(
        first >= SOONEST && last <= LIMIT + LEEWAY,
        "{ended} after {first:?} to {last:?}"
    );
    Ok(format!(
        "all {count} {ended} after {:.1} to {:.1} s (limit: 1 s)",
        first.as_secs_f64(),
        last.as_secs_f64()
    ))
}

/// Fails once nobody has ended the connection for much too long.
pub(crate) fn check_patience(begun: Instant) -> anyhow::Result<()> {
    ensure!(begun.elapsed() < PATIENCE, "the connection stays open");
    Ok(())
}
