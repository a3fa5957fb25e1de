//! Reads that take long, and callers that do not wait for them.

use std::time::Duration;

use call_settings::PageId;
use settings_store::{SettingsStore, StoreError};
use tokio::time::timeout;

use super::{add_pages, backends, cluster, open, other_program, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_do_not_wait_behind_histories_that_are_blocked() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    add_pages(&store, [1]).await;
    let other = other_program(&cluster).await;
    other
        .batch_execute("BEGIN; LOCK TABLE history")
        .await
        .unwrap();
    let histories: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.history(PageId::new(1), None, 1).await })
        })
        .collect();
    until("histories wait for the lock", async || {
        backends(&cluster, "wait_event_type = 'Lock'") == 2
    })
    .await;
    for _ in 0..200 {
        assert!(store.page(PageId::new(1)).await.unwrap().is_some());
    }
    assert!(histories.iter().all(|history| !history.is_finished()));
    for history in histories {
        let answer = history.await.unwrap();
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })));
    }
    // Nobody works for those who have been answered.
    until("the database has ended the reads", async || {
        backends(&cluster, "state = 'active'") == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_nobody_waits_for_is_cancelled() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    let other = other_program(&cluster).await;
    other
        .batch_execute("BEGIN; LOCK TABLE history")
        .await
        .unwrap();
    for _ in 0..10 {
        let history = store.history(PageId::new(1), None, 1);
        let answer = timeout(Duration::from_millis(50), history).await;
        assert!(answer.is_err());
    }
    // Long before the limit of the statement, which is some seconds.
    let ended = timeout(Duration::from_secs(3), async {
        while backends(&cluster, "wait_event_type = 'Lock'") > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(ended.await.is_ok());
    assert!(backends(&cluster, "true") <= 8);
    other.batch_execute("COMMIT").await.unwrap();
    store.history(PageId::new(1), None, 1).await.unwrap();
}
