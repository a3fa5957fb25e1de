//! A clock that can be frozen, set and advanced, so that tests of other people's software can stand
//! in any hour.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use graph_api::clock_control::{ClockCommand, ClockState};
use jiff::{SignedDuration, Timestamp};

use crate::Clock;

/// A clock over the machine's. Until it is told otherwise it shows the machine's time.
#[derive(Debug)]
pub struct SteerableClock {
    machine: Arc<dyn Clock>,
    shown: RwLock<Shown>,
}

#[derive(Clone, Copy, Debug)]
enum Shown {
    /// The machine's time, so much ahead of it.
    Ahead(SignedDuration),
    /// One instant.
    Frozen(Timestamp),
}

/// The clock would leave the years -9999 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("would leave the years -9999 to 9999")]
pub struct OutOfTime;

impl SteerableClock {
    pub(crate) fn new(machine: Arc<dyn Clock>) -> Self {
        Self {
            machine,
            shown: RwLock::new(Shown::Ahead(SignedDuration::ZERO)),
        }
    }

    /// The machine's time.
    pub(crate) fn machine_time(&self) -> Timestamp {
        self.machine.now()
    }

    /// Does what the command says, all of it or nothing.
    pub(crate) fn steer(&self, command: ClockCommand) -> Result<(), OutOfTime> {
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        if command.reset {
            *shown = Shown::Ahead(SignedDuration::ZERO);
            return Ok(());
        }
        let machine = self.machine.now();
        let mut instant = command.set.unwrap_or_else(|| shown.at(machine));
        if let Some(advance) = command.advance {
            instant = instant.checked_add(advance).map_err(|_error| OutOfTime)?;
        }
        let is_frozen = matches!(*shown, Shown::Frozen(_));
        *shown = if command.freeze.unwrap_or(is_frozen) {
            Shown::Frozen(instant)
        } else if command == ClockCommand::default() {
            *shown
        } else {
            Shown::Ahead(instant.duration_since(machine))
        };
        Ok(())
    }

    /// What it shows.
    pub(crate) fn state(&self) -> ClockState {
        let shown = *self.shown.read().unwrap_or_else(PoisonError::into_inner);
        ClockState {
            now: shown.at(self.machine.now()).to_string(),
            frozen: matches!(shown, Shown::Frozen(_)),
            steered: !matches!(shown, Shown::Ahead(SignedDuration::ZERO)),
        }
    }
}

impl Shown {
    fn at(self, machine: Timestamp) -> Timestamp {
        match self {
            // At the end of time the clock stands still rather than fail.
            Self::Ahead(ahead) => machine.saturating_add(ahead).unwrap_or(machine),
            Self::Frozen(instant) => instant,
        }
    }
}

impl Clock for SteerableClock {
    fn now(&self) -> Timestamp {
        let shown = *self.shown.read().unwrap_or_else(PoisonError::into_inner);
        shown.at(self.machine.now())
    }

    /// The machine's: time limits hold whatever the clock shows.
    fn monotonic(&self) -> Duration {
        self.machine.monotonic()
    }
}
