//! The memory that unfinished requests and unread answers may hold, in all connections together.
//!
//! A stranger can send the beginning of a request and no more on each of many connections, or ask
//! for a page and not read it; who has a token can leave other answers unread. What a connection holds so is charged to a budget, so that all
//! connections together hold no more than that. Each connection has a small part of the budget of
//! its own, which is enough for the usual request: such requests are answered while others have
//! used up all the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The largest part of a budget that each connection has of its own, in bytes.
const LARGEST_OWN_PART: usize = 2 * 1024;

/// The memory that all connections together may hold.
#[derive(Debug)]
pub(crate) struct Budget {
    /// What each connection may hold without a charge, in bytes.
    own_part: usize,
    /// What is left for all of them beyond that, in bytes.
    left: AtomicUsize,
}

/// The part of a budget that one connection or request holds, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    /// What it may hold without a charge, in bytes.
    own_part: usize,
    /// What it holds, in bytes. Only the task of the connection changes it and the charge.
    held: AtomicUsize,
    charged: AtomicUsize,
}

impl Budget {
    /// A budget of so many bytes for so many connections. Half of it at most is divided among them.
    pub(crate) fn new(bytes: usize, connections: usize) -> Arc<Self> {
        let own_part = (bytes / 2 / connections.max(1)).min(LARGEST_OWN_PART);
        Arc::new(Self {
            own_part,
            left: AtomicUsize::new(bytes - own_part * connections),
        })
    }

    /// A share that holds nothing yet.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        self.share_with(self.own_part)
    }

    /// A share for what is no connection: all that it holds is charged.
    pub(crate) fn share_without_own_part(self: &Arc<Self>) -> Share {
        self.share_with(0)
    }

    fn share_with(self: &Arc<Self>, own_part: usize) -> Share {
        Share {
            budget: Arc::clone(self),
            own_part,
            held: AtomicUsize::new(0),
            charged: AtomicUsize::new(0),
        }
    }
}

impl Share {
    /// Charges what is missing for the request to hold `bytes` in all; `false`: there is no room
    /// for so much, and the share is as it was.
    #[must_use]
    pub(crate) fn hold(&self, bytes: usize) -> bool {
        let needed = bytes.saturating_sub(self.own_part);
        let charged = self.charged.load(Ordering::Relaxed);
        if needed <= charged {
            self.held.store(bytes, Ordering::Relaxed);
            return true;
        }
        let more = needed - charged;
        let taken = self
            .budget
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(more)
            });
        if taken.is_ok() {
            self.held.store(bytes, Ordering::Relaxed);
            self.charged.store(needed, Ordering::Relaxed);
        }
        taken.is_ok()
    }

    /// Charges what is missing for so many more bytes than it holds; `false`: there is no room for
    /// them, and the share is as it was.
    #[must_use]
    pub(crate) fn hold_more(&self, bytes: usize) -> bool {
        self.hold(self.held.load(Ordering::Relaxed).saturating_add(bytes))
    }

    /// Gives back all that the request holds.
    pub(crate) fn release(&self) {
        self.held.store(0, Ordering::Relaxed);
        let charged = self.charged.load(Ordering::Relaxed);
        if charged > 0 {
            self.charged.store(0, Ordering::Relaxed);
            self.budget.left.fetch_add(charged, Ordering::Relaxed);
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_requests_have_room_while_others_hold_the_rest() {
        let budget = Budget::new(64 * 1024, 8);
        let greedy = budget.share();
        assert!(greedy.hold(40 * 1024));
        assert!(!greedy.hold(64 * 1024));
        let usual = budget.share();
        assert!(usual.hold(LARGEST_OWN_PART));
        assert!(!usual.hold(LARGEST_OWN_PART + 16 * 1024));
        drop(greedy);
        assert!(usual.hold(LARGEST_OWN_PART + 16 * 1024));
    }

    #[test]
    fn what_is_added_counts_until_it_is_released() {
        let budget = Budget::new(64 * 1024, 8);
        let share = budget.share();
        for _ in 0..10 {
            assert!(share.hold_more(LARGEST_OWN_PART / 10));
        }
        let full = budget.left.load(Ordering::Relaxed);
        assert_eq!(
            full,
            64 * 1024 - 8 * LARGEST_OWN_PART,
            "its own part is enough"
        );
        assert!(share.hold_more(10_000));
        assert!(budget.left.load(Ordering::Relaxed) <= full - 9_000);
        assert!(!share.hold_more(64 * 1024));
        share.release();
        assert_eq!(budget.left.load(Ordering::Relaxed), full);
        let other = budget.share_without_own_part();
        assert!(other.hold_more(1));
        assert_eq!(budget.left.load(Ordering::Relaxed), full - 1);
    }

    #[test]
    fn a_budget_for_very_many_connections_is_still_one() {
        let budget = Budget::new(1_000, 1_000_000);
        let share = budget.share();
        assert!(share.hold(1_000));
        assert!(!share.hold(1_001));
    }

    proptest! {
        /// Whatever connections ask for, they never hold more than the budget, and all of it comes
        /// back.
        #[test]
        fn the_sum_is_bounded(
            steps in prop::collection::vec((0..8_usize, 0..60_000_usize), 0..100)
        ) {
            const BYTES: usize = 100_000;
            let budget = Budget::new(BYTES, 8);
            let mut shares: Vec<_> = (0..8).map(|_| (budget.share(), 0)).collect();
            for (connection, bytes) in steps {
                let (share, held) = &mut shares[connection];
                if bytes == 0 {
                    share.release();
                    *held = 0;
                } else if share.hold(bytes) {
                    *held = bytes.max(*held);
                }
                let sum: usize = shares.iter().map(|(_share, held)| *held).sum();
                prop_assert!(sum <= BYTES, "{}", sum);
            }
            let full = budget.own_part * 8;
            drop(shares);
            prop_assert_eq!(budget.left.load(Ordering::Relaxed), BYTES - full);
        }
    }
}
