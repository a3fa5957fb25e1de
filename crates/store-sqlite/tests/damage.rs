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

/// Hears what lists leave out.
#[derive(Debug, Default)]
struct LeftOut(std::sync::Mutex<Vec<String>>);

impl StoreObserver for LeftOut {
    fn page_written(&self, _record: &settings_store::PageRecord) {}
    fn invalidated(&self, _what: settings_store::Invalidation) {}
    fn group_committed(&self, _report: settings_store::CommitReport) {}
    fn failed(&self, _error: &StoreError) {}
    fn left_out(&self, error: &StoreError) {
        self.0.lock().unwrap().push(error.to_string());
    }
}

#[tokio::test]
async fn lists_leave_it_out_and_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    for page in 1..=6 {
        store.update_settings(write(page, true)).await.unwrap();
    }
    store.close().await;
    drop(store);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "UPDATE page SET checksum = 1 WHERE page_id IN (1, 4);
             UPDATE page SET revision = -1 WHERE page_id = 6",
        )
        .unwrap();
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    let left_out = Arc::new(LeftOut::default());
    store.set_observer(Arc::clone(&left_out) as Arc<dyn StoreObserver>);
    for portion in [1, 2, 100] {
        let (mut listed, mut whole) = (Vec::new(), Vec::new());
        loop {
            let found = store.pages(listed.last().copied(), portion).await.unwrap();
            let Some(last) = found.last() else { break };
            assert!(found.len() <= portion && listed.last() < Some(&last.page_id));
            listed.extend(found.iter().map(|page| page.page_id));
        }
        loop {
            let found = store.whole_pages(whole.last().copied(), portion);
            let found = found.await.unwrap();
            if found.is_empty() {
                break;
            }
            assert!(found.len() <= portion);
            whole.extend(found.iter().map(|page| page.record.page_id));
        }
        assert_eq!(listed, [2, 3, 5].map(PageId::new));
        assert_eq!(whole, listed);
        let told = std::mem::take(&mut *left_out.0.lock().unwrap()).join("; ");
        for page in [1, 4, 6] {
            assert!(told.contains(&format!("Page {page} ")), "{told}");
        }
    }
}

#[tokio::test]
async fn revisions_end_without_beginning_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    for page in 1..=2 {
        store.update_settings(write(page, true)).await.unwrap();
    }
    store.close().await;
    drop(store);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute(
            "UPDATE page SET revision = 9223372036854775807 WHERE page_id = 1",
            [],
        )
        .unwrap();
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    let (refused, stored) = tokio::join!(
        store.update_settings(write(1, false)),
        store.update_settings(write(2, false))
    );
    assert!(
        matches!(refused, Err(StoreError::Corrupt { .. })),
        "{refused:?}"
    );
    assert!(matches!(stored, Ok(WriteOutcome::Stored(_))), "{stored:?}");
    let removed = store.remove_page(PageId::new(1), Timestamp::UNIX_EPOCH);
    assert!(matches!(removed.await, Err(StoreError::Corrupt { .. })));
}
