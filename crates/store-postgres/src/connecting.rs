//! New connections. Each is made from what the files of the location hold at that time, so that a
//! password or a certificate that was exchanged needs no restart.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio_postgres::tls::{MakeTlsConnect, NoTlsStream};
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, Connection, Error, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error;
use crate::location::{Encryption, Location};
use crate::{sessions, tls};

type EncryptedStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// Makes connections to one database. Clones share what the files held.
#[derive(Clone)]
pub(crate) struct Connector {
    location: Arc<Location>,
    /// What the files held when they could be read last.
    last: Arc<Mutex<Credentials>>,
}

/// What a connection is made from.
#[derive(Clone)]
struct Credentials {
    config: Config,
    encryption: Option<MakeRustlsConnect>,
    /// Why the files cannot be used since.
    refused: Option<String>,
}

/// What moves the messages of a connection. Nothing is sent or received while it is not polled.
pub(crate) enum Messages {
    Plain(Box<Connection<Socket, NoTlsStream>>),
    Encrypted(Box<Connection<Socket, EncryptedStream>>),
}

impl Credentials {
    fn read(location: &Location) -> Result<Self, String> {
        Ok(Self {
            config: sessions::configured(location)?,
            encryption: match &location.encryption {
                Encryption::Off => None,
                Encryption::Verified { authorities } => Some(tls::connector(authorities)?),
            },
            refused: None,
        })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connector")
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

impl Connector {
    /// Connects nowhere yet. The error says what is wrong with the files of the location.
    pub(crate) fn new(location: &Location) -> Result<Self, String> {
        Ok(Self {
            last: Arc::new(Mutex::new(Credentials::read(location)?)),
            location: Arc::new(location.clone()),
        })
    }

    /// What the files hold, or, where they cannot be read, what they held before: they may be in the
    /// middle of being exchanged.
    fn credentials(&self) -> Credentials {
        let read = Credentials::read(&self.location);
        let mut last = self.last();
        match read {
            Ok(credentials) => *last = credentials,
            // Once, and not with every connection.
            Err(reason) if last.refused.as_ref() == Some(&reason) => {}
            Err(reason) => {
                tracing::warn!(
                    reason,
                    "a file of the database's address cannot be used; connecting with what it held \
                     before"
                );
                last.refused = Some(reason);
            }
        }
        last.clone()
    }

    fn last(&self) -> MutexGuard<'_, Credentials> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the database to end the statement of a connection, encrypted as the connection is.
    pub(crate) async fn cancel(&self, token: CancelToken) -> Result<(), Error> {
        let encryption = self.last().encryption.clone();
        match encryption {
            None => token.cancel_query(NoTls).await,
            Some(connector) => token.cancel_query(connector).await,
        }
    }

    /// Opens a connection.
    pub(crate) async fn open(&self) -> Result<(Client, Messages), Error> {
        let Credentials {
            config, encryption, ..
        } = self.credentials();
        Ok(match encryption {
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                (client, Messages::Plain(Box::new(connection)))
            }
            Some(connector) => {
                let (client, connection) = config.connect(connector).await?;
                (client, Messages::Encrypted(Box::new(connection)))
            }
        })
    }
}

/// For the pool, which hands in a configuration of its own: it lacks the password.
impl deadpool_postgres::Connect for Connector {
    fn connect(&self, _config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(async {
            let (client, messages) = self.open().await?;
            Ok((client, tokio::spawn(messages.run())))
        })
    }
}

impl Messages {
    /// The next message that is no answer; `None`: the client was dropped.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>> {
        match self {
            Self::Plain(connection) => connection.poll_message(context),
            Self::Encrypted(connection) => connection.poll_message(context),
        }
    }

    /// Moves what is sent and received, until the client is dropped or the connection breaks.
    pub(crate) async fn next(&mut self) -> Option<Result<AsyncMessage, Error>> {
        poll_fn(|context| self.poll(context)).await
    }

    async fn run(mut self) {
        while let Some(message) = self.next().await {
            if let Err(error) = message {
                let reason = error::described(&error);
                tracing::warn!(reason, "a connection to the database broke");
                return;
            }
        }
    }
}
