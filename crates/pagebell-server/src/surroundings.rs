//! What the server takes from the machine, so that tests can give it something else.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::SteerableClock;

/// A source of time.
pub trait Clock: Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment, which never goes back: for measuring and for time limits.
    fn monotonic(&self) -> Duration;
}

/// A source of randomness that nobody can predict.
pub trait Entropy: Debug + Send + Sync {
    /// Fills the bytes with random ones.
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine, as far as the server knows it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The same clock where callers may steer it.
    pub steering: Option<Arc<SteerableClock>>,
}

impl Surroundings {
    /// The present instant by the machine's own clock, however this one was steered.
    pub(crate) fn machine_time(&self) -> Timestamp {
        match &self.steering {
            Some(steerable) => steerable.machine_time(),
            None => self.clock.now(),
        }
    }

    /// These surroundings with a clock that callers may steer over HTTP.
    #[must_use]
    pub fn with_steerable_clock(self) -> Self {
        let steerable = Arc::new(SteerableClock::new(self.clock));
        Self {
            clock: Arc::clone(&steerable) as Arc<_>,
            entropy: self.entropy,
            steering: Some(steerable),
        }
    }
}
