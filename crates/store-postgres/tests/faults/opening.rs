//! Databases that do not let a server finish opening its store.

use std::time::Duration;

use store_postgres::{Coherence, Location, PostgresStore};
use tokio::time::timeout;

use super::{LIMIT, backends, cluster, open, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_no_standby_confirms_is_an_error_in_time() {
    let cluster = cluster("synchronous_standby_names = 'nobody'");
    let location: Location = cluster.address("postgres").parse().unwrap();
    let opening = PostgresStore::open(&location, Coherence::Strict);
    let error = timeout(LIMIT, opening).await.unwrap().unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("no synchronous standby confirms the commit"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opening_that_is_dropped_waits_for_nothing() {
    let cluster = cluster("synchronous_standby_names = 'nobody'");
    let location: Location = cluster.address("postgres").parse().unwrap();
    let mut opening = Box::pin(PostgresStore::open(&location, Coherence::Strict));
    let waits = until("the schema waits for the standby", async || {
        backends(&cluster, "wait_event = 'SyncRep'") > 0
    });
    tokio::select! {
        opened = &mut opening => panic!("{opened:?}"),
        () = waits => {}
    }
    timeout(Duration::from_secs(1), async move { drop(opening) })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_from_before_the_clock_went_back_is_not_waited_for() {
    let cluster = cluster("");
    open(&cluster).await;
    for sql in [
        "DELETE FROM schema_version WHERE migration = (SELECT max(migration) FROM schema_version)",
        "INSERT INTO schema_turn VALUES ('migration', 1, \
         CAST(extract(epoch FROM now() + interval '1 hour') * 1000 AS bigint))",
    ] {
        cluster.query("postgres", sql).unwrap();
    }
    // The owner of a turn has a minute.
    let opening = open(&cluster);
    timeout(Duration::from_secs(30), opening).await.unwrap();
}
