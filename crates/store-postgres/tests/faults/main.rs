//! What one row, one Page, one caller or one part of the database does never stops the others.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod damage;
mod locks;
mod opening;
mod schema_changes;
mod searches;
mod standby;

use std::sync::Arc;
use std::time::Duration;

use call_settings::{CallSettings, PageId, SettingsUpdate};
use jiff::Timestamp;
use settings_store::{
    Author, NewPage, SettingsStore, SettingsWrite, StoreError, WriteOutcome, Written,
};
use store_postgres::{Coherence, Location, PostgresStore};
use temporary_postgres::{Cluster, Setup};
use tokio_postgres::{Client, NoTls};

/// How long a test waits for what must happen.
const LIMIT: Duration = Duration::from_mins(1);

fn cluster(configuration: &str) -> Cluster {
    Cluster::start(Setup {
        configuration: configuration.to_owned(),
        ..Setup::default()
    })
    .unwrap()
}

async fn open(cluster: &Cluster) -> Arc<PostgresStore> {
    open_at(&cluster.address("postgres")).await
}

async fn open_at(address: &str) -> Arc<PostgresStore> {
    let location: Location = address.parse().unwrap();
    Arc::new(
        PostgresStore::open(&location, Coherence::Strict)
            .await
            .unwrap(),
    )
}

/// A connection of another program.
async fn other_program(cluster: &Cluster) -> Client {
    let (client, connection) = tokio_postgres::Config::new()
        .host_path(cluster.folder())
        .port(cluster.port())
        .user("postgres")
        .dbname("postgres")
        .application_name("other")
        .connect(NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

fn new_page(page_id: u64) -> NewPage {
    NewPage {
        page_id: PageId::new(page_id),
        name: None,
        at: Timestamp::UNIX_EPOCH,
    }
}

async fn add_pages(store: &PostgresStore, page_ids: impl IntoIterator<Item = u64>) {
    for page_id in page_ids {
        store.add_page(new_page(page_id)).await.unwrap();
    }
}

/// Turns one switch on or off.
fn write(page_id: u64, audio_enabled: bool) -> SettingsWrite {
    SettingsWrite {
        page_id: PageId::new(page_id),
        update: SettingsUpdate {
            audio_enabled: Some(audio_enabled),
            ..SettingsUpdate::default()
        },
        defaults: Arc::new(CallSettings::default()),
        expected_revision: None,
        create_page: false,
        author: Author::default(),
        at: Timestamp::UNIX_EPOCH,
        trace_id: String::new(),
    }
}

/// The revision of what was stored.
fn revision(answer: &Result<WriteOutcome, StoreError>) -> u64 {
    match answer {
        Ok(WriteOutcome::Stored(Written { record, .. })) => record.revision.get(),
        other => panic!("{other:?}"),
    }
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, waiting).await.is_ok(), "{what}");
}

/// How many connections of servers the database counts, of those for which a condition holds.
fn backends(cluster: &Cluster, condition: &str) -> u64 {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pagebell' AND {condition}"
    );
    cluster.query("postgres", &sql).unwrap().parse().unwrap()
}

/// Changes a setting of the cluster for connections that are there already too.
fn set(cluster: &Cluster, setting: &str) {
    let sql = format!("ALTER SYSTEM {setting}");
    cluster.query("postgres", &sql).unwrap();
    cluster
        .query("postgres", "SELECT pg_reload_conf()")
        .unwrap();
}
