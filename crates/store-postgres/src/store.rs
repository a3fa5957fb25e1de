//! The store as the server sees it.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use call_settings::PageId;
use jiff::Timestamp;
use settings_store::{
    Added, AppId, AppRecord, BoundedKeeping, HistoryEntry, Imported, Invalidation, KeepCopies,
    Moved, NewPage, PageChange, PageRecord, PageSearch, PagesImport, Revision, SettingsStore,
    SettingsWrite, StoreError, StoreObserver, TokenHash, TokenKey, TokenRecord, Unobserved,
    WholePage, WriteOutcome, check_page_name, signed, signed_ids_after,
};
use tokio::time::timeout;
use tokio_postgres::Row;

use crate::administration;
use crate::batch::Batched;
use crate::calling;
use crate::error::{self, no_answer, stopped, unavailable};
use crate::health;
use crate::hints::{Channel, Hints};
use crate::import;
use crate::line::Lines;
use crate::location::Location;
use crate::moving;
use crate::reads::{self, TokenWithApp};
use crate::rows::{self, APP_COLUMNS, PAGE_COLUMNS, PageRow, TOKEN_COLUMNS};
use crate::schema::{self, Upgrade};
use crate::search;
use crate::sessions::{Sessions, TRY_TIME};
use crate::writes::{Observers, Writer};

/// How long closing the store may take.
const CLOSE_TIME: Duration = Duration::from_secs(10);

/// A store in a PostgreSQL database, which any number of servers may share.
pub struct PostgresStore {
    sessions: Arc<Sessions>,
    observers: Arc<Observers>,
    keep_copies: KeepCopies,
    hints: Option<Hints>,
    open: Mutex<Option<Open>>,
}

/// What servers of a store see of each other's changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coherence {
    /// Each read sees all that was acknowledged before it began, whoever wrote it.
    Strict,
    /// An answer may be so old when its request arrives. Not zero.
    Bounded(Duration),
}

/// What lives until the store is closed.
struct Open {
    pages: Arc<Batched<PageId, PageRow>>,
    tokens: Arc<Batched<TokenHash, TokenWithApp>>,
    writer: Writer,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PostgresStore")
            .finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects, brings the schema up to date and starts what serves. It lives on the present runtime.
    pub async fn open(location: &Location, coherence: Coherence) -> Result<Self, StoreError> {
        Self::start(location, coherence, Upgrade::Allowed).await
    }

    /// Connects to a store for reading: the schema is left as it is, and has to be up to date.
    ///
    /// # Errors
    ///
    /// The database cannot be reached, or has no store of this version.
    pub async fn open_for_reading(location: &Location) -> Result<Self, StoreError> {
        Self::start(location, Coherence::Strict, Upgrade::Refused).await
    }

    async fn start(
        location: &Location,
        coherence: Coherence,
        upgrade: Upgrade,
    ) -> Result<Self, StoreError> {
        let sessions = Arc::new(Sessions::new(location)?);
        schema::prepare(&sessions, location, upgrade).await?;
        let (keep_copies, channel) = match coherence {
            Coherence::Strict => (KeepCopies::Never, None),
            Coherence::Bounded(bound) => bounded(bound, location, &sessions).await?,
        };
        let hints = channel.map(|channel| Hints::start(Arc::clone(&sessions), channel));
        let observers = Arc::new(Observers::new(Arc::new(Unobserved)));
        let writer = Writer::start(Arc::clone(&sessions), Arc::clone(&observers), hints.clone());
        let open = Open {
            pages: Arc::new(Batched::start(&reads::pages(&sessions))),
            tokens: Arc::new(Batched::start(&reads::tokens(&sessions))),
            writer,
        };
        Ok(Self {
            sessions,
            observers,
            keep_copies,
            hints,
            open: Mutex::new(Some(open)),
        })
    }

    /// Closes the store within a time: finishes what is under way, and after half of the time
    /// refuses the updates that were not sent to the database yet.
    pub async fn close_within(&self, limit: Duration) {
        let open = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(open) = open else { return };
        open.writer.close(limit).await;
        self.sessions.close();
    }

    /// A part of what lives until the store is closed; an error after that.
    fn part<T>(&self, part: impl FnOnce(&Open) -> T) -> Result<T, StoreError> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(part).ok_or_else(stopped)
    }

    /// The connections, unless the store is closed.
    fn sessions(&self) -> Result<&Sessions, StoreError> {
        self.part(|_open| ())?;
        Ok(&self.sessions)
    }

    fn tell(&self, what: Invalidation) {
        if let Some(hints) = &self.hints {
            hints.send_invalidation(what);
        }
        self.observers.get().invalidated(what);
    }

    async fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        self.sessions()?.search(sql, parameters).await
    }

    /// Appends the first Pages whose signed ids are in a range, in the order of these, until there
    /// are `limit`.
    async fn append_pages(
        &self,
        found: &mut Vec<PageRecord>,
        ids: RangeInclusive<i64>,
        limit: usize,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT {PAGE_COLUMNS} FROM page \
             WHERE page_id >= $1 AND page_id <= $2 AND NOT removed ORDER BY page_id LIMIT $3"
        );
        let (mut first, last) = ids.into_inner();
        while found.len() < limit {
            let missing = limit - found.len();
            let count = i64::try_from(missing).unwrap_or(i64::MAX);
            let rows = self.rows(&sql, &[&first, &last, &count]).await?;
            for row in &rows {
                let row = self.observers.readable(rows::page(row))?;
                found.extend(row.map(|row| row.record));
            }
            let Some(newest) = rows.last().filter(|_| rows.len() == missing) else {
                break;
            };
            match signed(rows::page_id(newest)?.get()).checked_add(1) {
                Some(next) if next <= last => first = next,
                _ => break,
            }
        }
        Ok(())
    }
}

/// How copies are kept for a bounded time on this database, and where it carries hints.
async fn bounded(
    bound: Duration,
    location: &Location,
    sessions: &Sessions,
) -> Result<(KeepCopies, Option<Channel>), StoreError> {
    let channel = Channel::of(sessions).await?;
    let session = sessions.take().await?;
    let listen = channel.listen_sql();
    let listening = timeout(TRY_TIME, session.batch_execute(&listen)).await;
    session.discard();
    let channel = match listening.map_err(|_elapsed| no_answer())? {
        Ok(()) => Some(channel),
        // Not every engine knows it.
        Err(error) if error.as_db_error().is_some() => {
            tracing::info!("the database carries no hints: copies grow as old as the bound");
            None
        }
        Err(error) => return Err(error::of_statement(&error)),
    };
    let hints = channel.is_some();
    let lines = Lines::new(location, channel.clone()).map_err(unavailable)?;
    let keeping = BoundedKeeping {
        bound,
        lines: Arc::new(lines),
        hints,
    };
    Ok((KeepCopies::Bounded(keeping), channel))
}

#[async_trait]
impl SettingsStore for PostgresStore {
    fn keep_copies(&self) -> KeepCopies {
        self.keep_copies.clone()
    }

    async fn page(&self, page_id: PageId) -> Result<Option<PageRecord>, StoreError> {
        let pages = self.part(|open| Arc::clone(&open.pages))?;
        let row = pages.get(page_id).await?;
        Ok(row.filter(|row| !row.removed).map(|row| row.record))
    }

    async fn update_settings(&self, write: SettingsWrite) -> Result<WriteOutcome, StoreError> {
        let entrance = self.part(|open| open.writer.entrance())?;
        entrance.write(write).await
    }

    async fn history(
        &self,
        page_id: PageId,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        administration::history(self.sessions()?, page_id, before, limit).await
    }

    async fn add_page(&self, page: NewPage) -> Result<Added, StoreError> {
        check_page_name(page.page_id, page.name.as_deref())?;
        let added = administration::add_page(self.sessions()?, &page).await?;
        self.tell(Invalidation::Page(page.page_id));
        Ok(added)
    }

    async fn set_page(&self, change: PageChange) -> Result<bool, StoreError> {
        check_page_name(change.page_id, change.name.as_deref())?;
        let found = calling::set_page(self.sessions()?, &change).await?;
        if found {
            self.tell(Invalidation::Page(change.page_id));
        }
        Ok(found)
    }

    async fn import_pages(&self, import: PagesImport) -> Result<Imported, StoreError> {
        for page in &import.pages {
            check_page_name(page.page_id, page.name.as_deref())?;
        }
        let imported = import::import(self.sessions()?, &import).await?;
        if imported.added + imported.changed > 0 {
            self.tell(Invalidation::Everything);
        }
        Ok(imported)
    }

    async fn find_pages(
        &self,
        text: &str,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<PageRecord>, StoreError> {
        let search = PageSearch::new(text);
        if !search.finds_all() {
            let sessions = self.sessions()?;
            return search::find(sessions, &self.observers, &search, after, limit).await;
        }
        let mut found = Vec::new();
        for ids in signed_ids_after(after) {
            self.append_pages(&mut found, ids, limit).await?;
        }
        Ok(found)
    }

    async fn remove_page(&self, page_id: PageId, at: Timestamp) -> Result<bool, StoreError> {
        let tokens = administration::remove_page(self.sessions()?, page_id, at).await?;
        self.tell(Invalidation::Page(page_id));
        for hash in tokens.iter().flatten() {
            self.tell(Invalidation::Token(*hash));
        }
        Ok(tokens.is_some())
    }

    async fn put_app(&self, app: AppRecord) -> Result<(), StoreError> {
        administration::put_app(self.sessions()?, &app).await?;
        self.tell(Invalidation::App(app.app_id));
        Ok(())
    }

    async fn app(&self, app_id: AppId) -> Result<Option<AppRecord>, StoreError> {
        let sql = format!("SELECT {APP_COLUMNS} FROM app WHERE app_id = $1");
        let rows = self.rows(&sql, &[&signed(app_id.get())]).await?;
        rows.first().map(rows::app).transpose()
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError> {
        let sql = format!("SELECT {APP_COLUMNS} FROM app ORDER BY app_id < 0, app_id");
        self.rows(&sql, &[]).await?.iter().map(rows::app).collect()
    }

    async fn put_token(&self, token: TokenRecord) -> Result<(), StoreError> {
        let replaced = administration::put_token(self.sessions()?, &token).await?;
        let others = replaced.into_iter().filter(|hash| *hash != token.hash);
        for hash in others.chain([token.hash]) {
            self.tell(Invalidation::Token(hash));
        }
        Ok(())
    }

    async fn token(&self, hash: TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        let found = self.token_with_app(hash).await?;
        Ok(found.map(|(token, _app)| token))
    }

    async fn token_with_app(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(TokenRecord, Option<AppRecord>)>, StoreError> {
        let tokens = self.part(|open| Arc::clone(&open.tokens))?;
        tokens.get(hash).await
    }

    async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        let sql = format!("SELECT {TOKEN_COLUMNS} FROM token ORDER BY token_id < 0, token_id");
        self.rows(&sql, &[])
            .await?
            .iter()
            .map(rows::token)
            .collect()
    }

    async fn revoke_token(&self, key: TokenKey, at: Timestamp) -> Result<bool, StoreError> {
        let hash = administration::revoke_token(self.sessions()?, key, at).await?;
        if let Some(hash) = hash {
            self.tell(Invalidation::Token(hash));
        }
        Ok(hash.is_some())
    }

    async fn whole_pages(
        &self,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<WholePage>, StoreError> {
        let mut pages = Vec::new();
        for ids in signed_ids_after(after) {
            let sessions = self.sessions()?;
            moving::append_whole_pages(&mut pages, sessions, &self.observers, ids, limit).await?;
        }
        Ok(pages)
    }

    async fn put_whole_pages(&self, pages: Vec<WholePage>) -> Result<Moved, StoreError> {
        for page in &pages {
            check_page_name(page.record.page_id, page.record.name.as_deref())?;
        }
        let moved = moving::put_whole_pages(self.sessions()?, &pages).await?;
        if moved.written > 0 {
            self.tell(Invalidation::Everything);
        }
        Ok(moved)
    }

    async fn check(&self) -> Result<(), StoreError> {
        health::check(self.sessions()?).await
    }

    fn set_observer(&self, observer: Arc<dyn StoreObserver>) {
        self.observers.set(observer);
    }

    async fn close(&self) {
        self.close_within(CLOSE_TIME).await;
    }
}
