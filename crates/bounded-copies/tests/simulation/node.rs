//! A node: a server with its real copies and lease, its clock, and what the checks know of it.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use bounded_copies::{
    Bound, BoundedCopies, Capacity, ChannelUse, Heartbeat, MonotonicTime, Ticket, Weighed,
};

use crate::check::ChannelSeen;
use crate::database::Document;
use crate::plan::{Instant, MILLISECOND, MOST_KEYS, Mistake, Plan};
use crate::random::Random;
use crate::world::NodeStep;

/// What a copy holds, with the time at which its statement was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    pub(crate) document: Document,
    pub(crate) sent: Instant,
}

impl Weighed for Value {
    fn weight(&self) -> u64 {
        1
    }
}

/// A hasher that is the same in every run.
type SameHasher = BuildHasherDefault<DefaultHasher>;

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) copies: BoundedCopies<usize, Value, SameHasher>,
    clock_start: u64,
    clock_ppm: u64,
    /// Stopped, with what came in meanwhile.
    pub(crate) stopped: Option<Instant>,
    pub(crate) inbox: Vec<NodeStep>,
    stopped_in_all: u64,
    /// Messages from and to it are lost.
    pub(crate) cut: bool,
    /// Since when it has had no way to the true leader.
    pub(crate) cut_off: Option<Instant>,
    /// Whom its statements go to, and the number of its connections.
    pub(crate) leader: usize,
    pub(crate) session: usize,
    pub(crate) heartbeats: Vec<Heartbeat>,
    /// The number of its channel, and since when it waits for it.
    pub(crate) channel_number: usize,
    pub(crate) listen_sent: Option<Instant>,
    pub(crate) was_restored: bool,
    pub(crate) channel: Option<ChannelSeen>,
    pub(crate) hinted: [(u64, Instant); MOST_KEYS],
    /// How often anything was invalidated.
    pub(crate) invalidations: usize,
}

impl Node {
    pub(crate) fn new(plan: &Plan, random: &mut Random) -> Self {
        let bound = if plan.has(Mistake::CopiesInStrictMode) && plan.strict {
            200 * MILLISECOND
        } else {
            plan.bound
        };
        let channel = plan.channel_period.map_or(ChannelUse::Unused, |period| {
            ChannelUse::HeardEvery(Duration::from_micros(period))
        });
        // So few that copies are pushed out, and so few shards that keys share them.
        let capacity = Capacity {
            weight: if random.chance(30) { 2 } else { 8 },
            expected_copies: 4,
            shards: 1,
            generation_shards: 2,
        };
        Self {
            copies: BoundedCopies::with_hasher(
                Bound::new(Duration::from_micros(bound)),
                channel,
                capacity,
                SameHasher::default(),
            ),
            clock_start: random.between(0, 1_000_000_000),
            clock_ppm: random.between(0, 100),
            stopped: None,
            inbox: Vec::new(),
            stopped_in_all: 0,
            cut: false,
            cut_off: None,
            leader: 0,
            session: 0,
            heartbeats: Vec::new(),
            channel_number: 0,
            listen_sent: None,
            was_restored: false,
            channel: plan.channel_period.map(|period| ChannelSeen {
                lost: true,
                since: 0,
                heard: 0,
                period,
            }),
            hinted: [(0, 0); MOST_KEYS],
            invalidations: 0,
        }
    }

    /// What its clock says.
    pub(crate) fn clock(&self, now: Instant, mistake: Option<Mistake>) -> MonotonicTime {
        let lived = if mistake == Some(Mistake::PauseNotNoticed) {
            now - self.stopped_in_all
        } else {
            now
        };
        let nanoseconds = self.clock_start + lived * 1_000 - lived * self.clock_ppm / 1_000;
        MonotonicTime::after_start(Duration::from_nanos(nanoseconds))
    }

    /// It goes on; what had come in is handed out.
    pub(crate) fn resume(&mut self, now: Instant) -> Vec<NodeStep> {
        if let Some(since) = self.stopped.take() {
            self.stopped_in_all += now - since;
        }
        std::mem::take(&mut self.inbox)
    }
}

/// An operation of a client.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) client: usize,
    pub(crate) node: usize,
    pub(crate) key: usize,
    pub(crate) is_write: bool,
    /// The newest revision that was completed when it began.
    pub(crate) floor: u64,
    /// The revision that it must see.
    pub(crate) own: u64,
    /// The revision that it carries.
    pub(crate) token: u64,
    /// When the node took the time for it.
    pub(crate) asked: Instant,
    pub(crate) ticket: Option<Ticket<usize>>,
    pub(crate) sent: Instant,
    pub(crate) sent_clock: MonotonicTime,
    /// The invalidations of the node before it was sent.
    pub(crate) invalidations: usize,
    /// Its client waits no longer.
    pub(crate) is_over: bool,
}

/// Who reads and writes, one operation after the other.
#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) node: usize,
    /// The newest revision of each key that it wrote, and the node that it wrote it at.
    pub(crate) wrote: [(u64, usize); MOST_KEYS],
}
