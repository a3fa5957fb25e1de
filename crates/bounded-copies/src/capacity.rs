//! How much is kept.

use std::sync::Arc;

/// What has a weight, by which the copies that are kept are limited.
pub trait Weighed {
    /// The weight, say in bytes of memory. Cheap, always the same, and not 0.
    fn weight(&self) -> u64;
}

impl<T: Weighed> Weighed for Arc<T> {
    fn weight(&self) -> u64 {
        T::weight(self)
    }
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The weight of all copies together.
    pub weight: u64,
    /// How many copies that will be, within a power of ten.
    pub expected_copies: usize,
    /// How many parts of it can be changed at the same time.
    pub shards: usize,
    /// How many parts have a generation of their own; copies that are put in or dropped
    /// refuse the reads under way of all keys in their part. 16 bytes each.
    pub generation_shards: usize,
}

impl Capacity {
    /// This weight in all, for copies that weigh about so much each, on a machine of a few cores.
    pub fn new(weight: u64, typical_weight: u64) -> Self {
        let expected = weight / typical_weight.max(1);
        Self {
            weight,
            expected_copies: usize::try_from(expected).unwrap_or(usize::MAX),
            shards: 64,
            generation_shards: 4096,
        }
    }
}
