//! What the command line changes is told to a server on the same file.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use call_settings::PageId;
use jiff::Timestamp;
use settings_store::{
    CallingChange, CommitReport, Invalidation, NewPage, PageChange, PageRecord, SettingsStore,
    StoreError, StoreObserver,
};
use store_sqlite::{Role, SqliteStore};

/// How long to wait for what a server is told.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends on what becomes invalid.
struct InvalidationSender(Sender<Invalidation>);

impl StoreObserver for InvalidationSender {
    fn page_written(&self, _record: &PageRecord) {}

    fn invalidated(&self, what: Invalidation) {
        self.0.send(what).ok();
    }

    fn group_committed(&self, _report: CommitReport) {}

    fn failed(&self, error: &StoreError) {
        panic!("the store failed: {error}");
    }
}

#[tokio::test]
async fn a_server_is_told_which_page_was_set() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let server = SqliteStore::open(&path, Role::Server).unwrap();
    let page_id = PageId::new(4711);
    let page = NewPage {
        page_id,
        name: None,
        at: Timestamp::UNIX_EPOCH,
    };
    server.add_page(page).await.unwrap();
    let (sender, invalidated) = channel();
    server.set_observer(Arc::new(InvalidationSender(sender)));

    let command = SqliteStore::open(&path, Role::Administration).unwrap();
    let change = PageChange {
        page_id,
        name: None,
        calling: CallingChange {
            eligible: Some(false),
            engaged_users: None,
        },
    };
    assert!(command.set_page(change).await.unwrap());
    command.close().await;
    let told = invalidated.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told, Invalidation::Page(page_id));
    let record = server.page(page_id).await.unwrap().unwrap();
    assert!(!record.calling.eligible);
    server.close().await;
}
