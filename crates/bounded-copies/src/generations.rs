//! Counters that tell whether a read was overtaken by an invalidation.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which generation a shard of the keys is in. Every invalidation begins another one, and what was
/// read under an earlier one is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

/// The generations of all shards. A shard is locked while copies of its keys are put in or dropped,
/// never while they are looked at.
#[derive(Debug)]
pub(crate) struct Generations {
    shards: Box<[Mutex<Generation>]>,
}

impl Generations {
    /// At least this many shards: the next power of two.
    pub(crate) fn new(at_least: usize) -> Self {
        let count = at_least.max(1).next_power_of_two();
        Self {
            shards: (0..count).map(|_| Mutex::new(Generation(0))).collect(),
        }
    }

    /// Locks the shard of a key with this hash.
    pub(crate) fn lock(&self, hash: u64) -> MutexGuard<'_, Generation> {
        // The copies' own shards are chosen by other bits.
        let index = (hash >> 16) as usize & (self.shards.len() - 1);
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins another generation in every shard.
    pub(crate) fn advance_all(&self) {
        for shard in &self.shards {
            shard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .advance();
        }
    }
}

impl Generation {
    pub(crate) fn advance(&mut self) {
        self.0 += 1;
    }
}
