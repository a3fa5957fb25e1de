//! The SQLite store keeps the promises that every store makes.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::ops::Deref;

use settings_store::SettingsStore;
use store_sqlite::{Role, SqliteStore};
use tempfile::TempDir;

/// A store in a folder that goes away with it.
struct Temporary {
    store: SqliteStore,
    _folder: TempDir,
}

impl Deref for Temporary {
    type Target = dyn SettingsStore;

    fn deref(&self) -> &Self::Target {
        &self.store
    }
}

fn open() -> Temporary {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("pagebell.db"), Role::Server).unwrap();
    Temporary {
        store,
        _folder: folder,
    }
}

settings_store::contract_tests!(async || open());
