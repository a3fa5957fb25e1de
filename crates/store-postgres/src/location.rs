//! Where the database is, and how to get in.

use std::fmt::{self, Write as _};
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
    /// A character of the user or the password is not encoded, so that it is unclear where they end.
    /// Nothing of the text is repeated.
    #[error(
        "the address of the PostgreSQL store has an @ that does not end the user and the password; \
         in these and in parameters write @ as %40, / as %2F, ? as %3F and % as %25, or leave the \
         password out and name a file that holds it: passfile=FILE"
    )]
    NotEncoded,
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
        refuse_stray_at(text)?;
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        // In an address a plus sign is one, other than in a form.
        let query = query.replace('+', "%2B");
        let mut authorities = None;
        let mut password_file = None;
        let mut encryption = None;
        let mut others = String::new();
        let mut has_password = false;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                CERTIFICATE_AUTHORITY => authorities = Some(PathBuf::from(&*value)),
                PASSWORD_FILE => password_file = Some(PathBuf::from(&*value)),
                ENCRYPTION => encryption = Some(value.into_owned()),
                _ => {
                    has_password |= name == "password";
                    append_encoded(&mut others, &name);
                    others.push('=');
                    append_encoded(&mut others, &value);
                    others.push('&');
                }
            }
        }
        let unreadable = |error: tokio_postgres::Error| LocationError::Unreadable {
            // What follows an & that is not encoded in a password looks like a parameter.
            reason: if has_password {
                "a parameter is unknown or has a wrong value".to_owned()
            } else {
                described(&error)
            },
        };
        let mut config: tokio_postgres::Config =
            format!("{address}?{others}").parse().map_err(unreadable)?;
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
            (None, None) => match remote(&config) {
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

/// Refuses an `@` that is not encoded outside the end of the user and the password: what stands before
/// it may be a part of the password, and would be taken for a host's name.
fn refuse_stray_at(text: &str) -> Result<(), LocationError> {
    let behind_scheme = text.split_once("://").map_or(text, |(_scheme, rest)| rest);
    let mut ats = behind_scheme.match_indices('@').map(|(place, _at)| place);
    let end_of_hosts = behind_scheme.find(['/', '?']);
    match (ats.next(), ats.next(), end_of_hosts) {
        (None, _, _) => Ok(()),
        (Some(at), None, end) if end.is_none_or(|end| at < end) => Ok(()),
        _ => Err(LocationError::NotEncoded),
    }
}

/// Appends a text as the driver reads it in a parameter.
fn append_encoded(encoded: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            encoded.push(byte.into());
        } else {
            let _a_string_takes_all = write!(encoded, "%{byte:02X}");
        }
    }
}

/// A name of another machine to which connections would go. Where there is a `hostaddr`, they go to
/// it, and the host is only the name in the certificate.
fn remote(config: &tokio_postgres::Config) -> Option<String> {
    let addresses = config.get_hostaddrs();
    let of_address = addresses.iter().find(|address| !address.is_loopback());
    let mut without_address = config.get_hosts().iter().skip(addresses.len());
    of_address
        .map(ToString::to_string)
        .or_else(|| without_address.find_map(remote_host))
}

/// The name of a host that is not this machine.
fn remote_host(host: &Host) -> Option<String> {
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
    fn a_password_that_is_not_encoded_is_shown_nowhere() {
        for password in [
            "hunter@2secret",
            "hunter/2secret",
            "hunter?2secret",
            "@2secret@x",
        ] {
            for rest in [
                "127.0.0.1/calls",
                "db.example/calls?sslmode=disable",
                "%2Ftmp/calls",
            ] {
                let text = format!("postgres://pagebell:{password}@{rest}");
                let error = parse(&text).unwrap_err();
                assert_eq!(error, LocationError::NotEncoded, "{text}");
                for part in ["2secret", "hunter", "pagebell:"] {
                    assert!(!error.to_string().contains(part), "{error}");
                }
            }
        }
        let encoded = parse("postgres://pagebell:hunter%402%2F%3Fse@127.0.0.1/calls").unwrap();
        assert_eq!(encoded.config.get_password(), Some(&b"hunter@2/?se"[..]));
        let error = parse("postgres://u@127.0.0.1/calls?password=hunter&2secret=").unwrap_err();
        assert!(!error.to_string().contains("2secret"), "{error}");
    }

    #[test]
    fn the_machine_counts_to_which_connections_go() {
        for (address, remote) in [
            ("localhost/calls?hostaddr=192.0.2.2", Some("192.0.2.2")),
            (
                "localhost/calls?host=127.0.0.1&hostaddr=::1,192.0.2.2",
                Some("192.0.2.2"),
            ),
            ("%2Ftmp/calls?hostaddr=192.0.2.2", Some("192.0.2.2")),
            ("localhost,db.example/calls", Some("db.example")),
            ("localhost/calls?host=db.example", Some("db.example")),
            (
                "localhost,db.example/calls?hostaddr=127.0.0.1",
                Some("db.example"),
            ),
            ("[::ffff:192.0.2.2]/calls", Some("::ffff:192.0.2.2")),
            ("db.example/calls?hostaddr=127.0.0.1", None),
            (
                "localhost,127.0.0.2:6000/calls?hostaddr=127.0.0.1,::1",
                None,
            ),
            ("%2Ftmp/calls", None),
        ] {
            let found = parse(&format!("postgres://pagebell@{address}"));
            match remote {
                Some(host) => assert_eq!(
                    found,
                    Err(LocationError::EncryptionUnsaid {
                        host: host.to_owned()
                    }),
                    "{address}"
                ),
                None => assert_eq!(found.unwrap().encryption, Encryption::Off, "{address}"),
            }
        }
    }

    #[test]
    fn parameters_reach_the_driver_as_they_are_meant() {
        let location = parse(
            "postgres://u@127.0.0.1/calls?options=-c%20search_path%3Da%2Cb&passfile=/etc/a+b%40c",
        );
        let location = location.unwrap();
        assert_eq!(location.config.get_options(), Some("-c search_path=a,b"));
        assert_eq!(location.password_file, Some(PathBuf::from("/etc/a+b@c")));
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
