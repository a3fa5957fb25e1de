//! The trait that every store implements.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use call_settings::{CallSettings, PageId, SettingsUpdate};
use jiff::Timestamp;

use crate::{
    AppId, AppRecord, Author, CallingChange, HistoryEntry, KeepCopies, Moved, PageChange,
    PageRecord, Revision, StoreError, StoreObserver, TokenHash, TokenKey, TokenRecord, WholePage,
};

/// A change of the settings of one Page.
#[derive(Clone, Debug)]
pub struct SettingsWrite {
    /// The Page.
    pub page_id: PageId,
    /// What is merged into its settings.
    pub update: SettingsUpdate,
    /// What a Page that was never configured starts from.
    pub defaults: Arc<CallSettings>,
    /// Write only if this is the present revision.
    pub expected_revision: Option<Revision>,
    /// Whether a Page that is not known is added first.
    pub create_page: bool,
    /// Who writes.
    pub author: Author,
    /// When, by the server's clock; kept with milliseconds.
    pub at: Timestamp,
    /// The `fbtrace_id` of the request.
    pub trace_id: String,
}

/// What became of a write that the store could decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The settings are as the write wants them, and on disk.
    Stored(Written),
    /// There is no such Page; nothing was stored.
    PageMissing,
    /// The Page has another revision than expected; nothing was stored.
    RevisionMismatch {
        /// The revision that it has.
        found: Revision,
    },
}

/// A write that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The Page as it is now.
    pub record: PageRecord,
    /// Whether anything changed. A write that changes nothing makes no revision and no history.
    pub changed: bool,
}

/// A Page to be added.
#[derive(Clone, Debug)]
pub struct NewPage {
    /// The Page.
    pub page_id: PageId,
    /// A name for people.
    pub name: Option<String>,
    /// When, by the caller's clock.
    pub at: Timestamp,
}

/// Pages to be added together with their settings, in the name of nobody.
#[derive(Clone, Debug)]
pub struct PagesImport {
    /// The Pages. One that comes twice is updated twice, in this order.
    pub pages: Vec<ImportedPage>,
    /// What a Page that was never configured starts from.
    pub defaults: Arc<CallSettings>,
    /// When, by the caller's clock; kept with milliseconds.
    pub at: Timestamp,
}

/// One Page of an import.
#[derive(Clone, Debug)]
pub struct ImportedPage {
    /// The Page.
    pub page_id: PageId,
    /// A name for people; `None` leaves the one that it has.
    pub name: Option<String>,
    /// What is merged into its settings. Where it names nothing, they stay as they are.
    pub update: SettingsUpdate,
    /// What is stated about calling.
    pub calling: CallingChange,
}

/// What became of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Pages that are new.
    pub added: u64,
    /// Pages that were there and got other settings, another name or other statements about calling.
    pub changed: u64,
    /// Pages that were there already just so.
    pub unchanged: u64,
}

impl PagesImport {
    /// The write of one of its Pages.
    pub fn write_of(&self, page: &ImportedPage) -> SettingsWrite {
        SettingsWrite {
            page_id: page.page_id,
            update: page.update.clone(),
            defaults: Arc::clone(&self.defaults),
            expected_revision: None,
            create_page: true,
            author: Author::default(),
            at: self.at,
            trace_id: String::new(),
        }
    }
}

/// What became of something to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// It was there already. A name that was given has replaced the earlier one.
    AlreadyThere,
}

/// A store of Pages, their settings and history, apps and tokens.
///
/// Promises, all of them tested by the contract tests:
/// - What was acknowledged is kept, whatever happens to the process (stores that keep anything).
/// - Writes of one Page are decided one after the other: each stored change adds 1 to the revision
///   and one entry to the history, in the same transaction.
/// - A read that begins after an acknowledgement sees what was acknowledged.
/// - The observer hears of each change before its caller does, in the order of the commits.
#[async_trait]
pub trait SettingsStore: Send + Sync + fmt::Debug {
    /// The Page, or `None` where there is no such Page.
    async fn page(&self, page_id: PageId) -> Result<Option<PageRecord>, StoreError>;

    /// Merges an update into the settings of a Page.
    async fn update_settings(&self, write: SettingsWrite) -> Result<WriteOutcome, StoreError>;

    /// The history of a Page since it was removed the last time, newest first: at most `limit`
    /// entries with revisions below `before`. What came before, up to the removal itself, is kept,
    /// but only [`Self::whole_pages`] returns it.
    async fn history(
        &self,
        page_id: PageId,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError>;

    /// Adds a Page. A Page that was removed comes back unconfigured, its revisions going on.
    async fn add_page(&self, page: NewPage) -> Result<Added, StoreError>;

    /// Changes the name of a Page or what is stated about calling on it. That makes neither a
    /// revision nor an entry of the history. `false`: there is no such Page.
    async fn set_page(&self, change: PageChange) -> Result<bool, StoreError>;

    /// Adds many Pages with their settings in one transaction, by the same rule as updates: each
    /// stored change makes a revision and an entry of the history. All of them or none.
    async fn import_pages(&self, import: PagesImport) -> Result<Imported, StoreError>;

    /// Pages in the order of their ids: at most `limit` behind `after`.
    async fn pages(
        &self,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<PageRecord>, StoreError> {
        self.find_pages("", after, limit).await
    }

    /// Pages that a [`PageSearch`](crate::PageSearch) for the text finds, in the order of
    /// [`Self::pages`] and from `after` on; at most `limit`. An empty text finds all. What is damaged
    /// is left out, and the observer hears of it.
    async fn find_pages(
        &self,
        text: &str,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<PageRecord>, StoreError>;

    /// Removes a Page, its settings and what is stated about calling; the history stays and gets an
    /// entry. In the same transaction the Page goes out of the coverage of every token that names it,
    /// so that none of them opens it when it is added again; a token that covers nothing is kept.
    /// `false`: there is no such Page.
    async fn remove_page(&self, page_id: PageId, at: Timestamp) -> Result<bool, StoreError>;

    /// Adds an app, or replaces the one with the same id.
    async fn put_app(&self, app: AppRecord) -> Result<(), StoreError>;

    /// The app, or `None` where there is no such app.
    async fn app(&self, app_id: AppId) -> Result<Option<AppRecord>, StoreError>;

    /// Every app, in the order of their ids.
    async fn apps(&self) -> Result<Vec<AppRecord>, StoreError>;

    /// Adds a token, or replaces those with its hash or its id. A revocation is never cleared:
    /// where one that is replaced was revoked, the new one is revoked since then.
    async fn put_token(&self, token: TokenRecord) -> Result<(), StoreError>;

    /// The token with this hash, or `None` where there is no such token.
    async fn token(&self, hash: TokenHash) -> Result<Option<TokenRecord>, StoreError>;

    /// The token with this hash together with its app, where it has one that is there.
    async fn token_with_app(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(TokenRecord, Option<AppRecord>)>, StoreError> {
        let Some(token) = self.token(hash).await? else {
            return Ok(None);
        };
        let app = match token.app_id {
            Some(app_id) => self.app(app_id).await?,
            None => None,
        };
        Ok(Some((token, app)))
    }

    /// Every token, in the order of their ids.
    async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError>;

    /// Revokes a token. `false`: there is no such token. One that was revoked before stays as it is.
    async fn revoke_token(&self, key: TokenKey, at: Timestamp) -> Result<bool, StoreError>;

    /// Whole Pages in the order of their ids, removed ones too: at most `limit` behind `after`. What is
    /// damaged is left out, with its history, and the observer hears of it.
    async fn whole_pages(
        &self,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<WholePage>, StoreError>;

    /// Puts whole Pages in, as [`WholePage::decide`] says, in one transaction. What is put in twice
    /// is there once. A Page that was changed here since is left as it is. A removal among the
    /// entries that are put in ends the coverage of tokens as [`Self::remove_page`] does.
    async fn put_whole_pages(&self, pages: Vec<WholePage>) -> Result<Moved, StoreError>;

    /// Answers if the store can serve reads and writes.
    async fn check(&self) -> Result<(), StoreError>;

    /// Whether a server may keep copies of what it reads here.
    fn keep_copies(&self) -> KeepCopies {
        KeepCopies::UntilTold
    }

    /// Sets who is told of changes from now on.
    fn set_observer(&self, observer: Arc<dyn StoreObserver>);

    /// Finishes what is under way and closes the store. What comes later is refused.
    async fn close(&self);
}
