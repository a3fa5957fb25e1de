//! The invariants.

use crate::database::{Document, History, Leader};
use crate::plan::{EPSILON, Instant, MOST_KEYS, Plan};

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invariant {
    /// I2: without bound, revisions of completed operations never go back in real time.
    Linearizable,
    /// I3: no answer was superseded longer than the bound before its read began.
    Bounded,
    /// I4: who carries a revision to any node, or stays at the node of the write, sees it.
    ReadYourWrites,
    /// I5: each applied write adds exactly one, and no revision has two documents.
    OneDocumentPerRevision,
    /// I6: no copy from before the channel was listened to anew is served, none while the channel
    /// is known to be lost, and none after two silent periods.
    NoCopyOverLostChannel,
    /// I6 for one key: no copy that was read before a hint is served after it with less.
    HintHeeded,
    /// I7: a node that is cut off from the leader answers no copied read after the bound.
    SilentWhenCutOff,
    /// I8: what was seen or acknowledged never disappears.
    NothingDisappears,
}

/// An invariant that did not hold.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) invariant: Invariant,
    pub(crate) detail: String,
}

/// What is known of an answered read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnsweredRead {
    pub(crate) key: usize,
    pub(crate) document: Document,
    /// When the node took the time for it.
    pub(crate) asked: Instant,
    /// The newest revision that was completed when it began.
    pub(crate) floor: u64,
    /// The revision that its client must see.
    pub(crate) own: u64,
}

/// What is known of a node that served a copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CopyServed {
    /// When the statement of which the copy is was sent.
    pub(crate) sent: Instant,
    /// Since when the node has been cut off from the leader.
    pub(crate) cut_off: Option<Instant>,
    /// The newest hint for the key, with the time at which it came.
    pub(crate) hinted: (u64, Instant),
    /// `None`: no channel is used.
    pub(crate) channel: Option<ChannelSeen>,
}

/// What a node has seen of its channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChannelSeen {
    /// The node was told that it is lost.
    pub(crate) lost: bool,
    /// Since when the database has known that the node listens.
    pub(crate) since: Instant,
    /// When anything came through it.
    pub(crate) heard: Instant,
    pub(crate) period: u64,
}

/// Sees every completed operation.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    history: [History; MOST_KEYS],
    completed: [u64; MOST_KEYS],
    seen: Vec<(usize, Document)>,
    pub(crate) violation: Option<Violation>,
}

impl Checker {
    pub(crate) fn new() -> Self {
        let mut checker = Self::default();
        for history in &mut checker.history {
            history.push((Document::default(), 0));
        }
        checker
    }

    fn require(&mut self, holds: bool, invariant: Invariant, detail: impl FnOnce() -> String) {
        if !holds && self.violation.is_none() {
            self.violation = Some(Violation {
                invariant,
                detail: detail(),
            });
        }
    }

    /// The newest revision that a completed operation has returned.
    pub(crate) fn completed(&self, key: usize) -> u64 {
        self.completed[key]
    }

    pub(crate) fn committed(&mut self, key: usize, document: Document, now: Instant) {
        let expected = self.history[key].len() as u64;
        self.require(
            document.revision == expected,
            Invariant::OneDocumentPerRevision,
            || format!("key {key}: {document:?} was committed where revision {expected} was due"),
        );
        self.history[key].push((document, now));
    }

    pub(crate) fn acknowledged(&mut self, key: usize, document: Document, floor: u64) {
        self.require(document.revision > floor, Invariant::Linearizable, || {
            format!("key {key}: {document:?} was acknowledged after revision {floor} was seen")
        });
        self.complete(key, document);
    }

    fn complete(&mut self, key: usize, document: Document) {
        self.completed[key] = self.completed[key].max(document.revision);
        self.seen.push((key, document));
    }

    pub(crate) fn answered(&mut self, plan: &Plan, read: AnsweredRead) {
        let AnsweredRead {
            key,
            document,
            asked,
            ..
        } = read;
        let index = usize::try_from(document.revision).unwrap_or(usize::MAX);
        let applied = self.history[key].get(index).map(|&(applied, _)| applied);
        self.require(
            applied == Some(document),
            Invariant::OneDocumentPerRevision,
            || format!("key {key}: {document:?} was answered where {applied:?} was applied"),
        );
        let superseded = self.history[key].get(index.saturating_add(1));
        let superseded = superseded.map_or(Instant::MAX, |&(_, since)| since);
        self.require(
            asked <= superseded.saturating_add(plan.bound + EPSILON),
            Invariant::Bounded,
            || {
                format!(
                    "key {key}: {document:?}, superseded at {superseded}, answered a read of {asked}"
                )
            },
        );
        if plan.strict {
            let floor = read.floor;
            self.require(document.revision >= floor, Invariant::Linearizable, || {
                format!("key {key}: {document:?} was read after revision {floor} was seen")
            });
        }
        let own = read.own;
        self.require(document.revision >= own, Invariant::ReadYourWrites, || {
            format!("key {key}: {document:?} was read by who knows revision {own}")
        });
        self.complete(key, document);
    }

    /// A read that a copy answered, beside what holds for all reads.
    pub(crate) fn copied(&mut self, plan: &Plan, read: AnsweredRead, copy: CopyServed) {
        let AnsweredRead {
            document, asked, ..
        } = read;
        let sent = copy.sent;
        if let Some(cut_off) = copy.cut_off {
            self.require(
                asked <= cut_off + plan.bound + EPSILON,
                Invariant::SilentWhenCutOff,
                || format!("cut off since {cut_off}, a copy answered a read of {asked}"),
            );
        }
        let (hinted, hinted_at) = copy.hinted;
        self.require(
            document.revision >= hinted || sent >= hinted_at,
            Invariant::HintHeeded,
            || format!("{document:?}, read at {sent}, was served after the hint of {hinted}"),
        );
        let Some(channel) = copy.channel else { return };
        self.require(
            !channel.lost && sent >= channel.since,
            Invariant::NoCopyOverLostChannel,
            || format!("{document:?}, read at {sent}, was served: {channel:?}"),
        );
        self.require(
            asked <= channel.heard + 2 * channel.period + EPSILON,
            Invariant::NoCopyOverLostChannel,
            || format!("after silence a copy answered a read of {asked}: {channel:?}"),
        );
    }

    /// Everything is over: what the last leader holds.
    pub(crate) fn finish(&mut self, leader: &Leader) {
        let mut held: [Vec<Document>; MOST_KEYS] = Default::default();
        for (key, document) in leader.log[..leader.committed]
            .iter()
            .filter_map(|entry| entry.page)
        {
            held[key].push(document);
            let count = held[key].len() as u64;
            self.require(
                document.revision == count,
                Invariant::OneDocumentPerRevision,
                || format!("key {key}: {document:?} is number {count} in the log"),
            );
        }
        for (key, document) in std::mem::take(&mut self.seen) {
            let index = usize::try_from(document.revision).unwrap_or(usize::MAX);
            let is_held = index == 0 || held[key].get(index - 1) == Some(&document);
            self.require(is_held, Invariant::NothingDisappears, || {
                format!("key {key}: {document:?} was seen and is not there at the end")
            });
        }
    }
}
