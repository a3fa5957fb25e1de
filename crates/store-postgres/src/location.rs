//! Where the database is, and how to get in.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::config::{Host, SslMode};

/// Parameters of an address that are ours; all others are the driver's.
const CERTIFICATE_AUTHORITY: &str = "sslrootcert";
const PASSWORD_FILE: &str = "passfile";
const ENCRYPTION: &str = "sslmode";

/// A database, from `postgres://USER@HOST:PORT/DATABASE`.
///
/// `Display` and `Debug` leave the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) encryption: Encryption,
    /// A file with the password on its first line.
    pub(crate) password_file: Option<PathBuf>,
}

/// Whether connections are encrypted. There is no encryption without checking who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    Off,
    /// The server's certificate has to be for its host's name, and signed by one of this file.
    Verified {
        authorities: PathBuf,
    },
}

/// The text is no location of a database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It does not begin with `postgres://` or `postgresql://`.
    #[error("a PostgreSQL store is postgres://USER@HOST:PORT/DATABASE")]
    NoAddress,
    /// A part of it cannot be read. The text itself is not repeated: it may hold a password.
    #[error("the address of the PostgreSQL store cannot be read: {reason}")]
    Unreadable {
        /// What the driver says.
        reason: String,
    },
    /// It does not say which database.
    #[error(
        "the address of the PostgreSQL store names no {part}; write postgres://USER@HOST:PORT/DATABASE"
    )]
    Missing {
        /// The part.
        part: &'static str,
    },
    /// It asks for an encryption that there is not.
    #[error(
        "sslmode={found} is not supported; write sslmode=verify-full with sslrootcert=FILE, or \
         sslmode=disable on a network that is yours alone"
    )]
    UnknownEncryption {
        /// What it asks for.
        found: String,
    },
    /// It is to be encrypted, but not said whose signature counts.
    #[error(
        "sslmode=verify-full needs sslrootcert=FILE, the certificates of who signs the server's"
    )]
    NoCertificateAuthority,
    /// It is on another machine, and nothing is said about encryption.
    #[error(
        "the PostgreSQL store {host} is on another machine; add sslrootcert=FILE to encrypt, or \
         sslmode=disable on a network that is yours alone"
    )]
    EncryptionUnsaid {
        /// The machine.
        host: String,
    },
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return Err(LocationError::NoAddress);
        }
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let mut authorities = None;
        let mut password_file = None;
        let mut encryption = None;
        let mut others = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                CERTIFICATE_AUTHORITY => authorities = Some(PathBuf::from(&*value)),
                PASSWORD_FILE => password_file = Some(PathBuf::from(&*value)),
                ENCRYPTION => encryption = Some(value.into_owned()),
                _ => {
                    others.append_pair(&name, &value);
                }
            }
        }
        let mut config: tokio_postgres::Config =
            format!("{address}?{}", others.finish()).parse().map_err(
                |error: tokio_postgres::Error| LocationError::Unreadable {
                    reason: described(&error),
                },
            )?;
        for (part, is_there) in [
            ("host", !config.get_hosts().is_empty()),
            ("database", config.get_dbname().is_some()),
            ("user", config.get_user().is_some()),
        ] {
            if !is_there {
                return Err(LocationError::Missing { part });
            }
        }
        let encryption = match (encryption.as_deref(), authorities) {
            (Some("disable"), _) => Encryption::Off,
            (Some("verify-full") | None, Some(authorities)) => Encryption::Verified { authorities },
            (Some("verify-full"), None) => return Err(LocationError::NoCertificateAuthority),
            (Some(found), _) => {
                return Err(LocationError::UnknownEncryption {
                    found: found.to_owned(),
                });
            }
            (None, None) => match config.get_hosts().iter().find_map(remote) {
                None => Encryption::Off,
                Some(host) => return Err(LocationError::EncryptionUnsaid { host }),
            },
        };
        config.ssl_mode(match encryption {
            Encryption::Off => SslMode::Disable,
            Encryption::Verified { .. } => SslMode::Require,
        });
        Ok(Self {
            config,
            encryption,
            password_file,
        })
    }
}

/// The driver's reason behind its own heading.
fn described(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// The name of a host that is not this machine.
fn remote(host: &Host) -> Option<String> {
    match host {
        Host::Tcp(name) => {
            let loopback = name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback());
            (!loopback).then(|| name.clone())
        }
        Host::Unix(_) => None,
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.config.get_user().unwrap_or_default();
        write!(formatter, "postgres://{user}@")?;
        let ports = self.config.get_ports();
        for (place, host) in self.config.get_hosts().iter().enumerate() {
            if place > 0 {
                formatter.write_str(",")?;
            }
            match host {
                Host::Tcp(name) if name.contains(':') => write!(formatter, "[{name}]")?,
                Host::Tcp(name) => formatter.write_str(name)?,
                Host::Unix(path) => write!(formatter, "{}", path.display())?,
            }
            if let Some(port) = ports.get(place).or(ports.first()) {
                write!(formatter, ":{port}")?;
            }
        }
        write!(
            formatter,
            "/{}",
            self.config.get_dbname().unwrap_or_default()
        )
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Location({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location, LocationError> {
        text.parse()
    }

    #[test]
    fn neither_display_nor_debug_nor_errors_show_the_password() {
        let location = parse("postgres://pagebell:hunter2@127.0.0.1:5433/calls").unwrap();
        assert_eq!(
            location.to_string(),
            "postgres://pagebell@127.0.0.1:5433/calls"
        );
        assert!(!format!("{location:?}").contains("hunter2"));
        for wrong in [
            "postgres://pagebell:hunter2@db.example:5433/calls",
            "postgres://pagebell:hunter2@127.0.0.1:port/calls",
            "postgres://pagebell:hunter2@127.0.0.1/calls?sslmode=prefer",
            "postgres://pagebell:hunter2@127.0.0.1/calls?hunter2=1",
            "postgres://pagebell:hunter2@127.0.0.1",
        ] {
            let error = parse(wrong).unwrap_err();
            assert!(!error.to_string().contains("pagebell:hunter2"), "{error}");
        }
    }

    #[test]
    fn another_machine_is_encrypted_or_said_to_be_not() {
        assert_eq!(
            parse("postgres://pagebell@db.example/calls"),
            Err(LocationError::EncryptionUnsaid {
                host: "db.example".to_owned()
            })
        );
        let open = parse("postgres://pagebell@db.example/calls?sslmode=disable").unwrap();
        assert_eq!(open.encryption, Encryption::Off);
        let sealed = parse("postgres://pagebell@db.example/calls?sslrootcert=/etc/ca.pem").unwrap();
        let authorities = PathBuf::from("/etc/ca.pem");
        assert_eq!(sealed.encryption, Encryption::Verified { authorities });
        assert_eq!(sealed.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(
            parse("postgres://pagebell@db.example/calls?sslmode=verify-full"),
            Err(LocationError::NoCertificateAuthority)
        );
        for address in ["localhost", "127.0.0.1", "[::1]"] {
            let near = parse(&format!("postgres://pagebell@{address}/calls")).unwrap();
            assert_eq!(near.encryption, Encryption::Off, "{address}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(parse("mysql://x"), Err(LocationError::NoAddress));
        for (address, part) in [
            ("postgres://pagebell@127.0.0.1", "database"),
            ("postgres://127.0.0.1/calls", "user"),
            ("postgres:///calls", "host"),
        ] {
            assert_eq!(parse(address), Err(LocationError::Missing { part }));
        }
    }
}
