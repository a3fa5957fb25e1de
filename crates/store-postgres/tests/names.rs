//! The index of names: filled by the upgrade, and kept by several servers beside each other.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;

use call_settings::{PageId, SettingsUpdate};
use jiff::Timestamp;
use settings_store::{
    CallingChange, ImportedPage, NewPage, PageChange, PagesImport, SettingsStore,
};
use store_postgres::{Coherence, PostgresStore};
use temporary_postgres::{Cluster, Setup};

async fn open(cluster: &Cluster) -> PostgresStore {
    let location = cluster.address("postgres").parse().unwrap();
    PostgresStore::open(&location, Coherence::Strict)
        .await
        .unwrap()
}

async fn add(store: &PostgresStore, number: u64, name: &str) {
    let page = NewPage {
        page_id: PageId::new(number),
        name: Some(name.to_owned()),
        at: Timestamp::UNIX_EPOCH,
    };
    store.add_page(page).await.unwrap();
}

async fn found(store: &PostgresStore, text: &str) -> Vec<u64> {
    let pages = store.find_pages(text, None, 10_000).await.unwrap();
    pages.iter().map(|page| page.page_id.get()).collect()
}

#[tokio::test]
async fn names_of_the_schema_4_are_found_after_the_upgrade() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    open(&cluster).await.close().await;
    for sql in [
        "DELETE FROM schema_version WHERE migration >= 5",
        "DROP TABLE name_segment",
        "INSERT INTO page (page_id, name, revision, previous_revision, removed) \
         SELECT number, 'Bäckerei ' || number, 0, 0, false FROM generate_series(-30000, 30000) \
         AS number WHERE number <> 0",
        "INSERT INTO page (page_id, name, revision, previous_revision, removed) \
         VALUES (70000, NULL, 0, 0, false), (70001, NULL, 1, 0, true)",
    ] {
        cluster.query("postgres", sql).unwrap();
    }
    let store = open(&cluster).await;
    let highest = u64::MAX - 29_998;
    assert_eq!(found(&store, "backerei 29999").await, [29_999, highest]);
    let pages = store.find_pages("backerei", None, 60_001).await.unwrap();
    assert_eq!(pages.len(), 60_000);
    assert!(pages.is_sorted_by_key(|page| page.page_id));
    store.close().await;
}

/// A fill that was cut short is made again from the beginning.
#[tokio::test]
async fn an_upgrade_that_was_cut_short_is_made_again() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = open(&cluster).await;
    add(&store, 1, "Bakery").await;
    add(&store, 2_000, "Bakery").await;
    store.close().await;
    for sql in [
        "DELETE FROM schema_version WHERE migration >= 5",
        "UPDATE page SET name = 'Mill' WHERE page_id = 1",
        "DELETE FROM name_segment WHERE first_id < 0",
    ] {
        cluster.query("postgres", sql).unwrap();
    }
    let store = open(&cluster).await;
    assert_eq!(found(&store, "bakery").await, [2_000]);
    assert_eq!(found(&store, "mill").await, [1]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_name_pages_beside_each_other_lose_no_name() {
    const PAGES: u64 = 1_500;
    let cluster = Cluster::start(Setup::default()).unwrap();
    let stores = [open(&cluster).await, open(&cluster).await].map(Arc::new);
    let mut tasks = Vec::new();
    for (position, store) in (0_u64..).zip(&stores) {
        // Each imports every other Page, so that both divide the same segments.
        let pages = (0..PAGES).map(|number| ImportedPage {
            page_id: PageId::new(2 * number + position + 1),
            name: Some(format!("Imported {number}")),
            update: SettingsUpdate::default(),
            calling: CallingChange::default(),
        });
        let import = PagesImport {
            pages: pages.collect(),
            defaults: Arc::default(),
            at: Timestamp::UNIX_EPOCH,
        };
        let importing = Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            importing.import_pages(import).await.unwrap();
        }));
        let adding = Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            for number in 0..30 {
                add(&adding, 10_000 + 2 * number + position, "Added").await;
                let change = PageChange {
                    page_id: PageId::new(10_000 + 2 * number + position),
                    name: Some("Set".to_owned()),
                    calling: CallingChange::default(),
                };
                assert!(adding.set_page(change).await.unwrap());
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let [store, other] = stores;
    let imported = usize::try_from(2 * PAGES).unwrap();
    assert_eq!(found(&store, "imported").await.len(), imported);
    assert_eq!(found(&other, "set").await.len(), 60);
    assert_eq!(found(&other, "added").await, [0; 0]);
    let segments = cluster.query("postgres", "SELECT count(*) FROM name_segment");
    assert!(segments.unwrap().trim().parse::<u32>().unwrap() > 3);
    for store in [store, other] {
        store.close().await;
    }
}

#[tokio::test]
async fn a_damaged_index_is_an_error_and_made_again_with_the_next_name() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = open(&cluster).await;
    add(&store, 1, "Bakery").await;
    let damage = "UPDATE name_segment SET names = decode('00', 'hex')";
    cluster.query("postgres", damage).unwrap();
    let error = store.find_pages("bakery", None, 9).await.unwrap_err();
    assert!(error.to_string().contains("search index"), "{error}");
    add(&store, 2, "Bakery").await;
    assert_eq!(found(&store, "bakery").await, [1, 2]);

    cluster
        .query("postgres", "DELETE FROM name_segment")
        .unwrap();
    assert_eq!(found(&store, "bakery").await, [0; 0]);
    add(&store, 3, "Bakery").await;
    assert_eq!(found(&store, "bakery").await, [1, 2, 3]);
    store.close().await;
}
