//! The channel through which other servers hint at what they wrote.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::MonotonicTime;

/// Whether hints of other servers are listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelUse {
    /// No: copies grow as old as the bound.
    Unused,
    /// Yes, over a channel that is heard at least once in this period, hints or not.
    HeardEvery(Duration),
}

/// What is known of the channel.
#[derive(Debug)]
pub(crate) struct Channel {
    /// The silence after which it counts as lost: two periods.
    silence: Option<Duration>,
    /// When it was heard last, as a mark; 0: it is lost.
    heard: AtomicU64,
}

impl Channel {
    pub(crate) fn new(usage: ChannelUse) -> Self {
        Self {
            silence: match usage {
                ChannelUse::Unused => None,
                ChannelUse::HeardEvery(period) => Some(period.saturating_mul(2)),
            },
            heard: AtomicU64::new(0),
        }
    }

    /// Whether hints may have been lost.
    pub(crate) fn is_in_doubt(&self, now: MonotonicTime) -> bool {
        let Some(silence) = self.silence else {
            return false;
        };
        is_silent(self.heard.load(Ordering::Acquire), now, silence)
    }

    /// Something came through it. Returns whether it is in use; a channel that was lost, or silent
    /// for two periods, is not taken up again by that.
    pub(crate) fn heard(&self, now: MonotonicTime) -> bool {
        let Some(silence) = self.silence else {
            return true;
        };
        self.heard
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |before| {
                Some(if is_silent(before, now, silence) {
                    0
                } else {
                    before.max(now.to_mark())
                })
            })
            .is_ok_and(|before| !is_silent(before, now, silence))
    }

    pub(crate) fn lost(&self) {
        self.heard.store(0, Ordering::Release);
    }

    pub(crate) fn restored(&self, now: MonotonicTime) {
        self.heard.store(now.to_mark(), Ordering::Release);
    }
}

fn is_silent(heard: u64, now: MonotonicTime, silence: Duration) -> bool {
    MonotonicTime::of_mark(heard).is_none_or(|heard_at| now.since(heard_at) >= silence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> MonotonicTime {
        MonotonicTime::after_start(Duration::from_millis(milliseconds))
    }

    #[test]
    fn a_channel_is_in_doubt_until_it_is_restored_and_after_two_silent_periods() {
        let channel = Channel::new(ChannelUse::HeardEvery(Duration::from_millis(100)));
        assert!(channel.is_in_doubt(at(0)));
        assert!(!channel.heard(at(0)));
        channel.restored(at(10));
        assert!(!channel.is_in_doubt(at(209)));
        assert!(channel.is_in_doubt(at(210)));
        assert!(channel.heard(at(209)));
        assert!(!channel.is_in_doubt(at(408)));
    }

    #[test]
    fn what_is_heard_after_the_silence_does_not_take_it_up_again() {
        let channel = Channel::new(ChannelUse::HeardEvery(Duration::from_millis(100)));
        channel.restored(at(10));
        assert!(!channel.heard(at(300)));
        assert!(!channel.heard(at(301)));
        assert!(channel.is_in_doubt(at(301)));
        channel.restored(at(310));
        assert!(channel.heard(at(311)));
        channel.lost();
        assert!(channel.is_in_doubt(at(312)));
        assert!(!channel.heard(at(312)));
    }

    #[test]
    fn a_channel_that_is_not_used_is_never_in_doubt() {
        let channel = Channel::new(ChannelUse::Unused);
        channel.lost();
        assert!(!channel.is_in_doubt(at(1_000_000)));
        assert!(channel.heard(at(1_000_000)));
    }
}
