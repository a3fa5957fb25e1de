//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use settings_store::{MemoryStore, SettingsStore, StoreError};
use store_sqlite::{Role, SqliteStore};

use crate::failure::Failure;

/// The store that is used when none is named: a file in the working directory.
pub(crate) const DEFAULT: &str = "sqlite:pagebell.db";

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum StoreLocation {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// Memory: nothing is kept.
    Memory,
}

/// The text is no location of a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a store is sqlite:PATH, such as {DEFAULT}, or sqlite::memory: to keep nothing")]
pub(crate) struct NotAStore;

impl Default for StoreLocation {
    fn default() -> Self {
        DEFAULT.parse().expect("the default is a location")
    }
}

impl FromStr for StoreLocation {
    type Err = NotAStore;

    fn from_str(text: &str) -> Result<Self, NotAStore> {
        match text.strip_prefix("sqlite:") {
            Some(":memory:") => Ok(Self::Memory),
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err(NotAStore),
        }
    }
}

impl TryFrom<String> for StoreLocation {
    type Error = NotAStore;

    fn try_from(text: String) -> Result<Self, NotAStore> {
        text.parse()
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "sqlite:{}", path.display()),
            Self::Memory => formatter.write_str("sqlite::memory:"),
        }
    }
}

impl StoreLocation {
    /// Opens the store for a server.
    pub(crate) fn open_for_server(&self) -> Result<Arc<dyn SettingsStore>, StoreError> {
        match self {
            Self::Sqlite(path) => Ok(Arc::new(SqliteStore::open(path, Role::Server)?)),
            Self::Memory => Ok(Arc::new(MemoryStore::default())),
        }
    }

    /// The file of a store that is one.
    pub(crate) fn file(&self) -> Result<&Path, Failure> {
        match self {
            Self::Sqlite(path) => Ok(path),
            Self::Memory => Err(Failure::Options(
                "sqlite::memory: keeps nothing that could be administered; name a file".to_owned(),
            )),
        }
    }

    /// The file of a store that must exist.
    pub(crate) fn existing_file(&self) -> Result<&Path, Failure> {
        let path = self.file()?;
        if path.exists() {
            Ok(path)
        } else {
            Err(Failure::Options(format!(
                "there is no store {self}; name the right one with --store"
            )))
        }
    }

    /// Opens the store for a command that may be the first to use it.
    pub(crate) fn open_for_administration(&self) -> Result<SqliteStore, Failure> {
        Ok(SqliteStore::open(self.file()?, Role::Administration)?)
    }

    /// Opens the store for a command that makes sense only on one that exists.
    pub(crate) fn open_existing(&self) -> Result<SqliteStore, Failure> {
        Ok(SqliteStore::open(
            self.existing_file()?,
            Role::Administration,
        )?)
    }
}
