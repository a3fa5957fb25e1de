//! A store that keeps nothing beyond its process.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use call_settings::PageId;
use jiff::Timestamp;

use crate::decision::whole_milliseconds;
use crate::{
    Added, AppId, AppRecord, Author, CallingChange, CommitReport, Coverage, Decision, HistoryEntry,
    Imported, Move, Moved, NewPage, PageCalling, PageChange, PageRecord, PageSearch, PagesImport,
    Revision, SettingsStore, SettingsWrite, StoreError, StoreObserver, TokenHash, TokenKey,
    TokenRecord, Unobserved, WholePage, WriteOutcome, Written, check_page_name,
};

/// A store in memory, for tests and for `sqlite::memory:`. All of it is behind one lock that is
/// never held across a wait.
pub struct MemoryStore {
    state: Mutex<State>,
}

struct State {
    pages: BTreeMap<PageId, StoredPage>,
    history: BTreeMap<(PageId, Revision), HistoryEntry>,
    apps: BTreeMap<AppId, AppRecord>,
    tokens: BTreeMap<TokenHash, TokenRecord>,
    observer: Arc<dyn StoreObserver>,
    closed: bool,
}

/// A Page, also one that was removed: its revisions go on when it comes back.
struct StoredPage {
    record: PageRecord,
    removed: bool,
    /// The revision of its newest removal; 0: there was none.
    removed_at: Revision,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                pages: BTreeMap::new(),
                history: BTreeMap::new(),
                apps: BTreeMap::new(),
                tokens: BTreeMap::new(),
                observer: Arc::new(Unobserved),
                closed: false,
            }),
        }
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MemoryStore")
            .finish_non_exhaustive()
    }
}

impl MemoryStore {
    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(StoreError::Unavailable {
                reason: "it is closed".to_owned(),
            });
        }
        Ok(state)
    }
}

impl State {
    fn present(&self, page_id: PageId) -> Option<&PageRecord> {
        self.pages
            .get(&page_id)
            .filter(|page| !page.removed)
            .map(|page| &page.record)
    }

    /// The history of a Page, oldest first.
    fn entries(&self, page_id: PageId) -> impl DoubleEndedIterator<Item = &HistoryEntry> {
        let all = (page_id, Revision::default())..=(page_id, Revision::new(u64::MAX));
        self.history.range(all).map(|(_key, entry)| entry)
    }

    fn add_page(&mut self, page_id: PageId, name: Option<String>) -> Added {
        let page = self.pages.entry(page_id).or_insert_with(|| StoredPage {
            record: PageRecord::unconfigured(page_id, Revision::default()),
            removed: true,
            removed_at: Revision::default(),
        });
        if name.is_some() {
            page.record.name = name;
        }
        if std::mem::take(&mut page.removed) {
            Added::New
        } else {
            Added::AlreadyThere
        }
    }

    fn set_calling(&mut self, page_id: PageId, change: CallingChange) {
        if let Some(page) = self.pages.get_mut(&page_id) {
            page.record.calling = page.record.calling.changed(change);
        }
    }

    /// Takes a Page out of the coverage of every token that names it.
    fn uncover(&mut self, page_id: PageId) {
        for (hash, token) in &mut self.tokens {
            if let Coverage::Pages(pages) = &mut token.coverage
                && pages.remove(&page_id)
            {
                self.observer.invalidated(crate::Invalidation::Token(*hash));
            }
        }
    }

    fn update(&mut self, write: SettingsWrite) -> Result<WriteOutcome, StoreError> {
        if write.create_page && self.present(write.page_id).is_none() {
            self.add_page(write.page_id, None);
        }
        let Some(page) = self
            .pages
            .get_mut(&write.page_id)
            .filter(|page| !page.removed)
        else {
            return Ok(WriteOutcome::PageMissing);
        };
        let page_id = write.page_id;
        let (record, changed) = match write.decide(page.record.clone()) {
            Decision::NoRevisionLeft => {
                return Err(StoreError::no_revision_left(page_id));
            }
            Decision::Unchanged(record) => (record, false),
            Decision::RevisionMismatch { found } => {
                return Ok(WriteOutcome::RevisionMismatch { found });
            }
            Decision::Change { record, entry } => {
                page.record = record.clone();
                self.history.insert((entry.page_id, entry.revision), entry);
                (record, true)
            }
        };
        Ok(WriteOutcome::Stored(Written { record, changed }))
    }
}

#[async_trait]
impl SettingsStore for MemoryStore {
    async fn page(&self, page_id: PageId) -> Result<Option<PageRecord>, StoreError> {
        Ok(self.open()?.present(page_id).cloned())
    }

    async fn update_settings(&self, write: SettingsWrite) -> Result<WriteOutcome, StoreError> {
        let mut state = self.open()?;
        let outcome = state.update(write)?;
        if let WriteOutcome::Stored(written) = &outcome {
            state.observer.page_written(&written.record);
            state.observer.group_committed(CommitReport {
                writes: 1,
                duration: Duration::ZERO,
            });
        }
        Ok(outcome)
    }

    async fn history(
        &self,
        page_id: PageId,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let end = before.map_or(Bound::Included(Revision::new(u64::MAX)), Bound::Excluded);
        let state = self.open()?;
        let removed_at = state.pages.get(&page_id).map(|page| page.removed_at);
        let removed_at = removed_at.unwrap_or_default();
        // A range that is turned round is an error, and nothing is older than the removal.
        if before.is_some_and(|before| before <= removed_at) {
            return Ok(Vec::new());
        }
        let range = (
            Bound::Excluded((page_id, removed_at)),
            match end {
                Bound::Included(revision) => Bound::Included((page_id, revision)),
                Bound::Excluded(revision) => Bound::Excluded((page_id, revision)),
                Bound::Unbounded => Bound::Unbounded,
            },
        );
        let entries = state.history.range(range).rev().take(limit);
        Ok(entries.map(|(_key, entry)| entry.clone()).collect())
    }

    async fn add_page(&self, page: NewPage) -> Result<Added, StoreError> {
        check_page_name(page.page_id, page.name.as_deref())?;
        let mut state = self.open()?;
        let added = state.add_page(page.page_id, page.name);
        if let Some(record) = state.present(page.page_id) {
            state.observer.page_written(record);
        }
        Ok(added)
    }

    async fn set_page(&self, change: PageChange) -> Result<bool, StoreError> {
        check_page_name(change.page_id, change.name.as_deref())?;
        let mut state = self.open()?;
        if state.present(change.page_id).is_none() {
            return Ok(false);
        }
        state.add_page(change.page_id, change.name);
        state.set_calling(change.page_id, change.calling);
        if let Some(record) = state.present(change.page_id) {
            state.observer.page_written(record);
        }
        Ok(true)
    }

    async fn import_pages(&self, import: PagesImport) -> Result<Imported, StoreError> {
        for page in &import.pages {
            check_page_name(page.page_id, page.name.as_deref())?;
        }
        let mut state = self.open()?;
        let mut imported = Imported::default();
        for page in &import.pages {
            let before = state.present(page.page_id).cloned();
            state.add_page(page.page_id, page.name.clone());
            state.set_calling(page.page_id, page.calling);
            state.update(import.write_of(page))?;
            let count = match before {
                None => &mut imported.added,
                Some(before) if Some(&before) != state.present(page.page_id) => {
                    &mut imported.changed
                }
                Some(_) => &mut imported.unchanged,
            };
            *count += 1;
            if let Some(record) = state.present(page.page_id) {
                state.observer.page_written(record);
            }
        }
        Ok(imported)
    }

    async fn find_pages(
        &self,
        text: &str,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<PageRecord>, StoreError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let search = PageSearch::new(text);
        let is_found = |record: &PageRecord| search.finds(record.page_id, record.name.as_deref());
        let state = self.open()?;
        let pages = state.pages.range((start, Bound::Unbounded));
        Ok(pages
            .filter(|(_page_id, page)| !page.removed && is_found(&page.record))
            .take(limit)
            .map(|(_page_id, page)| page.record.clone())
            .collect())
    }

    async fn remove_page(&self, page_id: PageId, at: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let Some(page) = state.pages.get_mut(&page_id).filter(|page| !page.removed) else {
            return Ok(false);
        };
        let revision = page.record.revision.next();
        let revision = revision.ok_or_else(|| StoreError::no_revision_left(page_id))?;
        page.removed = true;
        page.record.name = None;
        page.record.calling = PageCalling::default();
        page.record.revision = revision;
        page.removed_at = page.record.revision;
        let entry = HistoryEntry {
            page_id,
            revision: page.record.revision,
            before: page.record.settings.take(),
            after: None,
            author: Author::default(),
            changed_at: whole_milliseconds(at),
            trace_id: String::new(),
        };
        state.history.insert((page_id, entry.revision), entry);
        state
            .observer
            .invalidated(crate::Invalidation::Page(page_id));
        state.uncover(page_id);
        Ok(true)
    }

    async fn put_app(&self, app: AppRecord) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let app_id = app.app_id;
        state.apps.insert(app_id, app);
        state.observer.invalidated(crate::Invalidation::App(app_id));
        Ok(())
    }

    async fn app(&self, app_id: AppId) -> Result<Option<AppRecord>, StoreError> {
        Ok(self.open()?.apps.get(&app_id).cloned())
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError> {
        Ok(self.open()?.apps.values().cloned().collect())
    }

    async fn put_token(&self, mut token: TokenRecord) -> Result<(), StoreError> {
        let mut state = self.open()?;
        let replaced = state
            .tokens
            .extract_if(.., |hash, present| {
                *hash == token.hash || present.token_id == token.token_id
            })
            .map(|(_hash, present)| present)
            .collect::<Vec<_>>();
        let revoked = replaced.iter().filter_map(|present| present.revoked_at);
        token.revoked_at = revoked.min().or(token.revoked_at);
        let hash = token.hash;
        state.tokens.insert(hash, token);
        let others = replaced.iter().map(|present| present.hash);
        for hash in others.filter(|other| *other != hash).chain([hash]) {
            state.observer.invalidated(crate::Invalidation::Token(hash));
        }
        Ok(())
    }

    async fn token(&self, hash: TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        Ok(self.open()?.tokens.get(&hash).cloned())
    }

    async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        let mut tokens: Vec<_> = self.open()?.tokens.values().cloned().collect();
        tokens.sort_by_key(|token| token.token_id);
        Ok(tokens)
    }

    async fn revoke_token(&self, key: TokenKey, at: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let found = state.tokens.values_mut().find(|token| match key {
            TokenKey::Id(token_id) => token.token_id == token_id,
            TokenKey::Hash(hash) => token.hash == hash,
        });
        let Some(token) = found else {
            return Ok(false);
        };
        token.revoked_at.get_or_insert(whole_milliseconds(at));
        let hash = token.hash;
        state.observer.invalidated(crate::Invalidation::Token(hash));
        Ok(true)
    }

    async fn whole_pages(
        &self,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<WholePage>, StoreError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.open()?;
        let pages = state.pages.range((start, Bound::Unbounded)).take(limit);
        Ok(pages
            .map(|(page_id, page)| WholePage {
                record: page.record.clone(),
                removed: page.removed,
                history: state.entries(*page_id).cloned().collect(),
            })
            .collect())
    }

    async fn put_whole_pages(&self, pages: Vec<WholePage>) -> Result<Moved, StoreError> {
        for page in &pages {
            check_page_name(page.record.page_id, page.record.name.as_deref())?;
        }
        let mut state = self.open()?;
        let mut moved = Moved::default();
        for page in pages {
            let page_id = page.record.page_id;
            let present = state
                .pages
                .get(&page_id)
                .map(|present| (&present.record, present.removed));
            match page.decide(present, state.entries(page_id).last()) {
                Move::Unchanged => moved.unchanged += 1,
                Move::Conflict => moved.conflicts.push(page_id),
                Move::Write { after } => {
                    for entry in page.history_after(after) {
                        let key = (page_id, entry.revision);
                        state.history.insert(key, entry.clone());
                    }
                    let is_former = page.was_removed_after(after);
                    let stored = StoredPage {
                        removed_at: page.newest_removal(),
                        record: page.record,
                        removed: page.removed,
                    };
                    state.pages.insert(page_id, stored);
                    state
                        .observer
                        .invalidated(crate::Invalidation::Page(page_id));
                    if is_former {
                        state.uncover(page_id);
                    }
                    moved.written += 1;
                }
            }
        }
        Ok(moved)
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.open().map(|_state| ())
    }

    fn set_observer(&self, observer: Arc<dyn StoreObserver>) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .observer = observer;
    }

    async fn close(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
    }
}

#[cfg(test)]
mod tests {
    crate::contract_tests!(async || Box::new(crate::MemoryStore::default()));
}
