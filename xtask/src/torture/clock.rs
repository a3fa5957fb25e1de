//! The one clock of a run: monotonic, and the same in every process of the machine.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of the machine's monotonic clock. The preloaded library reads the same one.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).expect("the monotonic clock is never negative");
    let nanoseconds = u64::try_from(time.tv_nsec).expect("a fraction is never negative");
    seconds * 1_000_000_000 + nanoseconds
}
