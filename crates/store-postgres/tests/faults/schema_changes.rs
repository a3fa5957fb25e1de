//! Tables and rights that change under a server.

use call_settings::PageId;
use settings_store::SettingsStore;

use super::{add_pages, cluster, open, open_at, revision, write};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_prepared_before_a_change_of_the_tables_is_prepared_again() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    add_pages(&store, [1]).await;
    for (round, length) in (0..6).zip([90_000, 91_000, 92_000, 93_000, 94_000, 95_000]) {
        store.page(PageId::new(1)).await.unwrap();
        store.history(PageId::new(1), None, 1).await.unwrap();
        let answer = store.update_settings(write(1, round % 2 == 0)).await;
        assert_eq!(revision(&answer), round + 1);
        for table in ["page ALTER COLUMN name", "history ALTER COLUMN trace_id"] {
            let sql = format!("ALTER TABLE {table} TYPE varchar({length})");
            cluster.query("postgres", &sql).unwrap();
        }
    }
    store.check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_looks_at_what_a_server_needs() {
    let cluster = cluster("");
    let query = |sql: &str| cluster.query("postgres", sql).unwrap();
    let owner = open(&cluster).await;
    query("CREATE ROLE reader LOGIN");
    query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader");
    let address = cluster.address("postgres");
    let reader = open_at(&address.replacen("postgres@", "reader@", 1)).await;
    owner.check().await.unwrap();
    let error = reader.check().await.unwrap_err().to_string();
    assert!(error.contains("may not write"), "{error}");
    query("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader");
    reader.check().await.unwrap();
    query("REVOKE INSERT ON history FROM reader");
    reader.check().await.unwrap_err();
    query("DELETE FROM schema_version WHERE migration > 1");
    let error = owner.check().await.unwrap_err().to_string();
    assert!(error.contains("schema version"), "{error}");
    query("INSERT INTO schema_version VALUES (99, 0)");
    owner.check().await.unwrap();
    query("ALTER TABLE history RENAME COLUMN document TO documents");
    owner.check().await.unwrap_err();
    query("ALTER TABLE history RENAME COLUMN documents TO document");
    owner.check().await.unwrap();
    query("DROP TABLE token");
    owner.check().await.unwrap_err();
}
