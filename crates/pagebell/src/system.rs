//! The real clock and the real source of randomness. Nothing else reads them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pagebell_server::{Clock, Entropy, Surroundings};
use rand::RngCore;

/// The machine's clock.
#[derive(Debug)]
struct SystemClock {
    started: Instant,
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
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
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

/// The machine as it is.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the clock that others are given"
)]
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        clock: Arc::new(SystemClock {
            started: Instant::now(),
        }),
        entropy: Arc::new(SystemEntropy),
        steering: None,
    }
}
