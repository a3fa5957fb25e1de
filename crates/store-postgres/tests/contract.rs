//! The PostgreSQL store keeps the promises that every store makes.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::ops::Deref;

use settings_store::SettingsStore;
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
