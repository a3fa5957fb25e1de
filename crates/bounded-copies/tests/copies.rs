//! What the copies serve, rule by rule.

use std::time::Duration;

use bounded_copies::{
    Bound, BoundedCopies, Capacity, ChannelUse, Fill, MonotonicTime, Seen, Weighed,
};
use settings_store::Revision;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bytes(u64);

impl Weighed for Bytes {
    fn weight(&self) -> u64 {
        self.0
    }
}

type Copies = BoundedCopies<u64, Bytes>;

const KEY: u64 = 7;
const PAGE: Bytes = Bytes(100);

fn at(milliseconds: u64) -> MonotonicTime {
    MonotonicTime::after_start(Duration::from_millis(milliseconds))
}

fn revision(number: u64) -> Revision {
    Revision::new(number)
}

fn capacity() -> Capacity {
    Capacity::new(1_000, 100)
}

fn renew(copies: &Copies, now: u64) {
    let heartbeat = copies.lease().begin(at(now));
    assert!(copies.lease().confirm(heartbeat));
}

/// Copies under a bound of a second, with a lease that was renewed at 0.
fn copies(channel: ChannelUse) -> Copies {
    let copies = Copies::new(Bound::new(Duration::from_secs(1)), channel, capacity());
    renew(&copies, 0);
    copies
}

fn fill(copies: &Copies, read_at: u64, number: u64) -> Fill {
    let ticket = copies.begin_fill(KEY, at(read_at));
    copies.complete_fill(ticket, revision(number), PAGE)
}

fn served(copies: &Copies, now: u64) -> Option<u64> {
    copies.get(&KEY, at(now)).map(|kept| kept.revision.get())
}

#[test]
fn a_copy_is_served_until_the_bound_after_the_begin_of_its_read() {
    let copies = copies(ChannelUse::Unused);
    assert_eq!(fill(&copies, 100, 1), Fill::Kept);
    renew(&copies, 900);
    let kept = copies.get(&KEY, at(1_099)).unwrap();
    assert_eq!((kept.read_at, kept.value), (at(100), PAGE));
    assert_eq!(served(&copies, 1_100), None);
}

#[test]
fn a_copy_is_served_only_while_the_lease_holds() {
    let copies = copies(ChannelUse::Unused);
    assert_eq!(fill(&copies, 600, 1), Fill::Kept);
    assert_eq!(served(&copies, 999), Some(1));
    assert_eq!(served(&copies, 1_000), None);
    renew(&copies, 1_200);
    assert_eq!(served(&copies, 1_300), Some(1), "it was read on this route");
}

#[test]
fn without_a_bound_nothing_is_kept() {
    let copies = Copies::new(Bound::STRICT, ChannelUse::Unused, capacity());
    renew(&copies, 0);
    assert_eq!(fill(&copies, 0, 1), Fill::Strict);
    let ticket = copies.begin_fill(KEY, at(0));
    assert_eq!(copies.written(ticket, revision(2), PAGE), Fill::Strict);
    assert!(copies.is_empty());
    assert_eq!(served(&copies, 0), None);
}

#[test]
fn a_read_that_was_overtaken_is_not_kept() {
    let copies = copies(ChannelUse::Unused);
    let by_hint = copies.begin_fill(KEY, at(0));
    copies.hint(&KEY, revision(2));
    assert_eq!(
        copies.complete_fill(by_hint, revision(1), PAGE),
        Fill::Invalidated
    );
    let by_write = copies.begin_fill(KEY, at(0));
    let write = copies.begin_fill(KEY, at(0));
    assert_eq!(copies.written(write, revision(3), PAGE), Fill::Kept);
    assert_eq!(
        copies.complete_fill(by_write, revision(2), PAGE),
        Fill::Invalidated
    );
    let by_drop = copies.begin_fill(KEY, at(0));
    copies.drop_everything();
    assert_eq!(
        copies.complete_fill(by_drop, revision(3), PAGE),
        Fill::Invalidated
    );
    assert_eq!(served(&copies, 1), None);
}

#[test]
fn an_older_revision_never_replaces_a_newer_one_and_a_later_read_of_the_same_does() {
    let copies = copies(ChannelUse::Unused);
    let early = copies.begin_fill(KEY, at(0));
    assert_eq!(fill(&copies, 10, 2), Fill::Kept);
    assert_eq!(copies.complete_fill(early, revision(1), PAGE), Fill::Older);
    assert_eq!(fill(&copies, 5, 2), Fill::Older);
    assert_eq!(fill(&copies, 20, 2), Fill::Kept);
    assert_eq!(copies.get(&KEY, at(30)).unwrap().read_at, at(20));
}

#[test]
fn a_write_that_was_overtaken_drops_what_it_superseded() {
    let copies = copies(ChannelUse::Unused);
    assert_eq!(fill(&copies, 0, 1), Fill::Kept);
    let write = copies.begin_fill(KEY, at(1));
    copies.hint(&KEY, revision(1));
    assert_eq!(served(&copies, 2), Some(1), "the hint told nothing new");
    assert_eq!(copies.written(write, revision(2), PAGE), Fill::Invalidated);
    assert_eq!(served(&copies, 3), None);
}

#[test]
fn a_hint_drops_what_is_older_and_keeps_the_rest() {
    let copies = copies(ChannelUse::Unused);
    assert_eq!(fill(&copies, 0, 2), Fill::Kept);
    copies.hint(&KEY, revision(1));
    copies.hint(&KEY, revision(2));
    assert_eq!(served(&copies, 1), Some(2));
    copies.hint(&KEY, revision(3));
    assert_eq!(served(&copies, 1), None);
}

#[test]
fn who_knows_a_revision_is_not_served_an_earlier_one() {
    let copies = copies(ChannelUse::Unused);
    assert_eq!(fill(&copies, 0, 2), Fill::Kept);
    assert!(copies.at_least(&KEY, revision(2), at(1)).is_some());
    assert!(copies.at_least(&KEY, revision(3), at(1)).is_none());
}

#[test]
fn copies_are_served_only_while_the_channel_is_heard() {
    let copies = copies(ChannelUse::HeardEvery(Duration::from_millis(100)));
    assert_eq!(fill(&copies, 0, 1), Fill::Kept);
    assert_eq!(served(&copies, 1), None, "nobody listens yet");
    let before = copies.begin_fill(KEY, at(1));
    copies.channel_restored(at(2));
    assert_eq!(
        copies.complete_fill(before, revision(1), PAGE),
        Fill::Invalidated
    );
    assert_eq!(served(&copies, 3), None, "it is from before");
    assert_eq!(fill(&copies, 3, 1), Fill::Kept);
    assert!(copies.channel_heard(at(101)));
    assert_eq!(served(&copies, 300), Some(1));
    assert_eq!(served(&copies, 301), None, "two periods of silence");
    assert!(copies.channel_in_doubt(at(301)));
    assert!(!copies.channel_heard(at(301)));
    copies.channel_restored(at(310));
    assert_eq!(served(&copies, 311), None);
    assert_eq!(fill(&copies, 311, 1), Fill::Kept);
    copies.channel_lost();
    assert_eq!(served(&copies, 312), None);
}

#[test]
fn another_route_voids_everything() {
    let copies = copies(ChannelUse::Unused);
    assert_eq!(fill(&copies, 0, 1), Fill::Kept);
    let read = copies.begin_fill(KEY, at(1));
    assert!(copies.vouches_for(&read, at(2)));
    let heartbeat = copies.lease().begin(at(2));
    copies.route_replaced();
    assert!(!copies.lease().confirm(heartbeat));
    renew(&copies, 3);
    assert!(!copies.vouches_for(&read, at(4)), "it went the old way");
    assert_eq!(
        copies.complete_fill(read, revision(1), PAGE),
        Fill::Invalidated
    );
    assert_eq!(served(&copies, 4), None);
    let read = copies.begin_fill(KEY, at(5));
    assert!(copies.vouches_for(&read, at(1_002)));
    assert!(!copies.vouches_for(&read, at(1_003)), "the lease is over");
}

#[test]
fn all_copies_together_weigh_no_more_than_the_capacity() {
    let copies = copies(ChannelUse::Unused);
    for key in 0..10_000 {
        let ticket = copies.begin_fill(key, at(0));
        copies.complete_fill(ticket, revision(1), PAGE);
    }
    assert!(copies.weight() <= 1_000);
    assert!(!copies.is_empty() && copies.len() <= 10);
}

#[test]
fn a_write_too_heavy_to_be_kept_leaves_nothing_older() {
    let copies = copies(ChannelUse::Unused);
    assert_eq!(fill(&copies, 0, 1), Fill::Kept);
    let write = copies.begin_fill(KEY, at(1));
    let _too_heavy = copies.written(write, revision(2), Bytes(5_000));
    assert_eq!(served(&copies, 2), None);
}

#[test]
fn the_revision_that_was_seen_is_known_while_its_copy_is_too_old_to_be_served() {
    let copies = copies(ChannelUse::Unused);
    let seen = || copies.seen(&KEY).map(Seen::revision);
    assert_eq!(seen(), None);
    assert_eq!(fill(&copies, 100, 3), Fill::Kept);
    assert_eq!(served(&copies, 5_000), None);
    assert_eq!(seen(), Some(revision(3)));
    copies.route_replaced();
    assert_eq!(seen(), None);
}

#[test]
fn a_copy_that_is_disproved_goes_and_one_that_took_its_place_stays() {
    let copies = copies(ChannelUse::Unused);
    assert_eq!(fill(&copies, 100, 3), Fill::Kept);
    let third = copies.seen(&KEY).unwrap();
    let read = copies.begin_fill(KEY, at(200));
    copies.disprove(&KEY, third);
    assert_eq!(copies.seen(&KEY), None);
    assert_eq!(copies.complete_fill(read, revision(2), PAGE), Fill::Kept);
    assert_eq!(served(&copies, 300), Some(2));

    let second = copies.seen(&KEY).unwrap();
    assert_eq!(fill(&copies, 300, 3), Fill::Kept);
    for earlier in [third, second] {
        copies.disprove(&KEY, earlier);
        assert_eq!(served(&copies, 301), Some(3));
    }
}

#[test]
fn a_copy_from_before_a_write_with_an_earlier_revision_is_not_served_until_it_is_read_again() {
    let copies = copies(ChannelUse::Unused);
    assert_eq!(fill(&copies, 100, 5), Fill::Kept);
    let write = copies.begin_fill(KEY, at(200));
    assert_eq!(copies.written(write, revision(2), PAGE), Fill::Older);
    assert_eq!(served(&copies, 300), None);
    assert_eq!(copies.seen(&KEY).map(Seen::revision), Some(revision(5)));
    assert_eq!(fill(&copies, 300, 5), Fill::Kept);
    assert_eq!(served(&copies, 301), Some(5));
    // One that started before the copy was read says nothing about it.
    let early = copies.begin_fill(KEY, at(250));
    assert_eq!(copies.written(early, revision(4), PAGE), Fill::Older);
    assert_eq!(served(&copies, 302), Some(5));
}
