//! The real clock and the real source of randomness. Nothing else reads them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use pagebell_server::{Clock, Entropy, Surroundings};
use rand::RngCore;

/// The machine's clock.
#[derive(Debug)]
struct SystemClock;

/// The instant, or where it is outside of those that there are the nearest of them: a clock that is
/// set so far wrong must not end anything.
fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(if time < UNIX_EPOCH {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// A cryptographic generator that the operating system seeds.
#[derive(Debug)]
struct SystemEntropy;

#[allow(
    clippy::disallowed_methods,
    reason = "this is the clock that others are given"
)]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        timestamp(SystemTime::now())
    }

    fn monotonic(&self) -> Duration {
        // Unlike others it goes on while the machine sleeps, and what was kept has to grow old then.
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::from_secs(time.tv_sec.unsigned_abs())
            + Duration::from_nanos(time.tv_nsec.unsigned_abs())
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "this is the source that others are given"
)]
impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// Files that are open beside the connections: the store, its readers, the log.
const OTHER_FILES: u64 = 100;

/// Lets this process have as many open files as its connections take, as far as the machine lets
/// it: many machines start programs with 1,024. `Err`: how many connections there can be.
pub(crate) fn allow_connections(connections: usize) -> Result<(), u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX);
    let wanted = wanted.saturating_add(OTHER_FILES);
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        let highest = limit.maximum.unwrap_or(wanted);
        let lowered = limit.current.replace(wanted.min(highest));
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit.current = lowered;
        }
    }
    match limit.current {
        Some(current) if current < wanted => Err(current.saturating_sub(OTHER_FILES)),
        _ => Ok(()),
    }
}

/// The machine as it is.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        steering: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_beyond_the_last_instant_stands_at_it() {
        let far = Duration::from_secs(400_000_000_000);
        assert_eq!(timestamp(UNIX_EPOCH + far), Timestamp::MAX);
        assert_eq!(timestamp(UNIX_EPOCH - far * 2), Timestamp::MIN);
        assert_eq!(timestamp(UNIX_EPOCH), Timestamp::UNIX_EPOCH);
    }
}
