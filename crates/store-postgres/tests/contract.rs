//! The PostgreSQL store keeps the promises that every store makes.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::ops::Deref;
use std::sync::Arc;

use call_settings::{PageId, SettingsUpdate};
use jiff::Timestamp;
use settings_store::{CallingChange, ImportedPage, PagesImport, SettingsStore};
use store_postgres::{Coherence, PostgresStore};
use temporary_postgres::{Cluster, Setup};

/// A store in a cluster that goes away with it.
struct Temporary {
    store: PostgresStore,
    _cluster: Cluster,
}

impl Deref for Temporary {
    type Target = dyn SettingsStore;

    fn deref(&self) -> &Self::Target {
        &self.store
    }
}

async fn open() -> Temporary {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let location = cluster.address("postgres").parse().unwrap();
    let store = PostgresStore::open(&location, Coherence::Strict)
        .await
        .unwrap();
    Temporary {
        store,
        _cluster: cluster,
    }
}

settings_store::contract_tests!(async || open().await);

/// Names are read in batches; a search goes on behind the first of them, up to the highest id.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_reads_every_batch_of_names() {
    const PAGES: u64 = 4_100;
    let store = open().await;
    let pages = (1..=PAGES)
        .chain([u64::MAX])
        .map(|number| ImportedPage {
            page_id: PageId::new(number),
            name: Some(if number % 1_000 == 0 || number > PAGES {
                format!("Müller {number}")
            } else {
                format!("Bakery {number}")
            }),
            update: SettingsUpdate::default(),
            calling: CallingChange::default(),
        })
        .collect();
    let import = PagesImport {
        pages,
        defaults: Arc::default(),
        at: Timestamp::UNIX_EPOCH,
    };
    store.import_pages(import).await.unwrap();
    let found = async |after: Option<u64>, limit| -> Vec<u64> {
        let after = after.map(PageId::new);
        let pages = store.find_pages("MULLER", after, limit).await.unwrap();
        pages.iter().map(|page| page.page_id.get()).collect()
    };
    let all = [1_000, 2_000, 3_000, 4_000, u64::MAX];
    assert_eq!(found(None, 10).await, all);
    assert_eq!(found(None, 3).await, all[..3]);
    assert_eq!(found(Some(1_000), 10).await, all[1..]);
    assert_eq!(found(Some(4_000), 10).await, all[4..]);
}
