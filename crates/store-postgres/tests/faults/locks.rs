//! Rows that another program has locked.

use std::time::Duration;

use call_settings::PageId;
use futures_util::future::join_all;
use settings_store::{KeepCopies, SettingsStore, StoreError};
use store_postgres::{Coherence, Location, PostgresStore};

use super::{add_pages, cluster, open, other_program, revision, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_row_stops_the_updates_of_its_own_page_only() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    add_pages(&store, 1..=20).await;
    let other = other_program(&cluster).await;
    other
        .batch_execute("BEGIN; UPDATE page SET name = 'x' WHERE page_id = 5")
        .await
        .unwrap();
    // Somebody repeats the update of the locked Page all the time, in every group.
    let repeating = {
        let store = store.clone();
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..2 {
                let same = (0..8).map(|_| store.update_settings(write(5, true)));
                answers.extend(join_all(same).await);
            }
            answers
        })
    };
    // More updates of others than there is time for, were each to wait for the lock.
    for round in 0..100_u64 {
        let others = (1..=20).filter(|page_id| *page_id != 5);
        let updates = others.map(|page_id| store.update_settings(write(page_id, round % 2 == 0)));
        for answer in join_all(updates).await {
            assert_eq!(revision(&answer), round + 1);
        }
    }
    assert!(!repeating.is_finished());
    for answer in repeating.await.unwrap() {
        let Err(StoreError::Unavailable { reason }) = answer else {
            panic!("{answer:?}");
        };
        assert!(reason.contains("locked the row of the Page 5"), "{reason}");
    }
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.update_settings(write(5, true)).await })
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!waiting.is_finished());
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(revision(&waiting.await.unwrap()), 1);
    assert_eq!(revision(&store.update_settings(write(5, false)).await), 2);
}

/// A row that is not committed yet cannot be skipped, as nobody else sees it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_being_added_stops_the_updates_of_its_own_page_only() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    add_pages(&store, [6]).await;
    let other = other_program(&cluster).await;
    other
        .batch_execute("BEGIN; INSERT INTO page VALUES (5, NULL, 0, 0, NULL, NULL, false)")
        .await
        .unwrap();
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move {
            let mut creates = write(5, true);
            creates.create_page = true;
            store.update_settings(creates).await
        })
    };
    for round in 0..20_u64 {
        let answer = store.update_settings(write(6, round % 2 == 0)).await;
        assert_eq!(revision(&answer), round + 1);
    }
    assert!(!waiting.is_finished());
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(revision(&waiting.await.unwrap()), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locked_heartbeats_cost_one_line() {
    let cluster = cluster("");
    let location: Location = cluster.address("postgres").parse().unwrap();
    let bound = Coherence::Bounded(Duration::from_secs(1));
    let store = PostgresStore::open(&location, bound).await.unwrap();
    let KeepCopies::Bounded(keeping) = store.keep_copies() else {
        panic!("copies are kept for a bounded time");
    };
    cluster
        .query("postgres", "INSERT INTO heartbeat VALUES (1, 0)")
        .unwrap();
    let line = keeping.lines.open_line().await.unwrap();
    line.prove().await.unwrap();
    let other = other_program(&cluster).await;
    other
        .batch_execute("BEGIN; INSERT INTO heartbeat VALUES (2, 0)")
        .await
        .unwrap();
    other
        .batch_execute("SELECT * FROM heartbeat FOR UPDATE")
        .await
        .unwrap();
    line.prove().await.unwrap_err();
    line.close();
    let next = keeping.lines.open_line().await.unwrap();
    next.prove().await.unwrap();
    assert!(next.page(PageId::new(1)).await.unwrap().record.is_none());
}
