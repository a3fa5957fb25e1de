//! Connections to the database: a bounded number, bounded waits, and another try where that is safe.

use std::fmt;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use settings_store::StoreError;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Error, Row};

use crate::connecting::Connector;
use crate::error::{self, Fate, no_answer};
use crate::location::Location;
use crate::password;

/// Connections of one server: a few for reads, one for writes, the rest for what is rare.
const MOST_CONNECTIONS: usize = 8;

/// How long a new connection may take.
pub(crate) const CONNECT_TIME: Duration = Duration::from_secs(2);

/// How long a read may take in all, with every try.
const READ_TIME: Duration = Duration::from_secs(5);

/// How long a write may take in all, with every try. Less than a request may take, so that the
/// caller hears that the outcome is unknown rather than nothing.
pub(crate) const WRITE_TIME: Duration = Duration::from_secs(15);

/// How long one try of a write may take: a dead connection is not noticed otherwise.
pub(crate) const TRY_TIME: Duration = Duration::from_secs(5);

/// The pause before the next try.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// What every connection is told first. No statement waits for another one's lock for longer than a
/// try lasts; there is no limit for statements, as one that ends a commit while it waits for the
/// standby would make it look stored.
pub(crate) const GREETING: &str = "SET lock_timeout = '3s'; SET statement_timeout = 0; \
                        SET default_transaction_isolation = 'read committed'";

/// Connections, taken one at a time.
pub(crate) struct Sessions {
    pool: Pool,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sessions").finish_non_exhaustive()
    }
}

/// What became of one try of a read.
enum Failure {
    Statement(Error),
    Store(StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Statement(error)
    }
}

impl Sessions {
    /// Prepares connections; none is opened yet.
    pub(crate) fn new(location: &Location) -> Result<Self, StoreError> {
        let cannot_open = |reason: String| StoreError::CannotOpen {
            location: location.to_string(),
            reason,
        };
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let connector = Connector::new(location).map_err(cannot_open)?;
        let manager = Manager::from_connect(location.config.clone(), connector, recycling);
        let pool = Pool::builder(manager)
            .max_size(MOST_CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(READ_TIME))
            .create_timeout(Some(CONNECT_TIME))
            .post_create(Hook::async_fn(|client, _metrics| {
                Box::pin(async move {
                    client
                        .batch_execute(GREETING)
                        .await
                        .map_err(HookError::Backend)
                })
            }))
            .build()
            .map_err(|error| cannot_open(error.to_string()))?;
        Ok(Self { pool })
    }

    /// A connection.
    pub(crate) async fn take(&self) -> Result<Object, StoreError> {
        self.pool
            .get()
            .await
            .map_err(|error| error::of_pool(&error))
    }

    /// Runs a query that may be run twice without harm, again and again until the time is up.
    pub(crate) async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let deadline = Instant::now() + READ_TIME;
        loop {
            let error = match self.try_once(sql, parameters, deadline).await {
                Ok(rows) => return Ok(rows),
                Err(Failure::Statement(error)) if Fate::of(&error) == Fate::Refused => {
                    return Err(error::of_statement(&error));
                }
                Err(Failure::Statement(error)) => error::of_statement(&error),
                Err(Failure::Store(error)) => error,
            };
            let again = Instant::now() + PAUSE;
            if again >= deadline || self.pool.is_closed() {
                return Err(error);
            }
            tracing::debug!(%error, "the database is asked again");
            sleep_until(again).await;
        }
    }

    async fn try_once(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
        deadline: Instant,
    ) -> Result<Vec<Row>, Failure> {
        let session = self.take().await.map_err(Failure::Store)?;
        // Not longer than a try, or a connection that died in silence would use up all the time.
        let until = deadline.min(Instant::now() + READ_TIME / 2);
        match timeout_at(until, query_once(&session, sql, parameters)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => {
                if Fate::of(&error).drops_connection() {
                    discard(session);
                }
                Err(error.into())
            }
            Err(_elapsed) => {
                discard(session);
                Err(Failure::Store(no_answer()))
            }
        }
    }

    /// Closes every connection; what comes later is refused.
    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// How every connection is made. The error says what is wrong with the file of the password.
pub(crate) fn configured(location: &Location) -> Result<Config, String> {
    let mut config = location.config.clone();
    if let Some(file) = &location.password_file {
        config.password(password::read(file)?);
    }
    config
        .application_name("pagebell")
        .connect_timeout(CONNECT_TIME)
        // Whoever leads the way may be wrong for a moment: what a standby has may be old.
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .keepalives_idle(Duration::from_secs(10))
        .tcp_user_timeout(Duration::from_secs(10));
    Ok(config)
}

async fn query_once(
    session: &Object,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Error> {
    let statement = session.prepare_cached(sql).await?;
    session.query(&statement, parameters).await
}

/// Closes a connection that is not to be used again. Nothing is cancelled by that: a commit that is
/// waiting goes on waiting.
pub(crate) fn discard(session: Object) {
    drop(Object::take(session));
}
