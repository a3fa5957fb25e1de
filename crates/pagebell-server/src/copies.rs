//! Copies of what the store holds, from which reads are answered.

mod bounded;
mod prepared;
mod until_told;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use call_settings::{CallSettings, PageId};
use settings_store::{
    CommitReport, Invalidation, KeepCopies, PageRecord, Revision, SettingsStore, StoreError,
    StoreObserver, TokenHash, WriteOutcome,
};
use tokio::sync::watch;

use self::bounded::Bounded;
use self::prepared::Preparation;
use self::until_told::UntilTold;
use self::upkeep::Upkeep;
use crate::access::Access;
use crate::metrics::Metrics;
use crate::{Clock, Limits};

pub(crate) use self::prepared::PageCopy;

/// A limited set of copies.
#[derive(Debug)]
pub(crate) struct Copies {
    kept: Kept,
    preparation: Arc<Preparation>,
    metrics: Arc<Metrics>,
    failure: watch::Sender<Option<String>>,
}

/// What is kept.
#[derive(Debug)]
enum Kept {
    /// Nothing: each read asks the store.
    Nothing,
    /// Until the store tells of a change.
    UntilTold(UntilTold),
    /// For a bounded time.
    Bounded {
        copies: Arc<Bounded>,
        _upkeep: Upkeep,
    },
}

impl Copies {
    /// Where copies are kept for a bounded time, their upkeep begins on the present runtime.
    pub(crate) fn new(
        limits: &Limits,
        defaults: &CallSettings,
        keep: KeepCopies,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let preparation = Arc::new(Preparation::new(defaults));
        let failure = watch::Sender::new(None);
        let kept = match keep {
            KeepCopies::Never => Kept::Nothing,
            KeepCopies::UntilTold => Kept::UntilTold(UntilTold::new(limits, Arc::clone(&metrics))),
            KeepCopies::Bounded(keeping) => {
                let copies = Bounded::new(
                    &keeping,
                    limits,
                    Arc::clone(&preparation),
                    Arc::clone(&metrics),
                    clock,
                );
                let copies = Arc::new(copies);
                Kept::Bounded {
                    _upkeep: Upkeep::start(Arc::clone(&copies), keeping.lines, failure.clone()),
                    copies,
                }
            }
        };
        Self {
            kept,
            preparation,
            metrics,
            failure,
        }
    }

    /// The answers for a Page, at this revision or a later one, from memory or else from the store.
    /// `None`: there is no such Page. The store may have an earlier revision only.
    pub(crate) async fn page(
        &self,
        store: &dyn SettingsStore,
        page_id: PageId,
        least: Revision,
    ) -> Result<Option<PageCopy>, StoreError> {
        match &self.kept {
            Kept::Nothing => {
                let record = store.page(page_id).await?;
                Ok(record.as_ref().map(|record| self.prepare(record)))
            }
            Kept::UntilTold(copies) => copies.page(store, &self.preparation, page_id).await,
            Kept::Bounded { copies, .. } => copies.page(page_id, least).await,
        }
    }

    /// The answers for a Page, if they are in memory, to a request that came at this monotonic time.
    pub(crate) fn page_at_hand(&self, page_id: PageId, came_at: Duration) -> Option<PageCopy> {
        match &self.kept {
            Kept::Nothing => None,
            Kept::UntilTold(copies) => copies.pages.get(&page_id),
            Kept::Bounded { copies, .. } => copies.page_at_hand(page_id, came_at),
        }
    }

    /// A token with its app, if it is in memory, for a request that came at this monotonic time.
    pub(crate) fn token_at_hand(&self, token: &str, came_at: Duration) -> Option<Arc<Access>> {
        match &self.kept {
            Kept::Nothing => None,
            Kept::UntilTold(copies) => copies.tokens.get(&TokenHash::of(token)),
            Kept::Bounded { copies, .. } => copies.token_at_hand(TokenHash::of(token), came_at),
        }
    }

    /// The answers for settings.
    pub(crate) fn prepare(&self, record: &PageRecord) -> PageCopy {
        self.preparation.copy(record)
    }

    /// A token with its app, from memory or else from the store. Tokens that are not known are not
    /// remembered, so that guesses cannot push the known ones out.
    pub(crate) async fn token(
        &self,
        store: &dyn SettingsStore,
        hash: TokenHash,
    ) -> Result<Option<Arc<Access>>, StoreError> {
        match &self.kept {
            Kept::Nothing => Ok(read_access(store, hash).await?.map(Arc::new)),
            Kept::UntilTold(copies) => copies.token(store, hash).await,
            Kept::Bounded { copies, .. } => copies.token(hash).await,
        }
    }

    /// The time that a write of this server begins at.
    pub(crate) fn begin_write(&self) -> WriteBegun {
        WriteBegun(match &self.kept {
            Kept::Bounded { copies, .. } => Some(copies.now()),
            Kept::Nothing | Kept::UntilTold(_) => None,
        })
    }

    /// The store has decided a write that began then, and its caller does not know yet.
    pub(crate) fn decided(&self, begun: WriteBegun, page_id: PageId, outcome: &WriteOutcome) {
        if let (Kept::Bounded { copies, .. }, WriteBegun(Some(begun_at))) = (&self.kept, begun) {
            copies.decided(page_id, outcome, begun_at);
        }
    }

    /// Whether reads can be answered, as far as that is known here.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match &self.kept {
            Kept::Bounded { copies, .. } => copies.check(),
            Kept::Nothing | Kept::UntilTold(_) => Ok(()),
        }
    }

    /// Becomes the reason when the store can no longer be trusted.
    pub(crate) fn failure(&self) -> watch::Receiver<Option<String>> {
        self.failure.subscribe()
    }
}

/// When a write of this server began, where that matters.
#[derive(Debug)]
#[must_use = "what a write has made old is to be told"]
pub(crate) struct WriteBegun(Option<bounded_copies::MonotonicTime>);

/// A token with its app, from the store.
async fn read_access(
    store: &dyn SettingsStore,
    hash: TokenHash,
) -> Result<Option<Access>, StoreError> {
    let found = store.token_with_app(hash).await?;
    Ok(found.and_then(Access::of_stored))
}

impl StoreObserver for Copies {
    fn page_written(&self, record: &PageRecord) {
        if let Kept::UntilTold(copies) = &self.kept {
            copies.pages.insert(record.page_id, self.prepare(record));
        }
    }

    fn invalidated(&self, what: Invalidation) {
        match &self.kept {
            Kept::Nothing => {}
            Kept::UntilTold(copies) => copies.invalidated(what),
            Kept::Bounded { copies, .. } => copies.invalidated(what),
        }
    }

    fn group_committed(&self, report: CommitReport) {
        self.metrics.observe_commit(report);
    }

    fn left_out(&self, error: &StoreError) {
        tracing::error!(%error, "a Page is left out of a list");
    }

    fn failed(&self, error: &StoreError) {
        self.failure.send_replace(Some(error.to_string()));
    }
}
