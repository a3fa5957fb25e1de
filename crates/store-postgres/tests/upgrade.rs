//! Databases of earlier schemas are upgraded and keep what they hold.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use call_settings::PageId;
use settings_store::{CallingChange, PageCalling, PageChange, SettingsStore};
use store_postgres::{Coherence, PostgresStore};
use temporary_postgres::{Cluster, Setup};

async fn open(cluster: &Cluster) -> PostgresStore {
    let location = cluster.address("postgres").parse().unwrap();
    PostgresStore::open(&location, Coherence::Strict)
        .await
        .unwrap()
}

/// A database of the newest schema, on which these statements were run.
async fn changed_by(statements: &[&str]) -> Cluster {
    let cluster = Cluster::start(Setup::default()).unwrap();
    open(&cluster).await.close().await;
    for sql in statements {
        cluster.query("postgres", sql).unwrap();
    }
    cluster
}

#[tokio::test]
async fn pages_of_the_schema_3_get_the_defaults_about_calling() {
    let cluster = changed_by(&[
        "DELETE FROM schema_version WHERE migration >= 4",
        "ALTER TABLE page DROP COLUMN eligible, DROP COLUMN engaged_users",
        "INSERT INTO page (page_id, name, revision, previous_revision, removed) \
         VALUES (7, 'Bakery', 0, 0, false)",
    ])
    .await;
    let store = open(&cluster).await;
    let page_id = PageId::new(7);
    let record = store.page(page_id).await.unwrap().unwrap();
    assert_eq!(record.calling, PageCalling::default());
    let calling = CallingChange {
        eligible: Some(false),
        engaged_users: None,
    };
    let change = PageChange {
        page_id,
        name: None,
        calling,
    };
    assert!(store.set_page(change).await.unwrap());
    let record = store.page(page_id).await.unwrap().unwrap();
    assert_eq!(record.name.as_deref(), Some("Bakery"));
    assert!(!record.calling.eligible);
    store.close().await;
}
