//! A line to the leader of a shared store: how a server proves that what it has read is not too old.
//!
//! A server that shares its store may keep copies for a bounded time only, and only while it can
//! prove that it reads from the leader. A [`Line`] is one connection over which it both reads and
//! proves: what a former leader answers on another connection says nothing about this one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use call_settings::PageId;

use crate::{AppRecord, PageRecord, Revision, StoreError, TokenHash, TokenRecord};

/// How a server may keep copies for a bounded time.
#[derive(Clone, Debug)]
pub struct BoundedKeeping {
    /// How old an answer may be when its request arrives. Not zero.
    pub bound: Duration,
    /// Where the lines come from.
    pub lines: Arc<dyn OpenLine>,
    /// Whether lines carry hints.
    pub hints: bool,
}

/// Opens lines.
#[async_trait]
pub trait OpenLine: Send + Sync + fmt::Debug {
    /// Opens another line to whoever leads now. From then on it carries hints, if it carries any.
    async fn open_line(&self) -> Result<Arc<dyn Line>, StoreError>;
}

/// A line to the leader. Whatever fails on it with [`StoreError::Unavailable`] may be the end of it;
/// open another one then.
#[async_trait]
pub trait Line: Send + Sync + fmt::Debug {
    /// Commits a write of the server's own. When this succeeds, the line led to the leader at some
    /// time after the call began: a leader that was cut off finishes no commit.
    async fn prove(&self) -> Result<(), StoreError>;

    /// What the other end knows of a Page.
    async fn page(&self, page_id: PageId) -> Result<PageAtLeader, StoreError>;

    /// The token with this hash together with its app, where it has one that is there.
    async fn token_with_app(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(TokenRecord, Option<AppRecord>)>, StoreError>;

    /// Waits for what other servers hint at; for ever where lines carry no hints. An error is the
    /// end of the line. One task at a time asks.
    async fn hints(&self) -> Result<Vec<Hint>, StoreError>;

    /// Ends it at once: whatever waits for it fails.
    fn close(&self);
}

/// What a leader knows of a Page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageAtLeader {
    /// The revision of a Page that is or once was there; zero if it never was.
    pub revision: Revision,
    /// The Page, or `None` where there is no such Page.
    pub record: Option<PageRecord>,
}

/// What another server says that it has changed. Hints may be lost, late and repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A Page is at this revision now, or at a later one.
    Page(PageId, Revision),
    /// A token was made or revoked.
    Token(TokenHash),
    /// It is not said what changed.
    Everything,
}
