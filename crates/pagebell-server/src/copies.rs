//! Copies of what the store holds, from which reads are answered.
//!
//! A copy is never older than what the store has acknowledged: the writer replaces it before it
//! answers. A fill that was overtaken by such a write is not kept, because the write has taken the
//! place that the fill had reserved.

use std::sync::Arc;

use call_settings::{CallAvailability, CallSettings, PageId};
use graph_api::PreparedSettings;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use settings_store::{
    CommitReport, Invalidation, KeepCopies, PageRecord, Revision, SettingsStore, StoreError,
    StoreObserver, TokenHash,
};
use tokio::sync::watch;

use crate::Limits;
use crate::access::Access;
use crate::metrics::Metrics;

/// A bounded set of copies.
#[derive(Debug)]
pub(crate) struct Copies {
    pages: Cache<PageId, PageCopy, ByBytes>,
    tokens: Cache<TokenHash, Arc<Access>>,
    /// The answers for a Page that was never configured, shared by all of them.
    unconfigured: Arc<PageAnswers>,
    keep: KeepCopies,
    metrics: Arc<Metrics>,
    failure: watch::Sender<Option<String>>,
}

/// Weighs a copy by the memory that it takes.
#[derive(Clone, Debug)]
struct ByBytes;

/// What is kept at hand of a Page.
#[derive(Clone, Debug)]
pub(crate) struct PageCopy {
    /// The revision that it is of.
    pub(crate) revision: Revision,
    /// What its settings answer.
    pub(crate) answers: Arc<PageAnswers>,
}

/// What settings answer.
#[derive(Debug)]
pub(crate) struct PageAnswers {
    /// The answers to reads and updates.
    pub(crate) prepared: PreparedSettings,
    /// The settings compiled for decisions.
    pub(crate) availability: CallAvailability,
}

impl PageAnswers {
    fn new(settings: &CallSettings) -> Self {
        Self {
            prepared: PreparedSettings::new(settings),
            availability: CallAvailability::new(settings),
        }
    }
}

/// What a copy takes beside its body: its own fields, compiled hours of two changes a day, the
/// reference counts and its place in the cache.
const OVERHEAD_BYTES: u64 = 150 + (size_of::<PageCopy>() + size_of::<PageAnswers>()) as u64;

impl Weighter<PageId, PageCopy> for ByBytes {
    fn weight(&self, _page_id: &PageId, copy: &PageCopy) -> u64 {
        copy.answers.prepared.body().len() as u64 + OVERHEAD_BYTES
    }
}

impl Copies {
    pub(crate) fn new(
        limits: &Limits,
        defaults: &CallSettings,
        keep: KeepCopies,
        metrics: Arc<Metrics>,
    ) -> Self {
        // The body of an average Page with hours on five days.
        const TYPICAL_BYTES: u64 = 600 + OVERHEAD_BYTES;
        let expected = usize::try_from(limits.cache_bytes / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self {
            pages: Cache::with_weighter(expected, limits.cache_bytes, ByBytes),
            tokens: Cache::new(limits.cached_tokens),
            unconfigured: Arc::new(PageAnswers::new(defaults)),
            keep,
            metrics,
            failure: watch::Sender::new(None),
        }
    }

    /// The answers for a Page, from memory or else from the store. `None`: there is no such Page.
    pub(crate) async fn page(
        &self,
        store: &dyn SettingsStore,
        page_id: PageId,
    ) -> Result<Option<PageCopy>, StoreError> {
        if self.keep == KeepCopies::Never {
            let record = store.page(page_id).await?;
            return Ok(record.as_ref().map(|record| self.prepare(record)));
        }
        if let Some(found) = self.pages.get(&page_id) {
            self.metrics.page_copies.hit();
            return Ok(Some(found));
        }
        self.metrics.page_copies.miss();
        match self.pages.get_value_or_guard_async(&page_id).await {
            Ok(found) => Ok(Some(found)),
            Err(reserved) => {
                let Some(record) = store.page(page_id).await? else {
                    return Ok(None);
                };
                let copy = self.prepare(&record);
                let _overtaken_by_a_write = reserved.insert(copy.clone());
                Ok(Some(copy))
            }
        }
    }

    /// The answers for a Page, if they are in memory.
    pub(crate) fn page_at_hand(&self, page_id: PageId) -> Option<PageCopy> {
        self.pages.get(&page_id)
    }

    /// A token with its app, if it is in memory.
    pub(crate) fn token_at_hand(&self, token: &str) -> Option<Arc<Access>> {
        self.tokens.get(&TokenHash::of(token))
    }

    /// The answers for settings.
    pub(crate) fn prepare(&self, record: &PageRecord) -> PageCopy {
        let answers = match &record.settings {
            Some(settings) => Arc::new(PageAnswers::new(settings)),
            None => Arc::clone(&self.unconfigured),
        };
        PageCopy {
            revision: record.revision,
            answers,
        }
    }

    /// A token with its app, from memory or else from the store. Tokens that are not known are not
    /// remembered, so that guesses cannot push the known ones out.
    pub(crate) async fn token(
        &self,
        store: &dyn SettingsStore,
        hash: TokenHash,
    ) -> Result<Option<Arc<Access>>, StoreError> {
        if self.keep == KeepCopies::Never {
            return Ok(read_access(store, hash).await?.map(Arc::new));
        }
        if let Some(found) = self.tokens.get(&hash) {
            self.metrics.token_copies.hit();
            return Ok(Some(found));
        }
        self.metrics.token_copies.miss();
        match self.tokens.get_value_or_guard_async(&hash).await {
            Ok(found) => Ok(Some(found)),
            Err(reserved) => {
                let Some(access) = read_access(store, hash).await?.map(Arc::new) else {
                    return Ok(None);
                };
                let _overtaken_by_a_change = reserved.insert(Arc::clone(&access));
                Ok(Some(access))
            }
        }
    }

    /// Becomes the reason when the store can no longer be trusted.
    pub(crate) fn failure(&self) -> watch::Receiver<Option<String>> {
        self.failure.subscribe()
    }
}

/// A token with its app, from the store.
async fn read_access(
    store: &dyn SettingsStore,
    hash: TokenHash,
) -> Result<Option<Access>, StoreError> {
    let found = store.token_with_app(hash).await?;
    Ok(found.map(|(token, app)| Access { token, app }))
}

impl StoreObserver for Copies {
    fn page_written(&self, record: &PageRecord) {
        if self.keep == KeepCopies::UntilTold {
            self.pages.insert(record.page_id, self.prepare(record));
        }
    }

    fn invalidated(&self, what: Invalidation) {
        match what {
            Invalidation::Page(page_id) => {
                self.pages.remove(&page_id);
            }
            Invalidation::Token(hash) => {
                self.tokens.remove(&hash);
            }
            // Apps are kept with their tokens, and change too rarely for anything finer.
            Invalidation::App(_) => self.tokens.clear(),
            Invalidation::Everything => {
                self.pages.clear();
                self.tokens.clear();
            }
        }
    }

    fn group_committed(&self, report: CommitReport) {
        self.metrics.observe_commit(report);
    }

    fn failed(&self, error: &StoreError) {
        self.failure.send_replace(Some(error.to_string()));
    }
}
