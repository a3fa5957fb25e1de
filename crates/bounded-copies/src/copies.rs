//! The copies.

use std::fmt;
use std::hash::{BuildHasher, Hash};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use settings_store::Revision;

use crate::channel::Channel;
use crate::generations::{Generation, Generations};
use crate::{Bound, Capacity, ChannelUse, Lease, MonotonicTime, Route, Weighed};

/// Copies of what the database holds, none of which is served when it may be older than the bound.
///
/// The caller passes the time in, sends the statements, and keeps to this order:
///
/// - Read: [`begin_fill`](Self::begin_fill), send, answer, [`complete_fill`](Self::complete_fill).
/// - Write: [`begin_fill`](Self::begin_fill), send, commit acknowledged, [`written`](Self::written),
///   and only then the answer to the client.
/// - Channel: listen, listening acknowledged, [`channel_restored`](Self::channel_restored). One task
///   looks after the channel, so that what it tells comes in order.
/// - Statements that would go another way from now on: [`route_replaced`](Self::route_replaced)
///   first. Answers to what went the old way may still come in; their tickets are void.
pub struct BoundedCopies<K, V, B = DefaultHashBuilder> {
    bound: Bound,
    lease: Lease,
    channel: Channel,
    generations: Generations,
    copies: Cache<K, Copied<V>, ByValue, B>,
    hasher: B,
}

/// A copy as it is kept.
#[derive(Clone, Debug)]
struct Copied<V> {
    kept: Kept<V>,
    route: Route,
    /// A later write of this server was stored with an earlier revision: it is not served any more.
    doubted: bool,
}

impl<V> Copied<V> {
    fn seen(&self) -> Seen {
        Seen {
            revision: self.kept.revision,
            route: self.route,
            read_at: self.kept.read_at,
        }
    }

    /// What of two copies of a key is the newer one.
    fn order(&self) -> (Revision, Route, MonotonicTime) {
        (self.kept.revision, self.route, self.kept.read_at)
    }
}

/// A copy that may be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept<V> {
    /// The revision that it is of.
    pub revision: Revision,
    /// The time before it was read, or before it was written by this server.
    pub read_at: MonotonicTime,
    /// The copy.
    pub value: V,
}

/// A read or a write under way.
#[derive(Debug)]
#[must_use = "what was read is kept by completing the fill"]
pub struct Ticket<K> {
    key: K,
    hash: u64,
    generation: Generation,
    route: Route,
    begun_at: MonotonicTime,
}

/// A copy as a server has seen it, to be recognised later. It says nothing about whether the copy may
/// be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    revision: Revision,
    route: Route,
    read_at: MonotonicTime,
}

impl Seen {
    /// The revision that it is of.
    pub const fn revision(self) -> Revision {
        self.revision
    }
}

/// What became of a copy that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// It is kept.
    Kept,
    /// It was overtaken by an invalidation of its shard or of everything, and may be stale.
    Invalidated,
    /// There is a copy at least as new.
    Older,
    /// Without a bound nothing is kept.
    Strict,
}

#[derive(Clone, Debug)]
struct ByValue;

impl<K, V: Weighed> Weighter<K, Copied<V>> for ByValue {
    fn weight(&self, _key: &K, copied: &Copied<V>) -> u64 {
        copied.kept.value.weight()
    }
}

impl<K: Eq + Hash + Clone, V: Weighed + Clone> BoundedCopies<K, V> {
    /// No copies yet, and no lease.
    pub fn new(bound: Bound, channel: ChannelUse, capacity: Capacity) -> Self {
        Self::with_hasher(bound, channel, capacity, DefaultHashBuilder::default())
    }
}

impl<K: Eq + Hash + Clone, V: Weighed + Clone, B: BuildHasher + Clone> BoundedCopies<K, V, B> {
    /// The same with a hasher of one's own.
    pub fn with_hasher(bound: Bound, channel: ChannelUse, capacity: Capacity, hasher: B) -> Self {
        let options = OptionsBuilder::new()
            .weight_capacity(capacity.weight)
            .estimated_items_capacity(capacity.expected_copies)
            .shards(capacity.shards.max(1))
            .build()
            .expect("the two options that must be given are given");
        Self {
            bound,
            lease: Lease::new(bound),
            channel: Channel::new(channel),
            generations: Generations::new(capacity.generation_shards),
            copies: Cache::with_options(
                options,
                ByValue,
                hasher.clone(),
                DefaultLifecycle::default(),
            ),
            hasher,
        }
    }

    /// The lease without which nothing is served. Begin and confirm its heartbeats here; a new route
    /// is told to [`route_replaced`](Self::route_replaced).
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The copy, if it may be served to a request that arrived at this time or before.
    pub fn get(&self, key: &K, now: MonotonicTime) -> Option<Kept<V>> {
        self.at_least(key, Revision::default(), now)
    }

    /// The same for a client that knows this revision: a copy of an earlier one is not served. Where
    /// the leader too answers with an earlier one, it is none any more, and the answer is an error.
    pub fn at_least(&self, key: &K, revision: Revision, now: MonotonicTime) -> Option<Kept<V>> {
        // What the lease holds for is asked before the copy is looked at: a route that is replaced in
        // between must not vouch for a copy from before.
        let route = self.lease.held_route(now)?;
        if self.channel.is_in_doubt(now) {
            return None;
        }
        let copied = self.copies.get(key)?;
        (copied.route == route
            && !copied.doubted
            && copied.kept.revision >= revision
            && self.bound.covers(copied.kept.read_at, now))
        .then_some(copied.kept)
    }

    /// The newest copy of this key that this server is known to have seen, whether or not it may be
    /// served. What is read later with an earlier revision comes from a former leader, or else the
    /// revision went back in the database, which [`disprove`](Self::disprove) is for.
    pub fn seen(&self, key: &K) -> Option<Seen> {
        self.copies.peek(key).map(|copied| copied.seen())
    }

    /// The leader itself has an earlier revision than this copy: somebody has put the database back.
    /// The copy is dropped, unless another one has taken its place.
    ///
    /// Call it only when a heartbeat that started after the copy was seen is confirmed, and a read
    /// that was sent after that, over a route whose lease holds, found an earlier revision. A former
    /// leader cannot answer so: it finishes no commit.
    pub fn disprove(&self, key: &K, seen: Seen) {
        let _generation = self.generations.lock(self.hasher.hash_one(key));
        self.copies.remove_if(key, |copied| copied.seen() == seen);
    }

    /// Begins a read or a write of this key. Call it *before* the statement is sent, with the time of
    /// that moment.
    pub fn begin_fill(&self, key: K, now: MonotonicTime) -> Ticket<K> {
        let hash = self.hasher.hash_one(&key);
        // The route first: if it is replaced in between, the ticket has the old one and is void.
        let route = self.lease.route();
        Ticket {
            generation: *self.generations.lock(hash),
            key,
            hash,
            route,
            begun_at: now,
        }
    }

    /// Whether an answer over the route of this ticket is less than the bound old, kept or not: the
    /// lease holds, for this route. Where a former leader may be reached for longer than the bound,
    /// an answer of which this is not so must not be given to a client.
    pub fn vouches_for(&self, ticket: &Ticket<K>, now: MonotonicTime) -> bool {
        self.lease.held_route(now) == Some(ticket.route)
    }

    /// What the leader answered to the read of this ticket.
    pub fn complete_fill(&self, ticket: Ticket<K>, revision: Revision, value: V) -> Fill {
        if self.bound.is_strict() {
            return Fill::Strict;
        }
        let generation = self.generations.lock(ticket.hash);
        if *generation != ticket.generation {
            return Fill::Invalidated;
        }
        self.put(ticket, revision, value)
    }

    /// What this server wrote with this ticket, after its commit was acknowledged and before the
    /// client is answered. Reads that were under way are not kept any more. A write that was overtaken
    /// is not kept either, but what it superseded is dropped. A copy of a later revision from before the
    /// write is not served until it was read again.
    pub fn written(&self, ticket: Ticket<K>, revision: Revision, value: V) -> Fill {
        if self.bound.is_strict() {
            return Fill::Strict;
        }
        let mut generation = self.generations.lock(ticket.hash);
        let overtaken = *generation != ticket.generation;
        generation.advance();
        if overtaken {
            self.drop_below(&ticket.key, revision);
            return Fill::Invalidated;
        }
        let (key, started_at) = (ticket.key.clone(), ticket.begun_at);
        let fill = self.put(ticket, revision, value);
        if fill == Fill::Older {
            self.doubt(key, revision, started_at);
        }
        fill
    }

    /// Another server wrote this revision: an earlier copy is dropped, and reads that are under way
    /// are not kept.
    pub fn hint(&self, key: &K, revision: Revision) {
        let mut generation = self.generations.lock(self.hasher.hash_one(key));
        generation.advance();
        self.drop_below(key, revision);
    }

    /// Something came through the channel, a hint or its heartbeat. Returns whether the channel is in
    /// use. If it is not, because it was lost or silent for two periods, it counts as lost: listen anew.
    pub fn channel_heard(&self, now: MonotonicTime) -> bool {
        self.channel.heard(now)
    }

    /// Whether hints may have been lost, so that no copies are served: tell it by
    /// [`channel_lost`](Self::channel_lost), so that no thread with an earlier time is served any
    /// either, and listen anew. Never so where no channel is used.
    pub fn channel_in_doubt(&self, now: MonotonicTime) -> bool {
        self.channel.is_in_doubt(now)
    }

    /// The channel was lost. No copies are served until it is restored.
    pub fn channel_lost(&self) {
        self.channel.lost();
    }

    /// The database acknowledged that this server listens. Everything from before is dropped, then
    /// copies are served again.
    pub fn channel_restored(&self, now: MonotonicTime) {
        self.drop_everything();
        self.channel.restored(now);
    }

    /// Statements go another way from now on, maybe to another leader: the lease ends, everything is
    /// dropped, and what is under way is void.
    pub fn route_replaced(&self) {
        self.lease.replace_route();
        self.drop_everything();
    }

    /// Drops everything; reads that are under way are not kept. It takes as long as freeing all copies
    /// does, for a million of them some tenths of a second, so not on a thread that serves.
    pub fn drop_everything(&self) {
        // A fill from before either is in already, and goes, or finds another generation.
        self.generations.advance_all();
        self.copies.clear();
    }

    /// How many copies there are, those too that are not served any more.
    pub fn len(&self) -> usize {
        self.copies.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty()
    }

    /// The weight of all copies.
    pub fn weight(&self) -> u64 {
        self.copies.weight()
    }

    /// Puts a copy in; its shard is locked.
    fn put(&self, ticket: Ticket<K>, revision: Revision, value: V) -> Fill {
        let copied = Copied {
            kept: Kept {
                revision,
                read_at: ticket.begun_at,
                value,
            },
            route: ticket.route,
            doubted: false,
        };
        let present = self.copies.peek(&ticket.key);
        if present.is_some_and(|present| present.order() >= copied.order()) {
            return Fill::Older;
        }
        self.copies.insert(ticket.key, copied);
        Fill::Kept
    }

    /// After a write that started then and was stored with this revision: a copy of a later revision
    /// from before is not served any more. Either both were under way together, or the revision went
    /// back. The copy stays for [`seen`](Self::seen); its shard is locked.
    fn doubt(&self, key: K, revision: Revision, started_at: MonotonicTime) {
        let present = self.copies.peek(&key);
        let is_doubtful = |copied: &Copied<V>| {
            copied.kept.revision > revision && copied.kept.read_at < started_at
        };
        if let Some(mut copied) = present.filter(is_doubtful) {
            copied.doubted = true;
            self.copies.insert(key, copied);
        }
    }

    /// Drops a copy of an earlier revision; its shard is locked.
    fn drop_below(&self, key: &K, revision: Revision) {
        self.copies
            .remove_if(key, |copied| copied.kept.revision < revision);
    }
}

impl<K, V, B> fmt::Debug for BoundedCopies<K, V, B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BoundedCopies")
            .field("bound", &self.bound)
            .field("lease", &self.lease)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}
