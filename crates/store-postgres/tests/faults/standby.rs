//! A synchronous standby that does not come back.

use std::time::Duration;

use call_settings::PageId;
use futures_util::future::join_all;
use settings_store::{SettingsStore, StoreError};

use super::{add_pages, backends, cluster, new_page, open, revision, set, until, write};

/// The connections that a server may open, as the documents say.
const MOST_CONNECTIONS: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_standby_reads_go_on_and_connections_stay_few() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    add_pages(&store, 1..=40).await;
    set(&cluster, "SET synchronous_standby_names = 'nobody'");
    until("the standby is waited for", async || {
        let sql = "SHOW synchronous_standby_names";
        cluster.query("postgres", sql).unwrap() == "nobody"
    })
    .await;
    let first = {
        let store = store.clone();
        tokio::spawn(async move { store.update_settings(write(1, true)).await })
    };
    until("a commit waits for the standby", async || {
        backends(&cluster, "wait_event = 'SyncRep'") > 0
    })
    .await;
    let updates = {
        let store = store.clone();
        tokio::spawn(async move {
            let updates = (2..=20).map(|page_id| store.update_settings(write(page_id, true)));
            join_all(updates).await
        })
    };
    let additions = {
        let store = store.clone();
        tokio::spawn(async move {
            let additions = (100..=120).map(|page_id| store.add_page(new_page(page_id)));
            join_all(additions).await
        })
    };
    while !updates.is_finished() || !additions.is_finished() || !first.is_finished() {
        let page = store.page(PageId::new(40)).await.unwrap().unwrap();
        assert_eq!(page.revision.get(), 0);
        let history = store.history(PageId::new(40), None, 1).await.unwrap();
        assert!(history.is_empty());
        let count = backends(&cluster, "true");
        assert!(count <= MOST_CONNECTIONS, "{count}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Nobody knows of what was sent; what was not sent is known not to be stored.
    let first = first.await.unwrap();
    assert!(matches!(first, Err(StoreError::OutcomeUnknown { .. })));
    for answer in updates.await.unwrap() {
        assert!(
            matches!(answer, Err(StoreError::Unavailable { .. })),
            "{answer:?}"
        );
    }
    let unknown =
        |answer: &Result<_, StoreError>| matches!(answer, Err(StoreError::OutcomeUnknown { .. }));
    let additions = additions.await.unwrap();
    assert!(additions.iter().all(Result::is_err));
    assert_eq!(additions.iter().filter(|answer| unknown(answer)).count(), 1);
    set(&cluster, "RESET synchronous_standby_names");
    let answers = join_all((1..=20).map(|page_id| store.update_settings(write(page_id, true))));
    for answer in answers.await {
        assert_eq!(revision(&answer), 1);
    }
    let history = store.history(PageId::new(1), None, 9).await.unwrap();
    assert_eq!(history.len(), 1, "nothing is stored twice");
    store.add_page(new_page(200)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_ends_though_a_commit_is_never_confirmed() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    add_pages(&store, [1, 2]).await;
    set(&cluster, "SET synchronous_standby_names = 'nobody'");
    let sent = {
        let store = store.clone();
        tokio::spawn(async move { store.update_settings(write(1, true)).await })
    };
    until("a commit waits for the standby", async || {
        backends(&cluster, "wait_event = 'SyncRep'") > 0
    })
    .await;
    let queued = {
        let store = store.clone();
        tokio::spawn(async move { store.update_settings(write(2, true)).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let closing = store.close_within(Duration::from_secs(2));
    let closed = tokio::time::timeout(Duration::from_secs(4), closing);
    let (closed, queued) = tokio::join!(closed, queued);
    assert!(closed.is_ok());
    assert!(matches!(
        queued.unwrap(),
        Err(StoreError::Unavailable { .. })
    ));
    let sent = sent.await.unwrap();
    assert!(matches!(sent, Err(StoreError::OutcomeUnknown { .. })));
    set(&cluster, "RESET synchronous_standby_names");
}
