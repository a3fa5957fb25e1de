//! A Page whose stored settings are damaged is refused alone.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;

use call_settings::{CallSettings, PageId, SettingsUpdate};
use jiff::Timestamp;
use settings_store::{
    Author, SettingsStore, SettingsWrite, StoreError, StoreObserver, WriteOutcome,
};
use store_sqlite::{Role, SqliteStore};

fn write(page: u64, audio: bool) -> SettingsWrite {
    SettingsWrite {
        page_id: PageId::new(page),
        update: SettingsUpdate {
            audio_enabled: Some(audio),
            ..SettingsUpdate::default()
        },
        defaults: Arc::new(CallSettings::default()),
        expected_revision: None,
        create_page: true,
        author: Author::default(),
        at: Timestamp::UNIX_EPOCH,
        trace_id: String::new(),
    }
}

/// Hears how many writes shared each commit.
#[derive(Debug)]
struct Commits(std::sync::mpsc::Sender<usize>);

impl StoreObserver for Commits {
    fn page_written(&self, _record: &settings_store::PageRecord) {}
    fn invalidated(&self, _what: settings_store::Invalidation) {}
    fn group_committed(&self, report: settings_store::CommitReport) {
        self.0.send(report.writes).unwrap();
    }
    fn failed(&self, error: &StoreError) {
        panic!("the store failed: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_neighbours_in_a_group_are_stored() {
    const PAGES: u64 = 60;
    const DAMAGED: u64 = 30;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    for page in 1..=PAGES {
        store.update_settings(write(page, false)).await.unwrap();
    }
    store.close().await;
    drop(store);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute(
            "UPDATE page SET document = replace(document, 'false', 'true ') WHERE page_id = ?1",
            [DAMAGED.cast_signed()],
        )
        .unwrap();

    let store = Arc::new(SqliteStore::open(&path, Role::Server).unwrap());
    let (sender, commits) = std::sync::mpsc::channel();
    store.set_observer(Arc::new(Commits(sender)));
    let waiting: Vec<_> = (1..=PAGES)
        .map(|page| {
            let store = Arc::clone(&store);
            (
                page,
                tokio::spawn(async move { store.update_settings(write(page, true)).await }),
            )
        })
        .collect();
    for (page, answer) in waiting {
        let answer = answer.await.unwrap();
        if page == DAMAGED {
            assert!(
                matches!(answer, Err(StoreError::Corrupt { .. })),
                "{answer:?}"
            );
        } else {
            assert!(
                matches!(answer, Ok(WriteOutcome::Stored(_))),
                "{page}: {answer:?}"
            );
        }
    }
    let largest = commits.try_iter().max().unwrap();
    assert!(
        largest > 1,
        "the writes shared no group, so that nothing was shown"
    );
}
