//! Imports and removals beside servers that update the same Pages all the time.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use call_settings::{PageId, SettingsUpdate};
use jiff::Timestamp;
use settings_store::{
    Author, CallingChange, Imported, ImportedPage, PagesImport, SettingsStore, SettingsWrite,
    StoreError, WriteOutcome,
};
use store_postgres::{Coherence, PostgresStore};
use temporary_postgres::{Cluster, Setup};
use tokio::task::JoinHandle;

/// Enough that an update lands between reading them and storing them each time.
const PAGES: u64 = 3_000;

/// The Page that is updated all the time.
const BUSY: PageId = PageId::new(7);

async fn open(cluster: &Cluster) -> Arc<PostgresStore> {
    let location = cluster.address("postgres").parse().unwrap();
    let store = PostgresStore::open(&location, Coherence::Strict).await;
    Arc::new(store.unwrap())
}

/// Every Page with this in its settings; updates change something else of them.
fn import(video_enabled: bool) -> PagesImport {
    let update = SettingsUpdate {
        video_enabled: Some(video_enabled),
        ..SettingsUpdate::default()
    };
    let page = |number| ImportedPage {
        page_id: PageId::new(number),
        name: Some(format!("Bakery {number} {video_enabled}")),
        calling: CallingChange::default(),
        update: update.clone(),
    };
    PagesImport {
        // The highest ids come first in the order of rows.
        pages: (1..PAGES).chain([u64::MAX]).map(page).collect(),
        defaults: Arc::default(),
        at: Timestamp::UNIX_EPOCH,
    }
}

/// An update that changes something where the number before had another parity.
fn write(page_id: PageId, number: u64) -> SettingsWrite {
    SettingsWrite {
        page_id,
        update: SettingsUpdate {
            audio_enabled: Some(number % 2 == 1),
            ..SettingsUpdate::default()
        },
        defaults: Arc::default(),
        expected_revision: None,
        create_page: false,
        author: Author::default(),
        at: Timestamp::UNIX_EPOCH,
        trace_id: format!("{page_id}-{number}"),
    }
}

/// Updates without a pause; what was acknowledged.
struct Updates {
    stop: Arc<AtomicBool>,
    task: JoinHandle<BTreeSet<String>>,
}

impl Updates {
    /// Of the Pages that this names, one after the other, until one of them is gone.
    fn start(
        store: &Arc<PostgresStore>,
        mut page_of: impl FnMut(u64) -> PageId + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (store, stopped) = (Arc::clone(store), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let mut acknowledged = BTreeSet::new();
            let mut number = 0;
            while !stopped.load(Ordering::Relaxed) {
                number += 1;
                let write = write(page_of(number), number);
                let trace = write.trace_id.clone();
                match store.update_settings(write).await.unwrap() {
                    WriteOutcome::Stored(written) if written.changed => {
                        acknowledged.insert(trace);
                    }
                    WriteOutcome::Stored(_) => {}
                    WriteOutcome::PageMissing => break,
                    other @ WriteOutcome::RevisionMismatch { .. } => panic!("{other:?}"),
                }
            }
            acknowledged
        });
        Self { stop, task }
    }

    async fn stop(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

/// The updates in the history of a Page, whose revisions must follow each other.
async fn updates_in_history(store: &PostgresStore, page_id: PageId) -> BTreeSet<String> {
    let history = store.history(page_id, None, usize::MAX).await.unwrap();
    let revisions = history.iter().rev().map(|entry| entry.revision.get());
    assert!(revisions.eq(1..=history.len() as u64));
    let traces = history.into_iter().map(|entry| entry.trace_id);
    traces.filter(|trace| !trace.is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_beside_busy_servers_is_stored_and_loses_nothing() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let (server, other, command) = (
        open(&cluster).await,
        open(&cluster).await,
        open(&cluster).await,
    );
    let imported = command.import_pages(import(false)).await.unwrap();
    assert_eq!(imported.added, PAGES);
    let busy = Updates::start(&server, |_number| BUSY);
    // Each of the others is updated with odd numbers in one pass and even ones in the next.
    let spread = Updates::start(&other, |number| PageId::new(8 + number % 301));
    for video_enabled in [true, false, true] {
        let imported = command.import_pages(import(video_enabled)).await.unwrap();
        let expected = Imported {
            changed: PAGES,
            ..Imported::default()
        };
        assert_eq!(imported, expected);
    }
    let (mut acknowledged, spread) = (busy.stop().await, spread.stop().await);
    assert!(!acknowledged.is_empty() && !spread.is_empty());
    acknowledged.extend(spread);
    let mut stored = BTreeSet::new();
    for number in 1..PAGES {
        let page_id = PageId::new(number);
        stored.extend(updates_in_history(&command, page_id).await);
        let page = command.page(page_id).await.unwrap().unwrap();
        assert!(page.settings.unwrap().video_enabled, "{number}");
        assert_eq!(page.name, Some(format!("Bakery {number} true")));
    }
    assert_eq!(stored, acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_of_which_a_page_cannot_be_read_stores_nothing() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = open(&cluster).await;
    store.import_pages(import(false)).await.unwrap();
    let damage = "UPDATE page SET document = document || ' ' WHERE page_id = 2999";
    cluster.query("postgres", damage).unwrap();
    let busy = Updates::start(&store, |_number| BUSY);
    let error = store.import_pages(import(true)).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    busy.stop().await;
    let changed = "SELECT count(*) FROM page WHERE name LIKE '%true'";
    assert_eq!(cluster.query("postgres", changed).unwrap(), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_updated_all_the_time_can_be_removed() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let (server, command) = (open(&cluster).await, open(&cluster).await);
    for _ in 0..5 {
        command.import_pages(import(false)).await.unwrap();
        let busy: Vec<Updates> = (0..8)
            .map(|_| Updates::start(&server, |_number| BUSY))
            .collect();
        assert!(
            command
                .remove_page(BUSY, Timestamp::UNIX_EPOCH)
                .await
                .unwrap()
        );
        for updates in busy {
            updates.stop().await;
        }
    }
}
