//! A store parts of which can be held up.

use std::sync::{Arc, Condvar, Mutex};

use async_trait::async_trait;
use call_settings::PageId;
use jiff::Timestamp;
use settings_store::{
    Added, AppId, AppRecord, HistoryEntry, Imported, MemoryStore, Moved, NewPage, PageChange,
    PageRecord, PagesImport, Revision, SettingsStore, SettingsWrite, StoreError, StoreObserver,
    TokenHash, TokenKey, TokenRecord, WholePage, WriteOutcome,
};
use tokio::sync::Notify;

/// What is held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Searches, as by a file that is read through: they keep their threads.
    Search,
    History,
    Check,
    Close,
    /// As by a database elsewhere that does not answer.
    CheckWithoutThread,
    CloseWithoutThread,
}

#[derive(Debug, Default)]
struct Gate {
    closed: Mutex<Option<Part>>,
    opened: Condvar,
    opened_to_tasks: Notify,
    reached: Notify,
}

#[derive(Debug)]
pub(crate) struct SlowStore {
    store: Arc<MemoryStore>,
    gate: Arc<Gate>,
    broken: Mutex<Option<String>>,
}

/// Holds a part up until it is dropped.
pub(crate) struct Held(Arc<Gate>);

impl Held {
    /// Waits until somebody is held up.
    pub(crate) async fn is_reached(&self) {
        self.0.reached.notified().await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.closed.lock().unwrap() = None;
        self.0.opened.notify_all();
        self.0.opened_to_tasks.notify_waiters();
    }
}

impl SlowStore {
    pub(crate) fn new(store: Arc<MemoryStore>) -> Self {
        Self {
            store,
            gate: Arc::default(),
            broken: Mutex::default(),
        }
    }

    pub(crate) fn hold(&self, part: Part) -> Held {
        *self.gate.closed.lock().unwrap() = Some(part);
        Held(Arc::clone(&self.gate))
    }

    /// Has every look at the store fail from now on.
    pub(crate) fn break_down(&self, reason: &str) {
        *self.broken.lock().unwrap() = Some(reason.to_owned());
    }

    /// Keeps the thread while the part is held up.
    fn pass(&self, part: Part) {
        let mut closed = self.gate.closed.lock().unwrap();
        while *closed == Some(part) {
            self.gate.reached.notify_one();
            closed = self.gate.opened.wait(closed).unwrap();
        }
    }

    /// Waits without a thread while the part is held up.
    async fn pass_waiting(&self, part: Part) {
        loop {
            let opened = self.gate.opened_to_tasks.notified();
            if *self.gate.closed.lock().unwrap() != Some(part) {
                return;
            }
            self.gate.reached.notify_one();
            opened.await;
        }
    }
}

#[async_trait]
impl SettingsStore for SlowStore {
    async fn page(&self, page_id: PageId) -> Result<Option<PageRecord>, StoreError> {
        self.store.page(page_id).await
    }

    async fn update_settings(&self, write: SettingsWrite) -> Result<WriteOutcome, StoreError> {
        self.store.update_settings(write).await
    }

    async fn history(
        &self,
        page_id: PageId,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        self.pass(Part::History);
        self.store.history(page_id, before, limit).await
    }

    async fn add_page(&self, page: NewPage) -> Result<Added, StoreError> {
        self.store.add_page(page).await
    }

    async fn set_page(&self, change: PageChange) -> Result<bool, StoreError> {
        self.store.set_page(change).await
    }

    async fn import_pages(&self, import: PagesImport) -> Result<Imported, StoreError> {
        self.store.import_pages(import).await
    }

    async fn find_pages(
        &self,
        text: &str,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<PageRecord>, StoreError> {
        self.pass(Part::Search);
        self.store.find_pages(text, after, limit).await
    }

    async fn remove_page(&self, page_id: PageId, at: Timestamp) -> Result<bool, StoreError> {
        self.store.remove_page(page_id, at).await
    }

    async fn put_app(&self, app: AppRecord) -> Result<(), StoreError> {
        self.store.put_app(app).await
    }

    async fn app(&self, app_id: AppId) -> Result<Option<AppRecord>, StoreError> {
        self.store.app(app_id).await
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError> {
        self.store.apps().await
    }

    async fn put_token(&self, token: TokenRecord) -> Result<(), StoreError> {
        self.store.put_token(token).await
    }

    async fn token(&self, hash: TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        self.store.token(hash).await
    }

    async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        self.store.tokens().await
    }

    async fn revoke_token(&self, key: TokenKey, at: Timestamp) -> Result<bool, StoreError> {
        self.store.revoke_token(key, at).await
    }

    async fn whole_pages(
        &self,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<WholePage>, StoreError> {
        self.store.whole_pages(after, limit).await
    }

    async fn put_whole_pages(&self, pages: Vec<WholePage>) -> Result<Moved, StoreError> {
        self.store.put_whole_pages(pages).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.pass(Part::Check);
        self.pass_waiting(Part::CheckWithoutThread).await;
        match self.broken.lock().unwrap().clone() {
            Some(reason) => Err(StoreError::Unavailable { reason }),
            None => Ok(()),
        }
    }

    fn set_observer(&self, observer: Arc<dyn StoreObserver>) {
        self.store.set_observer(observer);
    }

    async fn close(&self) {
        self.pass(Part::Close);
        self.pass_waiting(Part::CloseWithoutThread).await;
        self.store.close().await;
    }
}
