//! A database with a leader that can be replaced, and stores of several servers on it.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use call_settings::PageId;
use jiff::Timestamp;
use settings_store::{
    Added, AppId, AppRecord, BoundedKeeping, Hint, HistoryEntry, Imported, KeepCopies, Line,
    MemoryStore, Moved, NewPage, OpenLine, PageAtLeader, PageChange, PageRecord, PagesImport,
    Revision, SettingsStore, SettingsWrite, StoreError, StoreObserver, TokenHash, TokenKey,
    TokenRecord, WholePage, WriteOutcome,
};
use tokio::sync::{broadcast, watch};
use tokio::time::sleep;

/// How long a statement takes.
const ROUND_TRIP: Duration = Duration::from_millis(2);
/// After how long a commit that does not end is given up.
const TRY_TIME: Duration = Duration::from_secs(5);

/// One node, which leads until it is deposed. Then it still answers reads, and finishes no commit.
#[derive(Debug)]
struct Node {
    content: Mutex<Arc<MemoryStore>>,
    leads: AtomicBool,
}

impl Node {
    fn content(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.content.lock().unwrap())
    }

    async fn copy(&self) -> Arc<MemoryStore> {
        let (content, copy) = (self.content(), MemoryStore::default());
        let pages = content.whole_pages(None, usize::MAX).await.unwrap();
        copy.put_whole_pages(pages).await.unwrap();
        for token in content.tokens().await.unwrap() {
            copy.put_token(token).await.unwrap();
        }
        Arc::new(copy)
    }
}

/// Nodes, of which one leads.
#[derive(Debug)]
pub(crate) struct Database {
    leader: Mutex<Arc<Node>>,
    /// Whether servers hint at their writes.
    hints: AtomicBool,
    channel: broadcast::Sender<Hint>,
    /// How long a write takes on its way to the leader and, again, on its way back, in milliseconds.
    write_way: AtomicU64,
    /// Counts up when all lines break.
    broken: watch::Sender<u64>,
}

impl Database {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            leader: Mutex::new(Arc::new(Node {
                content: Mutex::default(),
                leads: AtomicBool::new(true),
            })),
            hints: AtomicBool::new(true),
            channel: broadcast::Sender::new(1000),
            write_way: AtomicU64::new(2),
            broken: watch::Sender::new(0),
        })
    }

    /// A store of one more server.
    pub(crate) fn store(self: &Arc<Self>, bound: Option<Duration>) -> Shared {
        Shared {
            database: Arc::clone(self),
            bound,
        }
    }

    pub(crate) fn lose_hints(&self) {
        self.hints.store(false, Ordering::SeqCst);
    }

    pub(crate) fn slow_writes_down(&self, way: Duration) {
        let way = u64::try_from(way.as_millis()).unwrap();
        self.write_way.store(way, Ordering::SeqCst);
    }

    /// Breaks every line; servers open others.
    pub(crate) fn break_lines(&self) {
        self.broken.send_modify(|times| *times += 1);
    }

    /// Another node leads, with all that was acknowledged. Lines to the former leader stay.
    pub(crate) async fn fail_over(&self) {
        let former = self.leader();
        former.leads.store(false, Ordering::SeqCst);
        *self.leader.lock().unwrap() = Arc::new(Node {
            content: Mutex::new(former.copy().await),
            leads: AtomicBool::new(true),
        });
    }

    /// What the leader has now, for [`put_back`](Self::put_back).
    pub(crate) async fn backup(&self) -> Arc<MemoryStore> {
        self.leader().copy().await
    }

    /// The leader has from now on what was in the backup, and lines to it stay.
    pub(crate) fn put_back(&self, backup: Arc<MemoryStore>) {
        *self.leader().content.lock().unwrap() = backup;
    }

    fn leader(&self) -> Arc<Node> {
        Arc::clone(&self.leader.lock().unwrap())
    }

    fn hint(&self, hint: Hint) {
        if self.hints.load(Ordering::SeqCst) {
            let _nobody_listens = self.channel.send(hint);
        }
    }
}

/// Opens lines.
#[derive(Debug)]
struct Lines(Arc<Database>);

struct NodeLine {
    node: Arc<Node>,
    hints: tokio::sync::Mutex<broadcast::Receiver<Hint>>,
    broken: watch::Receiver<u64>,
    closed: watch::Sender<bool>,
}

impl fmt::Debug for NodeLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NodeLine").finish_non_exhaustive()
    }
}

fn broken() -> StoreError {
    StoreError::Unavailable {
        reason: "the line is broken".to_owned(),
    }
}

impl NodeLine {
    async fn round_trip(&self) -> Result<(), StoreError> {
        sleep(ROUND_TRIP).await;
        match self.broken.has_changed() {
            Ok(false) if !*self.closed.borrow() => Ok(()),
            _ => Err(broken()),
        }
    }
}

#[async_trait]
impl OpenLine for Lines {
    async fn open_line(&self) -> Result<Arc<dyn Line>, StoreError> {
        sleep(ROUND_TRIP).await;
        let Self(database) = self;
        Ok(Arc::new(NodeLine {
            node: database.leader(),
            hints: tokio::sync::Mutex::new(database.channel.subscribe()),
            broken: database.broken.subscribe(),
            closed: watch::Sender::new(false),
        }))
    }
}

#[async_trait]
impl Line for NodeLine {
    async fn prove(&self) -> Result<(), StoreError> {
        self.round_trip().await?;
        if !self.node.leads.load(Ordering::SeqCst) {
            sleep(TRY_TIME).await;
            return Err(broken());
        }
        Ok(())
    }

    async fn page(&self, page_id: PageId) -> Result<PageAtLeader, StoreError> {
        self.round_trip().await?;
        let record = self.node.content().page(page_id).await?;
        let revision = record.as_ref().map(|record| record.revision);
        Ok(PageAtLeader {
            revision: revision.unwrap_or_default(),
            record,
        })
    }

    async fn token_with_app(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(TokenRecord, Option<AppRecord>)>, StoreError> {
        self.round_trip().await?;
        self.node.content().token_with_app(hash).await
    }

    async fn hints(&self) -> Result<Vec<Hint>, StoreError> {
        let mut hints = self.hints.lock().await;
        let mut gone = self.broken.clone();
        tokio::select! {
            hint = hints.recv() => hint.map(|hint| vec![hint]).map_err(|_error| broken()),
            _ = gone.changed() => Err(broken()),
        }
    }

    fn close(&self) {
        self.closed.send_replace(true);
    }
}

/// The store of one server.
#[derive(Debug)]
pub(crate) struct Shared {
    database: Arc<Database>,
    bound: Option<Duration>,
}

impl Shared {
    fn content(&self) -> Arc<Node> {
        self.database.leader()
    }
}

#[async_trait]
impl SettingsStore for Shared {
    async fn page(&self, page_id: PageId) -> Result<Option<PageRecord>, StoreError> {
        sleep(ROUND_TRIP).await;
        self.content().content().page(page_id).await
    }

    async fn update_settings(&self, write: SettingsWrite) -> Result<WriteOutcome, StoreError> {
        let page_id = write.page_id;
        let way = Duration::from_millis(self.database.write_way.load(Ordering::SeqCst));
        sleep(way).await;
        let outcome = self.content().content().update_settings(write).await?;
        sleep(way).await;
        if let WriteOutcome::Stored(written) = &outcome {
            self.database
                .hint(Hint::Page(page_id, written.record.revision));
        }
        Ok(outcome)
    }

    async fn history(
        &self,
        page_id: PageId,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        self.content()
            .content()
            .history(page_id, before, limit)
            .await
    }

    async fn add_page(&self, page: NewPage) -> Result<Added, StoreError> {
        self.content().content().add_page(page).await
    }

    async fn set_page(&self, change: PageChange) -> Result<bool, StoreError> {
        self.content().content().set_page(change).await
    }

    async fn import_pages(&self, import: PagesImport) -> Result<Imported, StoreError> {
        self.content().content().import_pages(import).await
    }

    async fn find_pages(
        &self,
        text: &str,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<PageRecord>, StoreError> {
        self.content()
            .content()
            .find_pages(text, after, limit)
            .await
    }

    async fn remove_page(&self, page_id: PageId, at: Timestamp) -> Result<bool, StoreError> {
        self.content().content().remove_page(page_id, at).await
    }

    async fn put_app(&self, app: AppRecord) -> Result<(), StoreError> {
        self.content().content().put_app(app).await
    }

    async fn app(&self, app_id: AppId) -> Result<Option<AppRecord>, StoreError> {
        self.content().content().app(app_id).await
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError> {
        self.content().content().apps().await
    }

    async fn put_token(&self, token: TokenRecord) -> Result<(), StoreError> {
        self.content().content().put_token(token).await
    }

    async fn token(&self, hash: TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        self.content().content().token(hash).await
    }

    async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        self.content().content().tokens().await
    }

    async fn revoke_token(&self, key: TokenKey, at: Timestamp) -> Result<bool, StoreError> {
        self.content().content().revoke_token(key, at).await
    }

    async fn whole_pages(
        &self,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<WholePage>, StoreError> {
        self.content().content().whole_pages(after, limit).await
    }

    async fn put_whole_pages(&self, pages: Vec<WholePage>) -> Result<Moved, StoreError> {
        self.content().content().put_whole_pages(pages).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.content().content().check().await
    }

    fn keep_copies(&self) -> KeepCopies {
        self.bound.map_or(KeepCopies::Never, |bound| {
            KeepCopies::Bounded(BoundedKeeping {
                bound,
                lines: Arc::new(Lines(Arc::clone(&self.database))),
                hints: true,
            })
        })
    }

    /// Nobody: what one server writes no other hears of but by hints.
    fn set_observer(&self, _observer: Arc<dyn StoreObserver>) {}

    async fn close(&self) {}
}
