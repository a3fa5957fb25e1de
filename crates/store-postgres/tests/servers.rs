//! Several servers on one database, and a database that goes away under them.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod proxy;

use std::sync::Arc;
use std::time::Duration;

use call_settings::{CallSettings, PageId, SettingsUpdate};
use jiff::Timestamp;
use proxy::Proxy;
use rustix::process::Signal;
use settings_store::{
    Author, Coverage, NewPage, Revision, SettingsStore, SettingsWrite, StoreError, WriteOutcome,
    Written,
};
use store_postgres::{Coherence, Location, PostgresStore};
use temporary_postgres::{Cluster, Setup};

const PAGE: PageId = PageId::new(7);

fn at() -> Timestamp {
    Timestamp::from_millisecond(1_764_000_000_123).unwrap()
}

async fn open(address: &str) -> PostgresStore {
    let location: Location = address.parse().unwrap();
    PostgresStore::open(&location, Coherence::Strict)
        .await
        .unwrap()
}

async fn add_page(store: &PostgresStore) {
    let page = NewPage {
        page_id: PAGE,
        name: None,
        at: at(),
    };
    store.add_page(page).await.unwrap();
}

/// Turns one switch on or off, so that every other write changes something.
fn write(trace: &str, audio_enabled: bool) -> SettingsWrite {
    SettingsWrite {
        page_id: PAGE,
        update: SettingsUpdate {
            audio_enabled: Some(audio_enabled),
            ..SettingsUpdate::default()
        },
        defaults: Arc::new(CallSettings::default()),
        expected_revision: None,
        create_page: false,
        author: Author::default(),
        at: at(),
        trace_id: trace.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_write_the_same_page_make_one_history() {
    const WRITES: u64 = 60;
    let cluster = Cluster::start(Setup::default()).unwrap();
    let address = cluster.address("postgres");
    // They also make the schema together.
    let opened = (0..3).map(|_| open(&address));
    let stores = futures_util::future::join_all(opened).await;
    add_page(&stores[0]).await;
    let writing = stores.iter().enumerate().map(|(server, store)| async move {
        let mut changed = Vec::new();
        for number in 0..WRITES {
            let trace = format!("{server}-{number}");
            let outcome = store
                .update_settings(write(&trace, number % 2 == 0))
                .await
                .unwrap();
            let WriteOutcome::Stored(written) = outcome else {
                panic!("{outcome:?}");
            };
            if written.changed {
                changed.push((written.record.revision, trace));
            }
            // Each server sees at once what any of them has acknowledged.
            let read = store.page(PAGE).await.unwrap().unwrap();
            assert!(read.revision >= written.record.revision);
        }
        changed
    });
    let mut changes: Vec<(Revision, String)> = futures_util::future::join_all(writing)
        .await
        .into_iter()
        .flatten()
        .collect();
    changes.sort();
    let mut history: Vec<(Revision, String)> = stores[2]
        .history(PAGE, None, usize::MAX)
        .await
        .unwrap()
        .into_iter()
        .map(|entry| (entry.revision, entry.trace_id))
        .collect();
    history.reverse();
    assert_eq!(changes, history);
    let revisions: Vec<u64> = changes.iter().map(|(revision, _)| revision.get()).collect();
    let expected: Vec<u64> = (1..=revisions.len() as u64).collect();
    assert_eq!(revisions, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_what_was_acknowledged_survives_the_death_of_the_database() {
    let mut cluster = Cluster::start(Setup::default()).unwrap();
    let store = Arc::new(open(&cluster.address("postgres")).await);
    add_page(&store).await;
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0..400 {
                let trace = number.to_string();
                match store.update_settings(write(&trace, number % 2 == 0)).await {
                    Ok(WriteOutcome::Stored(Written { changed: true, .. })) => {
                        acknowledged.push(trace);
                    }
                    Ok(WriteOutcome::Stored(_)) | Err(StoreError::OutcomeUnknown { .. }) => {}
                    other => panic!("{other:?}"),
                }
            }
            acknowledged
        })
    };
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        cluster.signal(Signal::QUIT).unwrap();
        cluster.wait().unwrap();
        cluster.resume().unwrap();
    }
    let acknowledged = writer.await.unwrap();
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    let history = store.history(PAGE, None, usize::MAX).await.unwrap();
    let mut traces: Vec<&str> = history.iter().map(|entry| &*entry.trace_id).collect();
    traces.reverse();
    let revisions: Vec<u64> = history.iter().rev().map(|it| it.revision.get()).collect();
    assert_eq!(revisions, (1..=history.len() as u64).collect::<Vec<_>>());
    let mut places = acknowledged
        .iter()
        .map(|trace| traces.iter().position(|found| found == trace).unwrap());
    assert!(places.by_ref().is_sorted(), "acknowledged in this order");
    let once: std::collections::BTreeSet<&str> = traces.iter().copied().collect();
    assert_eq!(once.len(), traces.len(), "no write is there twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i8_a_write_whose_answer_is_lost_is_found_and_not_done_twice() {
    let cluster = Cluster::start(Setup {
        tcp: true,
        ..Setup::default()
    })
    .unwrap();
    let proxy = Proxy::start(cluster.port());
    let store = open(&format!(
        "postgres://postgres@127.0.0.1:{}/postgres",
        proxy.port()
    ))
    .await;
    add_page(&store).await;
    // Everything is prepared once, so that what is lost next is the answer of the write itself.
    store.update_settings(write("first", true)).await.unwrap();
    for round in 0..5 {
        proxy.lose_the_answer_of_the_next_commit();
        let trace = format!("lost {round}");
        let outcome = store
            .update_settings(write(&trace, round % 2 == 1))
            .await
            .unwrap();
        let WriteOutcome::Stored(Written { record, changed }) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(changed && proxy.has_lost());
        let history = store.history(PAGE, None, 10).await.unwrap();
        assert_eq!(history[0].trace_id, trace);
        assert_eq!(history[0].revision, record.revision);
        assert_eq!(record.revision, Revision::new(round + 2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_waits_for_a_database_that_becomes_the_leader() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = Arc::new(open(&cluster.address("postgres")).await);
    add_page(&store).await;
    let read_only = |on: &str| {
        let sql = format!("ALTER SYSTEM SET default_transaction_read_only = {on}");
        cluster.query("postgres", &sql).unwrap();
        cluster
            .query("postgres", "SELECT pg_reload_conf()")
            .unwrap();
    };
    read_only("on");
    // Until the servers of the connections have read it.
    while store.check().await.is_ok() {
        tokio::task::yield_now().await;
    }
    let waiting = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.update_settings(write("waits", true)).await })
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!waiting.is_finished());
    std::fs::write(cluster.folder().join("data/postgresql.auto.conf"), "").unwrap();
    cluster
        .query("postgres", "SELECT pg_reload_conf()")
        .unwrap();
    let outcome = waiting.await.unwrap().unwrap();
    assert!(matches!(outcome, WriteOutcome::Stored(written) if written.changed));
    store.check().await.unwrap();
}

#[tokio::test]
async fn a_database_that_would_not_keep_promises_is_refused() {
    for (line, said) in [
        ("fsync = off", "set fsync = on"),
        ("synchronous_commit = off", "set it to on"),
    ] {
        let cluster = Cluster::start(Setup {
            configuration: line.to_owned(),
            ..Setup::default()
        })
        .unwrap();
        let location: Location = cluster.address("postgres").parse().unwrap();
        let error = PostgresStore::open(&location, Coherence::Strict)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    open(&cluster.address("postgres")).await.close().await;
    cluster
        .query("postgres", "INSERT INTO schema_version VALUES (99, 0)")
        .unwrap();
    let location: Location = cluster.address("postgres").parse().unwrap();
    let error = PostgresStore::open(&location, Coherence::Strict)
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        StoreError::NewerSchema {
            found: 99,
            known: 5
        }
    ));
}

#[tokio::test]
async fn nothing_there_is_one_clear_error_without_the_password() {
    let location: Location = "postgres://pagebell:hunter2@127.0.0.1:1/calls"
        .parse()
        .unwrap();
    let error = PostgresStore::open(&location, Coherence::Strict)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("pagebell@127.0.0.1:1/calls"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_noticed_and_stays_with_its_page() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = open(&cluster.address("postgres")).await;
    add_page(&store).await;
    store.update_settings(write("first", true)).await.unwrap();
    cluster
        .query("postgres", "UPDATE page SET document = document || ' '")
        .unwrap();
    let sound = PageId::new(8);
    let page = NewPage {
        page_id: sound,
        name: None,
        at: at(),
    };
    store.add_page(page).await.unwrap();
    let (damaged, read) = tokio::join!(store.page(PAGE), store.page(sound));
    assert!(matches!(damaged, Err(StoreError::Corrupt { .. })));
    assert!(read.unwrap().is_some());
    let mut other = write("other", true);
    other.page_id = sound;
    let (damaged, written) = tokio::join!(
        store.update_settings(write("damaged", false)),
        store.update_settings(other)
    );
    assert!(matches!(damaged, Err(StoreError::Corrupt { .. })));
    assert!(matches!(written, Ok(WriteOutcome::Stored(_))));
}

#[tokio::test]
async fn former_tokens_of_removed_pages_end_with_the_upgrade() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let address = cluster.address("postgres");
    open(&address).await.close().await;
    for sql in [
        "DELETE FROM schema_version WHERE migration >= 3",
        "DROP INDEX removal",
        "INSERT INTO history (page_id, revision, changed_ms, trace_id, write_id) \
         VALUES (7, 1, 1000, '', 0), (-1, 1, 1000, '', 0)",
        "INSERT INTO token (token_id, hash, pages, scopes, issued_ms) VALUES \
         (1, decode(repeat('01', 32), 'hex'), '[7,8,18446744073709551615]', '[]', 999), \
         (2, decode(repeat('02', 32), 'hex'), '[7]', '[]', 1001), \
         (3, decode(repeat('03', 32), 'hex'), NULL, '[]', 999)",
    ] {
        cluster.query("postgres", sql).unwrap();
    }
    let store = open(&address).await;
    let tokens = store.tokens().await.unwrap();
    let pages =
        |numbers: &[u64]| Coverage::Pages(numbers.iter().copied().map(PageId::new).collect());
    let coverages: Vec<Coverage> = tokens.into_iter().map(|token| token.coverage).collect();
    assert_eq!(coverages, [pages(&[8]), pages(&[7]), Coverage::AllPages]);
    store.close().await;
}
