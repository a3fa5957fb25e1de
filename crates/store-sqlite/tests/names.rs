//! The index of names: filled by the upgrade, left alone by updates, and made again after damage.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::path::Path;
use std::sync::Arc;

use call_settings::{PageId, SettingsUpdate};
use jiff::Timestamp;
use rusqlite::Connection;
use settings_store::{Author, NewPage, SettingsStore, SettingsWrite};
use store_sqlite::{Role, SqliteStore, examine};

async fn add(store: &SqliteStore, number: u64, name: &str) {
    let page = NewPage {
        page_id: PageId::new(number),
        name: Some(name.to_owned()),
        at: Timestamp::UNIX_EPOCH,
    };
    store.add_page(page).await.unwrap();
}

async fn found(store: &SqliteStore, text: &str) -> Vec<u64> {
    let pages = store.find_pages(text, None, 10_000).await.unwrap();
    pages.iter().map(|page| page.page_id.get()).collect()
}

fn execute(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn names_of_the_schema_4_are_found_after_the_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores/schema-4.db");
    std::fs::copy(original, &path).unwrap();
    execute(
        &path,
        "WITH RECURSIVE numbers (number) AS (VALUES (5000) UNION ALL \
         SELECT number + 1 FROM numbers WHERE number < 9000) \
         INSERT INTO page (page_id, name, revision, removed) \
         SELECT number, printf('Mühle %d', number), 0, 0 FROM numbers",
    );
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    assert_eq!(found(&store, "muhle").await.len(), 4_001);
    assert_eq!(found(&store, "MUHLE 8999").await, [8_999]);
    assert_eq!(found(&store, "cafe ZÜRICH").await, [1_002]);
    assert_eq!(found(&store, "highest").await, [u64::MAX]);
    store.close().await;
    assert_eq!(examine(&path).unwrap().findings, [""; 0]);
}

#[tokio::test]
async fn updates_of_settings_leave_the_index_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    add(&store, 7, "Bakery").await;
    execute(
        &path,
        "CREATE TRIGGER written AFTER UPDATE ON name_segment BEGIN SELECT raise(ABORT, 'no'); END; \
         CREATE TRIGGER replaced BEFORE INSERT ON name_segment BEGIN SELECT raise(ABORT, 'no'); END",
    );
    for page in [7, 8] {
        let write = SettingsWrite {
            page_id: PageId::new(page),
            update: SettingsUpdate {
                audio_enabled: Some(true),
                ..SettingsUpdate::default()
            },
            defaults: Arc::default(),
            expected_revision: None,
            create_page: true,
            author: Author::default(),
            at: Timestamp::UNIX_EPOCH,
            trace_id: String::new(),
        };
        store.update_settings(write).await.unwrap();
    }
    let page = NewPage {
        page_id: PageId::new(9),
        name: Some("Mill".to_owned()),
        at: Timestamp::UNIX_EPOCH,
    };
    assert!(store.add_page(page).await.is_err(), "a name is indexed");
    store.close().await;
}

#[tokio::test]
async fn a_damaged_index_is_an_error_and_made_again_with_the_next_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    add(&store, 1, "Bakery").await;
    execute(&path, "UPDATE name_segment SET names = x'00'");
    let error = store.find_pages("bakery", None, 9).await.unwrap_err();
    assert!(error.to_string().contains("search index"), "{error}");
    add(&store, 2, "Bakery").await;
    assert_eq!(found(&store, "bakery").await, [1, 2]);

    execute(&path, "DELETE FROM name_segment WHERE first_id = 0");
    add(&store, 3, "Bakery").await;
    assert_eq!(found(&store, "bakery").await, [1, 2, 3]);
    store.close().await;
}
