//! How a store tells the server of changes, so that the server may keep copies.

use std::time::Duration;

use call_settings::PageId;

use crate::{AppId, BoundedKeeping, PageRecord, StoreError, TokenHash};

/// Something that was changed by another process; copies of it are stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalidation {
    /// A Page was added, removed or changed.
    Page(PageId),
    /// A token was made or revoked.
    Token(TokenHash),
    /// An app was added or changed.
    App(AppId),
    /// It is not known what changed.
    Everything,
}

/// What one commit held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitReport {
    /// How many writes shared the commit.
    pub writes: usize,
    /// How long it took from its begin until it was on disk.
    pub duration: Duration,
}

/// Whether a server may keep copies of what it has read from a store.
#[derive(Clone, Debug)]
pub enum KeepCopies {
    /// Until the observer hears of a change: this process is the only server of the store.
    UntilTold,
    /// For so long, while a line to the leader proves that it is one: others change the store.
    Bounded(BoundedKeeping),
    /// No: others change the store, and each read has to see what they have stored.
    Never,
}

/// Whoever keeps copies of what the store holds. Calls come one after the other, in the order of
/// the commits, and must return at once: the writer waits for them.
pub trait StoreObserver: Send + Sync {
    /// The Page was written by this process. Comes before the write is acknowledged to its caller,
    /// so that a later read through the observer's copies sees it.
    fn page_written(&self, record: &PageRecord);

    /// Something was changed by another process, at most a second ago.
    fn invalidated(&self, what: Invalidation);

    /// A commit is on disk.
    fn group_committed(&self, report: CommitReport);

    /// A list leaves a Page out, as what is stored of it cannot be read: no reason to refuse the rest.
    /// The error names the Page.
    fn left_out(&self, _error: &StoreError) {}

    /// The store can no longer be trusted and accepts nothing more.
    fn failed(&self, error: &StoreError);
}

/// Observes nothing: for programs that keep no copies, such as the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl StoreObserver for Unobserved {
    fn page_written(&self, _record: &PageRecord) {}
    fn invalidated(&self, _what: Invalidation) {}
    fn group_committed(&self, _report: CommitReport) {}
    fn failed(&self, _error: &StoreError) {}
}
