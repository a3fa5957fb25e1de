//! Copies of a store that no other server uses.
//!
//! A copy is never older than what the store has acknowledged: the writer replaces it before it
//! answers. A fill that was overtaken by such a write is not kept, because the write has taken the
//! place that the fill had reserved.

use std::sync::Arc;

use call_settings::PageId;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use settings_store::{Invalidation, SettingsStore, StoreError, TokenHash};

use super::prepared::{PageCopy, Preparation, TYPICAL_BYTES};
use super::read_access;
use crate::Limits;
use crate::access::Access;
use crate::metrics::Metrics;

/// A bounded set of copies.
#[derive(Debug)]
pub(super) struct UntilTold {
    pub(super) pages: Cache<PageId, PageCopy, ByBytes>,
    pub(super) tokens: Cache<TokenHash, Arc<Access>>,
    metrics: Arc<Metrics>,
}

/// Weighs a copy by the memory that it takes.
#[derive(Clone, Debug)]
pub(super) struct ByBytes;

impl Weighter<PageId, PageCopy> for ByBytes {
    fn weight(&self, _page_id: &PageId, copy: &PageCopy) -> u64 {
        copy.bytes()
    }
}

impl UntilTold {
    pub(super) fn new(limits: &Limits, metrics: Arc<Metrics>) -> Self {
        let expected = usize::try_from(limits.cache_bytes / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self {
            pages: Cache::with_weighter(expected, limits.cache_bytes, ByBytes),
            tokens: Cache::new(limits.cached_tokens),
            metrics,
        }
    }

    pub(super) async fn page(
        &self,
        store: &dyn SettingsStore,
        preparation: &Preparation,
        page_id: PageId,
    ) -> Result<Option<PageCopy>, StoreError> {
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
                let copy = preparation.copy(&record);
                let _overtaken_by_a_write = reserved.insert(copy.clone());
                Ok(Some(copy))
            }
        }
    }

    pub(super) async fn token(
        &self,
        store: &dyn SettingsStore,
        hash: TokenHash,
    ) -> Result<Option<Arc<Access>>, StoreError> {
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

    pub(super) fn invalidated(&self, what: Invalidation) {
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
}
