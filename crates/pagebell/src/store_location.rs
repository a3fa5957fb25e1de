//! Where a store is.

use std::convert::Infallible;
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
use crate::logging;

/// The file that is used when no store is named, in the working directory.
const DEFAULT_FILE: &str = "pagebell.db";

/// Where a store is.
///
/// What is wrong with a location is said when the store is opened and not when it is parsed: who
/// parses options and files repeats the text with the error, and there may be a password in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(crate) enum StoreLocation {
    /// None was named. A server creates the default file; a command only uses one that exists.
    #[default]
    Unnamed,
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, or what is wrong with its address.
    Postgres(Box<Result<Location, LocationError>>),
    /// Memory: nothing is kept.
    Memory,
    /// What is wrong with the location.
    Unusable(BadLocation),
}

/// Why a text is no location of a store, or none can be found out. It never repeats the text where
/// that may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadLocation {
    #[error(
        "a store is sqlite:PATH, such as sqlite:{DEFAULT_FILE}, postgres://USER@HOST:PORT/DATABASE, \
         or sqlite::memory: to keep nothing"
    )]
    Form,
    #[error("there is whitespace before or after the store's path or address; remove it")]
    Whitespace,
    #[error(
        "a SQLite store has no // after sqlite: - write sqlite:{path} for a path in the working \
         directory, or sqlite:/{path} for an absolute one"
    )]
    Slashes { path: String },
    #[error(
        "a store in memory is sqlite::memory: with both colons; a file of that name would be \
         sqlite:./memory"
    )]
    Memory,
    #[error("write the address of a PostgreSQL store without sqlite: before it")]
    TwoSchemes,
    /// The configuration file that would name it cannot be used.
    #[error("{0}")]
    Configuration(String),
}

/// Whether a command may be the first to use a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It may: a file that is missing is made.
    MayBeFirst,
    /// It makes sense only on a store that exists.
    Existing,
    /// It makes sense only on a store that exists, and changes nothing in it.
    Reading,
}

impl From<&str> for StoreLocation {
    fn from(text: &str) -> Self {
        if text.trim() != text {
            return Self::Unusable(BadLocation::Whitespace);
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return Self::Unusable(BadLocation::Form);
        };
        match scheme.to_ascii_lowercase().as_str() {
            scheme @ ("postgres" | "postgresql") => {
                Self::Postgres(Box::new(format!("{scheme}:{rest}").parse()))
            }
            "sqlite" => sqlite(rest).unwrap_or_else(Self::Unusable),
            _ => Self::Unusable(BadLocation::Form),
        }
    }
}

/// What stands after `sqlite:`.
fn sqlite(rest: &str) -> Result<StoreLocation, BadLocation> {
    let lower = rest.to_ascii_lowercase();
    if lower == ":memory:" {
        return Ok(StoreLocation::Memory);
    }
    if rest.is_empty() {
        return Err(BadLocation::Form);
    }
    if rest.trim_start() != rest {
        return Err(BadLocation::Whitespace);
    }
    if lower.starts_with("postgres") && lower.contains(':') || lower.contains("://") {
        return Err(BadLocation::TwoSchemes);
    }
    if let Some(path) = rest.strip_prefix("//") {
        let path = path.trim_start_matches('/');
        // With these it may be an address with a password.
        let is_plain = !path.is_empty() && !path.contains(['@', ':']);
        let path = if is_plain { path } else { "PATH" }.to_owned();
        return Err(BadLocation::Slashes { path });
    }
    if rest.starts_with(':') || lower.trim_matches(':') == "memory" {
        return Err(BadLocation::Memory);
    }
    Ok(StoreLocation::Sqlite(PathBuf::from(rest)))
}

impl FromStr for StoreLocation {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl From<String> for StoreLocation {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => write!(formatter, "sqlite:{DEFAULT_FILE}"),
            Self::Sqlite(path) => write!(formatter, "sqlite:{}", path.display()),
            Self::Postgres(location) => match &**location {
                Ok(location) => location.fmt(formatter),
                Err(_unreadable) => formatter.write_str("postgres:"),
            },
            Self::Memory => formatter.write_str("sqlite::memory:"),
            Self::Unusable(_) => formatter.write_str("(unreadable)"),
        }
    }
}

impl StoreLocation {
    /// Opens the store for a server, whose answers may be so old where others change the store too.
    pub(crate) async fn open_for_server(
        &self,
        cache_bound: Option<Duration>,
    ) -> Result<Arc<dyn SettingsStore>, Failure> {
        if let Self::Unusable(error) = self {
            return Err(unusable(error));
        }
        if cache_bound.is_some() && !matches!(self, Self::Postgres(_)) {
            return Err(Failure::Options(format!(
                "cache_bound is for a store that several servers share, and {self} is this server's \
                 alone: what it keeps in memory is never old; leave it out"
            )));
        }
        Ok(match self {
            Self::Unnamed => Arc::new(SqliteStore::open(Path::new(DEFAULT_FILE), Role::Server)?),
            Self::Sqlite(path) => Arc::new(SqliteStore::open(path, Role::Server)?),
            Self::Postgres(location) => {
                let coherence = cache_bound.map_or(Coherence::Strict, Coherence::Bounded);
                open_postgres(location, coherence).await?
            }
            Self::Memory => Arc::new(MemoryStore::default()),
            Self::Unusable(error) => return Err(unusable(error)),
        })
    }

    /// Opens the store for a command.
    pub(crate) async fn open(&self, opening: Opening) -> Result<Arc<dyn SettingsStore>, Failure> {
        if let Self::Postgres(location) = self {
            return match opening {
                Opening::MayBeFirst | Opening::Existing => {
                    open_postgres(location, Coherence::Strict).await
                }
                Opening::Reading => {
                    let location = usable(location)?;
                    Ok(Arc::new(PostgresStore::open_for_reading(location).await?))
                }
            };
        }
        let path = match opening {
            Opening::MayBeFirst => self.file("administered")?,
            Opening::Existing | Opening::Reading => self.existing_file("administered")?,
        };
        let is_new = !path.exists();
        let store = SqliteStore::open(path, Role::Administration)?;
        if is_new {
            logging::write_notice(&format!("pagebell: note: created the store {self}"));
        }
        Ok(Arc::new(store))
    }

    /// The file of a store that is one; otherwise the error says what cannot be done to it. A file
    /// that was named need not exist.
    pub(crate) fn file(&self, done: &str) -> Result<&Path, Failure> {
        match self {
            Self::Unnamed if Path::new(DEFAULT_FILE).exists() => Ok(Path::new(DEFAULT_FILE)),
            Self::Unnamed => Err(Failure::Options(format!(
                "no store is named, and there is no store {self} in this folder; name one with \
                 --store, PAGEBELL_STORE or the configuration file, and it is created where the \
                 command may do that"
            ))),
            Self::Sqlite(path) => Ok(path),
            Self::Postgres(location) => Err(match &**location {
                Ok(_) => Failure::Options(format!(
                    "only a SQLite file can be {done} here; for {self} use the tools of PostgreSQL"
                )),
                Err(error) => Failure::Options(error.to_string()),
            }),
            Self::Memory => Err(Failure::Options(format!(
                "sqlite::memory: keeps nothing that could be {done}; name a file"
            ))),
            Self::Unusable(error) => Err(unusable(error)),
        }
    }

    /// The file of a store that must exist.
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

fn unusable(error: &BadLocation) -> Failure {
    Failure::Options(error.to_string())
}

async fn open_postgres(
    location: &Result<Location, LocationError>,
    coherence: Coherence,
) -> Result<Arc<dyn SettingsStore>, Failure> {
    let location = usable(location)?;
    Ok(Arc::new(PostgresStore::open(location, coherence).await?))
}

fn usable(location: &Result<Location, LocationError>) -> Result<&Location, Failure> {
    let usable = location.as_ref();
    usable.map_err(|error| Failure::Options(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        match StoreLocation::from(text) {
            StoreLocation::Unusable(error) => error.to_string(),
            StoreLocation::Postgres(location) => location.unwrap_err().to_string(),
            location => panic!("{text:?} is {location:?}"),
        }
    }

    #[test]
    fn the_scheme_is_read_in_any_case() {
        for text in ["sqlite:x.db", "SQLITE:x.db", "Sqlite:x.db"] {
            let expected = StoreLocation::Sqlite("x.db".into());
            assert_eq!(StoreLocation::from(text), expected, "{text}");
        }
        assert_eq!(
            StoreLocation::from("SQLite::MEMORY:"),
            StoreLocation::Memory
        );
        for text in ["Postgres://u@127.0.0.1/d", "POSTGRESQL://u@127.0.0.1/d"] {
            let StoreLocation::Postgres(location) = StoreLocation::from(text) else {
                panic!("{text}");
            };
            assert!(location.is_ok(), "{text}");
        }
        for text in ["sqlite:/var/lib/x.db", "sqlite:./memory", "sqlite:a:b.db"] {
            assert_eq!(StoreLocation::from(text).to_string(), text);
        }
    }

    #[test]
    fn near_misses_get_an_error_that_says_what_is_meant() {
        for (text, part) in [
            (" sqlite:x.db", "whitespace"),
            ("sqlite:x.db\n", "whitespace"),
            ("sqlite: x.db", "whitespace"),
            ("sqlite://x.db", "sqlite:x.db for"),
            ("sqlite:///x.db", "sqlite:/x.db for"),
            ("sqlite://", "sqlite:PATH for"),
            ("sqlite::memory", "sqlite::memory:"),
            ("sqlite:memory:", "sqlite::memory:"),
            ("sqlite:memory", "sqlite::memory:"),
            ("sqlite::Memory", "sqlite::memory:"),
            ("sqlite::other:", "sqlite::memory:"),
            ("sqlite:", "a store is sqlite:PATH"),
            ("pagebell.db", "a store is sqlite:PATH"),
            ("mysql:x", "a store is sqlite:PATH"),
            ("", "a store is sqlite:PATH"),
        ] {
            let error = error(text);
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }

    #[test]
    fn no_error_has_a_password() {
        for text in [
            " postgres://u:s3cret@127.0.0.1/d",
            "postgre://u:s3cret@127.0.0.1/d",
            "postgres:/u:s3cret@127.0.0.1/d",
            "Postgres://u:s3cret@127.0.0.1",
            "sqlite:postgres://u:s3cret@127.0.0.1/d",
            "sqlite:Postgresql:u:s3cret@127.0.0.1/d",
            "sqlite://u:s3cret@127.0.0.1/d",
            "sqlite:mysql://u:s3cret@127.0.0.1/d",
            "u:s3cret@127.0.0.1/d",
        ] {
            let location = StoreLocation::from(text);
            for shown in [error(text), location.to_string(), format!("{location:?}")] {
                assert!(!shown.contains("s3cret"), "{text}: {shown}");
            }
        }
    }
}
