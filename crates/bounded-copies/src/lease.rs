//! The lease of a server: until when it may rely on what it has read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::{Bound, MonotonicTime};

/// The way to the leader that all statements of a server take at a time. Whenever its connections
/// may lead to another leader than before, that is another route. Routes are numbered.
///
/// A lease proves something of its own route only. What a former leader answered just before the
/// route was replaced may have been superseded nearly a bound before; a lease of the next route would
/// let it be served for nearly another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route(u64);

/// A heartbeat that was begun: a write of the server's own row that is to be committed.
#[derive(Clone, Copy, Debug)]
#[must_use = "a heartbeat renews the lease when it is confirmed"]
pub struct Heartbeat {
    route: Route,
    begun_at: MonotonicTime,
}

impl Heartbeat {
    /// When it was begun.
    pub const fn begun_at(self) -> MonotonicTime {
        self.begun_at
    }
}

/// One lease for all that a server keeps (a volume lease). It holds for the bound, counted from the
/// begin of the newest heartbeat whose *committed write* was acknowledged on the present route. A
/// read is no heartbeat: a former leader that was cut off would still answer it.
///
/// While it holds, the route led to the leader at a time less than the bound ago: so whatever is
/// read over this route was superseded less than the bound ago, if at all.
#[derive(Debug)]
pub struct Lease {
    bound: Bound,
    /// The begin of the newest confirmed heartbeat of the route, as a mark.
    confirmed: AtomicU64,
    /// The begin of the newest heartbeat of the route, as a mark.
    begun: AtomicU64,
    route: AtomicU64,
    /// Held to change any of them. Whoever only looks needs no lock.
    changing: Mutex<()>,
}

impl Lease {
    /// A lease that does not hold yet.
    pub const fn new(bound: Bound) -> Self {
        Self {
            bound,
            confirmed: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            route: AtomicU64::new(0),
            changing: Mutex::new(()),
        }
    }

    /// Begins a heartbeat. Call it *before* the write is sent, with the time of that moment.
    pub fn begin(&self, now: MonotonicTime) -> Heartbeat {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.begun.fetch_max(now.to_mark(), Ordering::AcqRel);
        Heartbeat {
            route: self.route(),
            begun_at: now,
        }
    }

    /// The write of this heartbeat was acknowledged as committed: the lease holds for the bound since
    /// the heartbeat was *begun*. Returns whether it counted; one of an earlier route does not. A
    /// heartbeat that failed is just dropped.
    pub fn confirm(&self, heartbeat: Heartbeat) -> bool {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = heartbeat.route == self.route();
        if counts {
            let mark = heartbeat.begun_at.to_mark();
            self.confirmed.fetch_max(mark, Ordering::AcqRel);
        }
        counts
    }

    /// Whether it holds.
    pub fn holds(&self, now: MonotonicTime) -> bool {
        self.held_route(now).is_some()
    }

    /// The route for which it holds; `None`: it does not.
    pub fn held_route(&self, now: MonotonicTime) -> Option<Route> {
        let route = self.route();
        let confirmed_at = MonotonicTime::of_mark(self.confirmed.load(Ordering::Acquire))?;
        // A confirmation of a later route comes after the change of the number, so it is seen here.
        (self.bound.covers(confirmed_at, now) && self.route() == route).then_some(route)
    }

    /// When the next heartbeat is to begin: a third of the bound after the newest one, whatever came
    /// of that, and at once where there is none. `None`: without a bound there is no lease.
    pub fn next_heartbeat_at(&self, now: MonotonicTime) -> Option<MonotonicTime> {
        if self.bound.is_strict() {
            return None;
        }
        let begun = MonotonicTime::of_mark(self.begun.load(Ordering::Acquire));
        Some(begun.map_or(now, |begun_at| begun_at.plus(self.bound.heartbeat_period())))
    }

    /// The present route.
    pub fn route(&self) -> Route {
        Route(self.route.load(Ordering::Acquire))
    }

    /// Statements go another way from now on. The lease ends, and heartbeats that were begun before
    /// do not count any more.
    pub fn replace_route(&self) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.confirmed.store(0, Ordering::Release);
        self.begun.store(0, Ordering::Release);
        self.route.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(milliseconds: u64) -> MonotonicTime {
        MonotonicTime::after_start(Duration::from_millis(milliseconds))
    }

    fn lease() -> Lease {
        Lease::new(Bound::new(Duration::from_millis(900)))
    }

    #[test]
    fn it_holds_from_the_begin_of_the_heartbeat_and_not_from_its_acknowledgement() {
        let lease = lease();
        let heartbeat = lease.begin(at(100));
        assert!(!lease.holds(at(100)), "not confirmed yet");
        assert!(lease.confirm(heartbeat));
        assert!(lease.holds(at(999)));
        assert!(!lease.holds(at(1_000)));
    }

    #[test]
    fn a_confirmation_that_comes_after_the_bound_holds_nothing() {
        let lease = lease();
        let heartbeat = lease.begin(at(100));
        assert!(lease.confirm(heartbeat));
        assert!(!lease.holds(at(1_500)));
    }

    #[test]
    fn confirmations_out_of_order_do_not_shorten_it() {
        let lease = lease();
        let (first, second) = (lease.begin(at(100)), lease.begin(at(400)));
        assert!(lease.confirm(second));
        assert!(lease.confirm(first));
        assert!(lease.holds(at(1_299)));
        assert!(!lease.holds(at(1_300)));
    }

    #[test]
    fn the_next_heartbeat_is_due_a_third_of_the_bound_after_the_last() {
        let lease = lease();
        assert_eq!(lease.next_heartbeat_at(at(50)), Some(at(50)));
        let failed = lease.begin(at(100));
        assert_eq!(lease.next_heartbeat_at(at(150)), Some(at(400)));
        lease.replace_route();
        assert_eq!(lease.next_heartbeat_at(at(160)), Some(at(160)));
        assert_eq!(failed.begun_at(), at(100));
        assert_eq!(Lease::new(Bound::STRICT).next_heartbeat_at(at(1)), None);
    }

    #[test]
    fn another_route_ends_it_and_earlier_heartbeats_do_not_count() {
        let lease = lease();
        let before = lease.begin(at(100));
        assert!(lease.confirm(before));
        let under_way = lease.begin(at(400));
        let route = lease.route();
        assert_eq!(lease.held_route(at(500)), Some(route));
        lease.replace_route();
        assert!(!lease.holds(at(500)));
        assert!(!lease.confirm(under_way));
        assert!(!lease.holds(at(500)));
        let after = lease.begin(at(510));
        assert!(lease.confirm(after));
        assert!(lease.held_route(at(520)).is_some_and(|held| held > route));
    }

    #[test]
    fn without_a_bound_it_never_holds() {
        let lease = Lease::new(Bound::STRICT);
        let heartbeat = lease.begin(at(100));
        assert!(lease.confirm(heartbeat));
        assert!(!lease.holds(at(100)));
    }
}
