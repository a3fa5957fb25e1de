//! The store as the server sees it.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use call_settings::PageId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use settings_store::{
    Added, AppId, AppRecord, HistoryEntry, Imported, Invalidation, Moved, NewPage, PageChange,
    PageRecord, PageSearch, PagesImport, Revision, SettingsStore, SettingsWrite, StoreError,
    StoreObserver, TokenHash, TokenKey, TokenRecord, Unobserved, WholePage, WriteOutcome,
    check_page_name, signed, signed_ids_after,
};
use tokio::sync::oneshot;

use crate::administration;
use crate::answers;
use crate::checkpoint::Checkpoints;
use crate::connection::{Purpose, cannot_create};
use crate::detached::OpenFile;
use crate::error::{of_read, stopped};
use crate::history::{self, Lives};
use crate::import;
use crate::lock::{ServerLock, UseLock};
use crate::moving;
use crate::place;
use crate::readers::Readers;
use crate::rows::{self, APP_COLUMNS, PAGE_COLUMNS, TOKEN_COLUMNS};
use crate::schema;
use crate::search::Searches;
use crate::writer::{Command, Shared, Transaction, Writer};

/// Who opens the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A server: the only one on the file, as it keeps copies of what is in it.
    Server,
    /// The command line, beside a server or alone.
    Administration,
}

/// A store in one SQLite file.
pub struct SqliteStore {
    readers: Arc<Readers>,
    searches: Searches,
    file: OpenFile,
    open: Mutex<Option<Open>>,
    shared: Arc<Shared>,
}

/// What lives until the store is closed.
struct Open {
    writer: Sender<Command>,
    checkpoints: Option<Checkpoints>,
    _lock: Option<ServerLock>,
    _in_use: UseLock,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqliteStore")
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the file, which is made if it is missing, and brings its schema up to date.
    pub fn open(path: &Path, role: Role) -> Result<Self, StoreError> {
        let server = role == Role::Server;
        let path = &place::resolve(path)?;
        place::refuse_wal_alone(path)?;
        let in_use = UseLock::shared(path)?;
        place::create_private(path).map_err(|error| cannot_create(path, &error))?;
        place::refuse_hard_links(path)?;
        let lock = server.then(|| ServerLock::take(path)).transpose()?;
        let shared = Arc::new(Shared::new(Arc::new(Unobserved)));
        let purpose = if server {
            Purpose::Write
        } else {
            Purpose::WriteAndCheckpoint
        };
        let writer = Writer::start(path, purpose, Arc::clone(&shared))?;
        let readers = Arc::new(Readers::open(path)?);
        let checkpoints = server
            .then(|| Checkpoints::start(path, Arc::clone(&shared)))
            .transpose()?;
        if server {
            place::warn_of_other_readers(path);
        }
        Ok(Self {
            searches: Searches::new(Arc::clone(&readers), Arc::clone(&shared)),
            readers,
            file: OpenFile::at(path)?,
            open: Mutex::new(Some(Open {
                writer,
                checkpoints,
                _lock: lock,
                _in_use: in_use,
            })),
            shared,
        })
    }

    fn send(&self, command: Command) -> Result<(), StoreError> {
        if self.shared.has_failed() {
            return Err(stopped());
        }
        self.file.refuse_detached()?;
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref()
            .and_then(|open| open.writer.send(command).ok())
            .ok_or_else(stopped)
    }

    /// What to answer when the writer has gone without an answer. Unless the store was closed, that
    /// is a fault, after which nobody knows what was stored.
    fn without_writer(&self) -> StoreError {
        let is_open = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some();
        if !is_open {
            return stopped();
        }
        let error = StoreError::OutcomeUnknown {
            reason: "its writer ended".to_owned(),
        };
        self.shared.fail(&error);
        error
    }

    /// Runs administrative work on the writer's thread, in a transaction of its own. What `tell`
    /// gets is told to the observer once the transaction is on disk.
    async fn administrate<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        tell: impl FnOnce(&T, &dyn StoreObserver) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.send(Command::Administration(Box::new(
            move |transaction: &mut Transaction<'_>| {
                let result = transaction.run(work);
                if let Ok(value) = &result {
                    tell(value, &*transaction.observer());
                }
                let _caller_is_gone = sender.send(result);
            },
        )))?;
        receiver
            .await
            .unwrap_or_else(|_writer_is_gone| Err(self.without_writer()))
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        read(&*self.readers.take()?).map_err(|error| of_read(&error))
    }

    /// Reads with several statements in one transaction: a lock of the file is taken once, and all
    /// of them see the same commits.
    fn read_at_one_moment<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.readers.take()?;
        let transaction = connection
            .unchecked_transaction()
            .map_err(|error| of_read(&error))?;
        let value = read(&transaction)?;
        transaction.commit().map_err(|error| of_read(&error))?;
        Ok(value)
    }

    /// Pages whose signed ids are in a range, appended to those found already.
    fn append_pages(
        &self,
        found: &mut Vec<PageRecord>,
        ids: RangeInclusive<i64>,
        limit: usize,
    ) -> Result<(), StoreError> {
        let connection = self.readers.take()?;
        // The rows come in the order of the key, one step at a time: no row behind the last one
        // that is wanted is read.
        let sql = format!(
            "SELECT {PAGE_COLUMNS} FROM page WHERE page_id >= ?1 AND page_id <= ?2 AND removed = 0 \
             ORDER BY page_id"
        );
        let mut statement = connection
            .prepare_cached(&sql)
            .map_err(|error| of_read(&error))?;
        let mut rows = statement
            .query(params![ids.start(), ids.end()])
            .map_err(|error| of_read(&error))?;
        while found.len() < limit
            && let Some(row) = rows.next().map_err(|error| of_read(&error))?
        {
            if let Some(row) = self.shared.readable(rows::page(row))? {
                found.push(row.record);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl SettingsStore for SqliteStore {
    async fn page(&self, page_id: PageId) -> Result<Option<PageRecord>, StoreError> {
        let row = rows::find_page(&*self.readers.take()?, page_id)?;
        Ok(row.filter(|row| !row.removed).map(|row| row.record))
    }

    async fn update_settings(&self, write: SettingsWrite) -> Result<WriteOutcome, StoreError> {
        let (waiting, expected) = answers::channel();
        self.send(Command::Settings(Box::new(write), waiting))?;
        expected
            .answer()
            .await
            .unwrap_or_else(|answers::WriterGone| Err(self.without_writer()))
    }

    async fn history(
        &self,
        page_id: PageId,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        self.read_at_one_moment(|connection| {
            history::read(connection, page_id, Lives::Present, before, limit)
        })
        .map(|part| part.entries)
    }

    async fn add_page(&self, page: NewPage) -> Result<Added, StoreError> {
        check_page_name(page.page_id, page.name.as_deref())?;
        let page_id = page.page_id;
        self.administrate(
            move |connection| administration::add_page(connection, &page),
            move |_added, observer| observer.invalidated(Invalidation::Page(page_id)),
        )
        .await
    }

    async fn set_page(&self, change: PageChange) -> Result<bool, StoreError> {
        check_page_name(change.page_id, change.name.as_deref())?;
        let page_id = change.page_id;
        self.administrate(
            move |connection| administration::set_page(connection, &change),
            move |found, observer| {
                if *found {
                    observer.invalidated(Invalidation::Page(page_id));
                }
            },
        )
        .await
    }

    async fn import_pages(&self, import: PagesImport) -> Result<Imported, StoreError> {
        for page in &import.pages {
            check_page_name(page.page_id, page.name.as_deref())?;
        }
        self.administrate(
            move |connection| import::import(connection, import),
            |imported, observer| {
                if imported.added + imported.changed > 0 {
                    observer.invalidated(Invalidation::Everything);
                }
            },
        )
        .await
    }

    async fn find_pages(
        &self,
        text: &str,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<PageRecord>, StoreError> {
        let search = PageSearch::new(text);
        if !search.finds_all() {
            return self.searches.find(search, after, limit).await;
        }
        let mut found = Vec::new();
        for ids in signed_ids_after(after) {
            if found.len() < limit {
                self.append_pages(&mut found, ids, limit)?;
            }
        }
        Ok(found)
    }

    async fn remove_page(&self, page_id: PageId, at: Timestamp) -> Result<bool, StoreError> {
        self.administrate(
            move |connection| administration::remove_page(connection, page_id, at),
            move |tokens, observer| {
                observer.invalidated(Invalidation::Page(page_id));
                for hash in tokens.iter().flatten() {
                    observer.invalidated(Invalidation::Token(*hash));
                }
            },
        )
        .await
        .map(|tokens| tokens.is_some())
    }

    async fn put_app(&self, app: AppRecord) -> Result<(), StoreError> {
        let app_id = app.app_id;
        self.administrate(
            move |connection| administration::put_app(connection, &app),
            move |(), observer| observer.invalidated(Invalidation::App(app_id)),
        )
        .await
    }

    async fn app(&self, app_id: AppId) -> Result<Option<AppRecord>, StoreError> {
        let sql = format!("SELECT {APP_COLUMNS} FROM app WHERE app_id = ?1");
        self.read(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_row([signed(app_id.get())], rows::app)
                .optional()
        })
    }

    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError> {
        let sql = format!("SELECT {APP_COLUMNS} FROM app ORDER BY app_id < 0, app_id");
        self.read(|connection| {
            connection
                .prepare(&sql)?
                .query_map([], rows::app)?
                .collect()
        })
    }

    async fn put_token(&self, token: TokenRecord) -> Result<(), StoreError> {
        self.administrate(
            move |connection| administration::put_token(connection, &token),
            |hashes, observer| {
                for hash in hashes {
                    observer.invalidated(Invalidation::Token(*hash));
                }
            },
        )
        .await
        .map(|_hashes| ())
    }

    async fn token(&self, hash: TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        let sql = format!("SELECT {TOKEN_COLUMNS} FROM token WHERE hash = ?1");
        self.read(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_row([hash.as_bytes()], |row| rows::token(connection, row))
                .optional()
        })
    }

    async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        let sql = format!("SELECT {TOKEN_COLUMNS} FROM token ORDER BY token_id < 0, token_id");
        self.read(|connection| {
            connection
                .prepare(&sql)?
                .query_map([], |row| rows::token(connection, row))?
                .collect()
        })
    }

    async fn revoke_token(&self, key: TokenKey, at: Timestamp) -> Result<bool, StoreError> {
        self.administrate(
            move |connection| administration::revoke_token(connection, key, at),
            |hash, observer| {
                if let Some(hash) = hash {
                    observer.invalidated(Invalidation::Token(*hash));
                }
            },
        )
        .await
        .map(|hash| hash.is_some())
    }

    async fn whole_pages(
        &self,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<WholePage>, StoreError> {
        self.read_at_one_moment(|connection| {
            let mut pages = Vec::new();
            for ids in signed_ids_after(after) {
                moving::append_whole_pages(&mut pages, connection, &self.shared, ids, limit)?;
            }
            Ok(pages)
        })
    }

    async fn put_whole_pages(&self, pages: Vec<WholePage>) -> Result<Moved, StoreError> {
        for page in &pages {
            check_page_name(page.record.page_id, page.record.name.as_deref())?;
        }
        self.administrate(
            move |connection| moving::put_whole_pages(connection, &pages),
            |moved, observer| {
                if moved.written > 0 {
                    observer.invalidated(Invalidation::Everything);
                }
            },
        )
        .await
    }

    async fn check(&self) -> Result<(), StoreError> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() || self.shared.has_failed() {
            return Err(stopped());
        }
        drop(open);
        self.file.look()?;
        self.read(schema::check_readable)
    }

    fn set_observer(&self, observer: Arc<dyn StoreObserver>) {
        self.shared.set_observer(observer);
    }

    async fn close(&self) {
        let open = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(open) = open else { return };
        let (sender, receiver) = oneshot::channel();
        if open.writer.send(Command::Close(sender)).is_ok() {
            let _writer_is_gone = receiver.await;
        }
        // The last connection that closes moves the write-ahead log into the database and removes
        // it: so every other one has to be closed by now.
        if let Some(checkpoints) = open.checkpoints {
            checkpoints.stop();
        }
        self.readers.close();
    }
}
