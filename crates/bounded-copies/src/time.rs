//! Time that only goes on, and the bound that is measured in it.

use std::time::Duration;

/// The longest time between the begins of two heartbeats, however long the bound is.
const LONGEST_PERIOD: Duration = Duration::from_secs(1);

/// A time since some start, the same start for all times of a process. It never goes back and, unlike
/// the clocks that stand still while the machine is suspended, counts all the time that passes: on
/// Linux it is `CLOCK_BOOTTIME`. Resolution: nanoseconds, for 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MonotonicTime(u64);

impl MonotonicTime {
    /// The time this long after the start.
    pub fn after_start(elapsed: Duration) -> Self {
        Self(nanoseconds(elapsed))
    }

    /// How long ago `earlier` was at this time; zero if it is later. It can be later where another
    /// thread took it.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The time this much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanoseconds(duration)))
    }

    /// As a number that is never 0, which can so stand for "none" in an atomic.
    pub(crate) const fn to_mark(self) -> u64 {
        self.0.saturating_add(1)
    }

    /// The time of such a number; `None` for 0.
    pub(crate) const fn of_mark(mark: u64) -> Option<Self> {
        match mark.checked_sub(1) {
            Some(nanoseconds) => Some(Self(nanoseconds)),
            None => None,
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// How old an answer may be, counted until the request for it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound(Duration);

impl Bound {
    /// Strict: every answer is read at the leader, and no copies are kept. There is no lease then, so
    /// that nothing but the route keeps answers of a former leader away: its sessions have to be shut
    /// before another one is promoted.
    pub const STRICT: Self = Self(Duration::ZERO);

    /// A bound of this length; zero is [`Bound::STRICT`].
    pub const fn new(duration: Duration) -> Self {
        Self(duration)
    }

    /// Its length.
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Whether it permits no copies.
    pub const fn is_strict(self) -> bool {
        self.0.is_zero()
    }

    /// Whether what was certain at a time may still be relied on now.
    pub fn covers(self, certain_at: MonotonicTime, now: MonotonicTime) -> bool {
        now.since(certain_at) < self.0
    }

    /// How long after the begin of a heartbeat the next one begins: a third of the bound, so that one
    /// may take long and the lease still holds, and a second at most, so that it is soon known when
    /// none arrives.
    pub fn heartbeat_period(self) -> Duration {
        (self.0 / 3).min(LONGEST_PERIOD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> MonotonicTime {
        MonotonicTime::after_start(Duration::from_millis(milliseconds))
    }

    #[test]
    fn a_bound_covers_what_is_younger_and_not_what_is_as_old() {
        let bound = Bound::new(Duration::from_secs(1));
        assert!(bound.covers(at(500), at(500)));
        assert!(bound.covers(at(500), at(1_499)));
        assert!(!bound.covers(at(500), at(1_500)));
        assert!(bound.covers(at(500), at(400)), "taken by another thread");
        assert!(!Bound::STRICT.covers(at(500), at(500)));
        assert!(Bound::STRICT.is_strict() && !bound.is_strict());
    }

    #[test]
    fn marks_tell_the_start_from_none() {
        assert_eq!(MonotonicTime::of_mark(0), None);
        assert_eq!(MonotonicTime::of_mark(at(0).to_mark()), Some(at(0)));
        assert_eq!(MonotonicTime::of_mark(at(7).to_mark()), Some(at(7)));
        assert_eq!(at(7).plus(Duration::from_millis(3)), at(10));
        assert_eq!(
            at(7).plus(Duration::MAX).since(at(0)).as_nanos(),
            u128::from(u64::MAX)
        );
    }
}
