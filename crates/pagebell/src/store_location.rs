//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use settings_store::{MemoryStore, SettingsStore};
use store_postgres::{Coherence, Location, LocationError, PostgresStore};
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
    /// A PostgreSQL database, or what is wrong with its address. That is said when the store is
    /// opened and not when it is parsed: whoever parses options and files repeats the text with the
    /// error, and there may be a password in it.
    Postgres(Box<Result<Location, LocationError>>),
    /// Memory: nothing is kept.
    Memory,
}

/// Whether a command may be the first to use a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It may: a file that is missing is made.
    MayBeFirst,
    /// It makes sense only on a store that exists.
    Existing,
}

/// The text is no location of a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a store is sqlite:PATH, such as {DEFAULT}, postgres://USER@HOST:PORT/DATABASE, or \
     sqlite::memory: to keep nothing"
)]
pub(crate) struct NotAStore;

impl Default for StoreLocation {
    fn default() -> Self {
        DEFAULT.parse().expect("the default is a location")
    }
}

impl FromStr for StoreLocation {
    type Err = NotAStore;

    fn from_str(text: &str) -> Result<Self, NotAStore> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            return Ok(Self::Postgres(Box::new(text.parse())));
        }
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
            Self::Postgres(location) => match &**location {
                Ok(location) => location.fmt(formatter),
                Err(_unreadable) => formatter.write_str("postgres:"),
            },
            Self::Memory => formatter.write_str("sqlite::memory:"),
        }
    }
}

impl StoreLocation {
    /// Opens the store for a server, whose answers may be so old where others change the store too.
    pub(crate) async fn open_for_server(
        &self,
        cache_bound: Option<Duration>,
    ) -> Result<Arc<dyn SettingsStore>, Failure> {
        if cache_bound.is_some() && !matches!(self, Self::Postgres(_)) {
            return Err(Failure::Options(format!(
                "cache_bound is for a store that several servers share, and {self} is this server's \
                 alone: what it keeps in memory is never old; leave it out"
            )));
        }
        Ok(match self {
            Self::Sqlite(path) => Arc::new(SqliteStore::open(path, Role::Server)?),
            Self::Postgres(location) => {
                let coherence = cache_bound.map_or(Coherence::Strict, Coherence::Bounded);
                open_postgres(location, coherence).await?
            }
            Self::Memory => Arc::new(MemoryStore::default()),
        })
    }

    /// Opens the store for a command.
    pub(crate) async fn open(&self, opening: Opening) -> Result<Arc<dyn SettingsStore>, Failure> {
        if let Self::Postgres(location) = self {
            return open_postgres(location, Coherence::Strict).await;
        }
        let path = match opening {
            Opening::MayBeFirst => self.file("administered")?,
            Opening::Existing => self.existing_file("administered")?,
        };
        Ok(Arc::new(SqliteStore::open(path, Role::Administration)?))
    }

    /// The file of a store that is one; otherwise the error says what cannot be done to it.
    pub(crate) fn file(&self, done: &str) -> Result<&Path, Failure> {
        match self {
            Self::Sqlite(path) => Ok(path),
            Self::Postgres(_) => Err(Failure::Options(format!(
                "only a SQLite file can be {done} here; for {self} use the tools of PostgreSQL"
            ))),
            Self::Memory => Err(Failure::Options(format!(
                "sqlite::memory: keeps nothing that could be {done}; name a file"
            ))),
        }
    }

    /// The same of a store that must exist.
    pub(crate) fn existing_file(&self, done: &str) -> Result<&Path, Failure> {
        let path = self.file(done)?;
        if path.exists() {
            Ok(path)
        } else {
            Err(Failure::Options(format!(
                "there is no store {self}; name the right one with --store"
            )))
        }
    }
}

async fn open_postgres(
    location: &Result<Location, LocationError>,
    coherence: Coherence,
) -> Result<Arc<dyn SettingsStore>, Failure> {
    match location {
        Ok(location) => Ok(Arc::new(PostgresStore::open(location, coherence).await?)),
        Err(error) => Err(Failure::Options(error.to_string())),
    }
}
