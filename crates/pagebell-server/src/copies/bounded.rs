//! Copies of a store that other servers change too, kept for a bounded time.
//!
//! What is read and what proves that it may be kept go over one line to the leader. Without a line
//! whose lease holds nothing is answered: what a former leader says could be older than the bound.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bounded_copies::{
    Bound, BoundedCopies, Capacity, ChannelUse, Fill, Heartbeat, MonotonicTime, Seen, Weighed,
};
use call_settings::PageId;
use settings_store::{
    BoundedKeeping, Hint, Invalidation, Line, PageRecord, Revision, StoreError, TokenHash,
    WriteOutcome,
};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use super::prepared::{PageCopy, Preparation, TYPICAL_BYTES};
use crate::access::Access;
use crate::metrics::Metrics;
use crate::{Clock, Limits};

/// How long a read waits for a line whose lease holds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a read waits before it asks again where a later revision was seen.
const PAUSE: Duration = Duration::from_millis(20);

/// After so many renewals of the lease, one has begun after the first try.
const ENOUGH_PROOFS: u32 = 2;

/// A revision that no copy has.
const LATER_THAN_ANY: Revision = Revision::new(u64::MAX);

/// Copies, and the line that they come over.
#[derive(Debug)]
pub(super) struct Bounded {
    pages: BoundedCopies<PageId, PageCopy>,
    /// Their revisions are all 0.
    tokens: BoundedCopies<TokenHash, Arc<Access>>,
    line: RwLock<Option<Arc<dyn Line>>>,
    /// Changes when the lease is renewed: then it is worth another try.
    renewed: watch::Sender<()>,
    preparation: Arc<Preparation>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

/// A heartbeat of everything that is kept.
#[derive(Debug)]
pub(super) struct Heartbeats {
    pages: Heartbeat,
    tokens: Heartbeat,
}

impl Weighed for PageCopy {
    fn weight(&self) -> u64 {
        self.bytes()
    }
}

impl Weighed for Access {
    /// Tokens are limited by their number.
    fn weight(&self) -> u64 {
        1
    }
}

/// What became of a read.
enum Read<T> {
    Found(T),
    /// There is nothing to read from, or what was read proves nothing.
    NotProven,
    /// This server has seen a copy of a later revision: it was written meanwhile, the line leads to a
    /// former leader, or the revision went back in the database.
    SeenLater(Seen),
    /// The leader did not have it yet.
    NotYet(T),
}

/// How long a read is tried again.
struct Patience {
    renewed: watch::Receiver<()>,
    deadline: Instant,
    /// How often the lease was renewed since the leader first did not have it yet, or since the copy
    /// of a later revision was first found.
    proofs: u32,
    /// The copy of a later revision than the leader's.
    doubted: Option<Seen>,
}

impl Patience {
    /// A try, for as long as there is patience.
    async fn limit<T>(
        &self,
        reading: impl Future<Output = Result<Read<T>, StoreError>>,
    ) -> Result<Read<T>, StoreError> {
        timeout_at(self.deadline, reading)
            .await
            .unwrap_or_else(|_elapsed| Err(out_of_reach()))
    }

    /// What came of a try; `None`: there is to be another one now.
    async fn end_or_wait<T>(
        &mut self,
        outcome: Result<Read<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match outcome {
            Ok(Read::Found(found)) => return Ok(Some(found)),
            // Whoever proved that it leads after the first try was the leader then, and it had not.
            Ok(Read::NotYet(found)) if self.proofs >= ENOUGH_PROOFS => return Ok(Some(found)),
            Ok(Read::NotYet(_)) => {
                self.renewal().await?;
                self.proofs += 1;
            }
            Ok(Read::SeenLater(seen)) => self.doubt(seen).await?,
            Err(error) if !matches!(error, StoreError::Unavailable { .. }) => return Err(error),
            Ok(Read::NotProven) | Err(_) => self.renewal().await?,
        }
        Ok(None)
    }

    /// Waits a little before the next try, and counts the proofs since this copy was first found.
    async fn doubt(&mut self, seen: Seen) -> Result<(), StoreError> {
        if self.doubted != Some(seen) {
            self.doubted = Some(seen);
            self.proofs = 0;
            self.renewed.mark_unchanged();
        }
        if timeout_at(self.deadline, sleep(PAUSE)).await.is_err() {
            return Err(out_of_reach());
        }
        if self.renewed.has_changed().unwrap_or(false) {
            self.renewed.mark_unchanged();
            self.proofs += 1;
        }
        Ok(())
    }

    /// The copy that a try which begins now disproves if it finds an earlier revision: whoever proved
    /// that it leads after the copy was found has what was acknowledged before.
    fn disproved(&self) -> Option<Seen> {
        self.doubted.filter(|_seen| self.proofs >= ENOUGH_PROOFS)
    }

    /// A renewal of the lease since the last one that was waited for, or else the next one.
    async fn renewal(&mut self) -> Result<(), StoreError> {
        match timeout_at(self.deadline, self.renewed.changed()).await {
            Ok(_renewed) if Instant::now() < self.deadline => Ok(()),
            _ => Err(out_of_reach()),
        }
    }
}

impl Bounded {
    pub(super) fn new(
        keeping: &BoundedKeeping,
        limits: &Limits,
        preparation: Arc<Preparation>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let bound = Bound::new(keeping.bound);
        // Hints come over the line itself: the lease ends before its silence counts.
        let channel = if keeping.hints {
            ChannelUse::HeardEvery(keeping.bound)
        } else {
            ChannelUse::Unused
        };
        let tokens = u64::try_from(limits.cached_tokens).unwrap_or(u64::MAX);
        Self {
            pages: BoundedCopies::new(
                bound,
                channel,
                Capacity::new(limits.cache_bytes, TYPICAL_BYTES),
            ),
            tokens: BoundedCopies::new(bound, channel, Capacity::new(tokens, 1)),
            line: RwLock::new(None),
            renewed: watch::Sender::new(()),
            preparation,
            metrics,
            clock,
        }
    }

    pub(super) fn now(&self) -> MonotonicTime {
        MonotonicTime::after_start(self.clock.monotonic())
    }

    pub(super) fn page_at_hand(&self, page_id: PageId, came_at: Duration) -> Option<PageCopy> {
        let kept = self
            .pages
            .get(&page_id, MonotonicTime::after_start(came_at))?;
        Some(kept.value)
    }

    pub(super) fn token_at_hand(&self, hash: TokenHash, came_at: Duration) -> Option<Arc<Access>> {
        let kept = self
            .tokens
            .get(&hash, MonotonicTime::after_start(came_at))?;
        Some(kept.value)
    }

    pub(super) async fn page(
        &self,
        page_id: PageId,
        least: Revision,
    ) -> Result<Option<PageCopy>, StoreError> {
        let at_hand = || self.pages.at_least(&page_id, least, self.now());
        if let Some(kept) = at_hand() {
            self.metrics.page_copies.hit();
            return Ok(Some(kept.value));
        }
        self.metrics.page_copies.miss();
        let mut patience = self.patience();
        loop {
            let reading = self.read_page(page_id, least, patience.disproved());
            let outcome = patience.limit(reading).await;
            if let Some(found) = patience.end_or_wait(outcome).await? {
                return Ok(found);
            }
            if let Some(kept) = at_hand() {
                return Ok(Some(kept.value));
            }
        }
    }

    pub(super) async fn token(&self, hash: TokenHash) -> Result<Option<Arc<Access>>, StoreError> {
        if let Some(found) = self.token_at_hand(hash, self.clock.monotonic()) {
            self.metrics.token_copies.hit();
            return Ok(Some(found));
        }
        self.metrics.token_copies.miss();
        let mut patience = self.patience();
        loop {
            let outcome = patience.limit(self.read_token(hash)).await;
            if let Some(found) = patience.end_or_wait(outcome).await? {
                return Ok(found);
            }
        }
    }

    fn patience(&self) -> Patience {
        Patience {
            renewed: self.renewals(),
            deadline: Instant::now() + PATIENCE,
            proofs: 0,
            doubted: None,
        }
    }

    async fn read_page(
        &self,
        page_id: PageId,
        least: Revision,
        disproved: Option<Seen>,
    ) -> Result<Read<Option<PageCopy>>, StoreError> {
        // The ticket before the line: one of the present route is not for a line of an earlier one.
        let ticket = self.pages.begin_fill(page_id, self.now());
        let Some(line) = self.line() else {
            return Ok(Read::NotProven);
        };
        let found = line.page(page_id).await?;
        if !self.pages.vouches_for(&ticket, self.now()) {
            return Ok(Read::NotProven);
        }
        let seen = self.pages.seen(&page_id);
        if let Some(seen) = seen.filter(|seen| found.revision < seen.revision()) {
            if disproved != Some(seen) {
                return Ok(Read::SeenLater(seen));
            }
            tracing::debug!(%page_id, "the revision of a Page went back in the database");
            self.pages.disprove(&page_id, seen);
        }
        let copy = found.record.map(|record| self.preparation.copy(&record));
        if found.revision < least {
            return Ok(Read::NotYet(copy));
        }
        match &copy {
            Some(copy) => {
                let copy = copy.clone();
                let _perhaps_overtaken = self.pages.complete_fill(ticket, copy.revision, copy);
            }
            None => self.pages.hint(&page_id, found.revision),
        }
        Ok(Read::Found(copy))
    }

    async fn read_token(&self, hash: TokenHash) -> Result<Read<Option<Arc<Access>>>, StoreError> {
        let ticket = self.tokens.begin_fill(hash, self.now());
        let Some(line) = self.line() else {
            return Ok(Read::NotProven);
        };
        let found = line.token_with_app(hash).await?;
        if !self.tokens.vouches_for(&ticket, self.now()) {
            return Ok(Read::NotProven);
        }
        let access = found.and_then(Access::of_stored).map(Arc::new);
        if let Some(access) = &access {
            let revision = Revision::default();
            let _perhaps_overtaken =
                self.tokens
                    .complete_fill(ticket, revision, Arc::clone(access));
        }
        Ok(Read::Found(access))
    }

    /// A write of this server, begun at this time, was decided. What its caller is told no copy may
    /// contradict afterwards.
    pub(super) fn decided(&self, page_id: PageId, outcome: &WriteOutcome, begun_at: MonotonicTime) {
        match outcome {
            WriteOutcome::Stored(written) if written.changed => {
                self.written(&written.record, begun_at);
            }
            WriteOutcome::Stored(written) => self.pages.hint(&page_id, written.record.revision),
            WriteOutcome::RevisionMismatch { found } => self.pages.hint(&page_id, *found),
            WriteOutcome::PageMissing => self.pages.hint(&page_id, LATER_THAN_ANY),
        }
    }

    /// What was stored. The acknowledgement proves by itself that the settings were these at some
    /// time since the write began.
    fn written(&self, record: &PageRecord, begun_at: MonotonicTime) {
        let copy = self.preparation.copy(record);
        loop {
            let ticket = self.pages.begin_fill(record.page_id, begun_at);
            let fill = self.pages.written(ticket, record.revision, copy.clone());
            // Overtaken in this very moment, its revision would not be known here as seen.
            if fill != Fill::Invalidated {
                return;
            }
        }
    }

    /// This server has changed something beside settings.
    pub(super) fn invalidated(&self, what: Invalidation) {
        match what {
            Invalidation::Page(page_id) => self.pages.hint(&page_id, LATER_THAN_ANY),
            Invalidation::Token(hash) => self.tokens.hint(&hash, LATER_THAN_ANY),
            Invalidation::App(_) => self.tokens.drop_everything(),
            Invalidation::Everything => self.drop_everything(),
        }
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.pages.lease().holds(self.now()) {
            Ok(())
        } else {
            Err(out_of_reach())
        }
    }

    fn line(&self) -> Option<Arc<dyn Line>> {
        let line = self.line.read().unwrap_or_else(PoisonError::into_inner);
        line.as_ref().map(Arc::clone)
    }

    fn set_line(&self, line: Option<Arc<dyn Line>>) {
        *self.line.write().unwrap_or_else(PoisonError::into_inner) = line;
    }

    /// From now on reads go over this line. There was none before.
    pub(super) fn take_up(&self, line: Arc<dyn Line>) {
        let now = self.now();
        self.pages.channel_restored(now);
        self.tokens.channel_restored(now);
        self.set_line(Some(line));
    }

    /// The line is not to be relied on any more, and neither is what came over it.
    pub(super) fn let_go(&self) {
        // The line first: whoever gets a ticket of the next route finds no line of this one.
        let line = self.line();
        self.set_line(None);
        if let Some(line) = line {
            line.close();
        }
        self.pages.route_replaced();
        self.tokens.route_replaced();
        self.pages.channel_lost();
        self.tokens.channel_lost();
    }

    pub(super) fn drop_everything(&self) {
        self.pages.drop_everything();
        self.tokens.drop_everything();
    }

    /// Begins a heartbeat, before its write is sent.
    pub(super) fn begin_heartbeat(&self) -> Heartbeats {
        let now = self.now();
        Heartbeats {
            pages: self.pages.lease().begin(now),
            tokens: self.tokens.lease().begin(now),
        }
    }

    /// The write of this heartbeat is committed.
    pub(super) fn confirm(&self, heartbeats: &Heartbeats) {
        self.pages.lease().confirm(heartbeats.pages);
        self.tokens.lease().confirm(heartbeats.tokens);
        self.heard();
        self.renewed.send_replace(());
    }

    /// Changes with each renewal of the lease from now on.
    pub(super) fn renewals(&self) -> watch::Receiver<()> {
        self.renewed.subscribe()
    }

    /// How long it is until the next heartbeat.
    pub(super) fn until_heartbeat(&self) -> Duration {
        let now = self.now();
        let next = self.pages.lease().next_heartbeat_at(now);
        next.map_or(Duration::ZERO, |next| next.since(now))
    }

    /// What another server has changed.
    pub(super) fn hinted(&self, hint: Hint) {
        match hint {
            Hint::Page(page_id, revision) => self.pages.hint(&page_id, revision),
            Hint::Token(hash) => self.tokens.hint(&hash, LATER_THAN_ANY),
            Hint::Everything => self.drop_everything(),
        }
    }

    /// Something came over the line.
    pub(super) fn heard(&self) {
        let now = self.now();
        self.pages.channel_heard(now);
        self.tokens.channel_heard(now);
    }

    /// Whether the line has been silent for so long that hints may be lost.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.pages.channel_in_doubt(self.now())
    }
}

fn out_of_reach() -> StoreError {
    StoreError::Unavailable {
        reason: "no line to the leader is proven".to_owned(),
    }
}
