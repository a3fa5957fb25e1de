//! Connections to the database: a bounded number for each purpose, bounded waits, and another try
//! where that is safe.
//!
//! Each purpose has connections of its own, so that nothing waits behind what is slower: plain reads
//! not behind searches, reads not behind commits that wait for a standby.

use std::fmt;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    TimeoutType,
};
use settings_store::StoreError;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Error, Row};

use crate::connecting::Connector;
use crate::error::{self, Fate, no_answer, unavailable};
use crate::location::Location;
use crate::password;
use crate::session::{Abandoned, Session};

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

/// Searches that wait for a connection; more of them are refused.
const MOST_WAITING_SEARCHES: usize = 256;

/// What every connection is told first. No statement waits for another one's lock for longer than a
/// try lasts; there is no limit for statements, as one that ends a commit while it waits for the
/// standby would make it look stored. Connections for reads get one.
pub(crate) const GREETING: &str = "SET lock_timeout = '3s'; SET statement_timeout = 0; \
                        SET default_transaction_isolation = 'read committed'";

/// What connections are for. A server opens at most eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Reads by key, which answer most requests.
    Read,
    /// Reads of many rows: lists, searches, histories.
    Search,
    /// Groups of updates.
    Write,
    /// Everything else that writes.
    Administer,
}

impl Purpose {
    /// How many connections.
    const fn connections(self) -> usize {
        match self {
            Self::Read => 3,
            Self::Search | Self::Write => 2,
            Self::Administer => 1,
        }
    }

    /// How long one try of a read may take: with plain reads not so long that a connection that died
    /// in silence uses up all the time.
    const fn try_time(self) -> Duration {
        match self {
            Self::Read => Duration::from_millis(2_500),
            Self::Search | Self::Write | Self::Administer => READ_TIME,
        }
    }

    /// What its connections are told beside [`GREETING`]. The limits of statements are a little below
    /// [`Self::try_time`], so that the database ends a statement before it is abandoned.
    const fn settings(self) -> &'static str {
        match self {
            Self::Read => "SET statement_timeout = '2400ms'",
            Self::Search => "SET statement_timeout = '4900ms'",
            // A Page whose row is locked for longer leaves its group.
            Self::Write => "SET lock_timeout = '250ms'",
            Self::Administer => "",
        }
    }
}

/// Connections, taken one at a time.
pub(crate) struct Sessions {
    reads: Lane,
    searches: Lane,
    writes: Lane,
    administration: Lane,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sessions").finish_non_exhaustive()
    }
}

/// The connections for one purpose.
struct Lane {
    purpose: Purpose,
    pool: Pool,
    abandoned: Abandoned,
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
        let cannot_open = |reason| StoreError::CannotOpen {
            location: location.to_string(),
            reason,
        };
        let connector = Connector::new(location).map_err(cannot_open)?;
        let lane = |purpose| Lane::new(location, &connector, purpose).map_err(cannot_open);
        Ok(Self {
            reads: lane(Purpose::Read)?,
            searches: lane(Purpose::Search)?,
            writes: lane(Purpose::Write)?,
            administration: lane(Purpose::Administer)?,
        })
    }

    /// A connection for a change other than an update of settings.
    pub(crate) async fn take(&self) -> Result<Session, StoreError> {
        self.administration.take().await
    }

    /// A connection for a group of updates.
    pub(crate) async fn take_for_updates(&self) -> Result<Session, StoreError> {
        self.writes.take().await
    }

    /// Forgets what the connections for updates have prepared, after the tables were changed.
    pub(crate) fn forget_prepared_updates(&self) {
        self.writes.forget_prepared();
    }

    /// As [`Self::forget_prepared_updates`], for the connections for other changes.
    pub(crate) fn forget_prepared_changes(&self) {
        self.administration.forget_prepared();
    }

    /// Runs a query that may be run twice without harm, again and again until the time is up.
    pub(crate) async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        self.reads.query(sql, parameters).await
    }

    /// As [`Self::query`], for reads of many rows.
    pub(crate) async fn search(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        if self.searches.pool.status().waiting >= MOST_WAITING_SEARCHES {
            return Err(unavailable("too many lists and histories are asked for"));
        }
        self.searches.query(sql, parameters).await
    }

    /// Closes every connection; what comes later is refused.
    pub(crate) fn close(&self) {
        for lane in [
            &self.reads,
            &self.searches,
            &self.writes,
            &self.administration,
        ] {
            lane.pool.close();
        }
    }
}

impl Lane {
    fn new(location: &Location, connector: &Connector, purpose: Purpose) -> Result<Self, String> {
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_connect(location.config.clone(), connector.clone(), recycling);
        let pool = Pool::builder(manager)
            .max_size(purpose.connections())
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(READ_TIME))
            .create_timeout(Some(CONNECT_TIME))
            .post_create(Hook::async_fn(move |client, _metrics| {
                Box::pin(async move {
                    let greeting = format!("{GREETING}; {}", purpose.settings());
                    timeout(CONNECT_TIME, client.batch_execute(&greeting))
                        .await
                        .map_err(|_elapsed| HookError::message("the database does not answer"))?
                        .map_err(HookError::Backend)
                })
            }))
            .build()
            .map_err(|error| error.to_string())?;
        let abandoned = match purpose {
            Purpose::Read | Purpose::Search => Abandoned::Cancel(connector.clone()),
            Purpose::Write | Purpose::Administer => Abandoned::Await,
        };
        Ok(Self {
            purpose,
            pool,
            abandoned,
        })
    }

    async fn take(&self) -> Result<Session, StoreError> {
        match self.pool.get().await {
            Ok(connection) => Ok(Session::new(connection, self.abandoned.clone())),
            Err(PoolError::Timeout(TimeoutType::Wait)) if self.purpose == Purpose::Write => Err(
                unavailable("the database has not confirmed earlier updates yet"),
            ),
            Err(error) => Err(error::of_pool(&error)),
        }
    }

    fn forget_prepared(&self) {
        self.pool.manager().statement_caches.clear();
    }

    async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let deadline = Instant::now() + READ_TIME;
        let mut is_prepared_again = false;
        loop {
            let error = match self.try_once(sql, parameters, deadline).await {
                Ok(rows) => return Ok(rows),
                Err(Failure::Statement(error)) => match Fate::of(&error) {
                    Fate::Refused | Fate::ContentRefused => {
                        return Err(error::of_statement(&error));
                    }
                    Fate::Outdated if is_prepared_again => return Err(error::of_statement(&error)),
                    Fate::Outdated => {
                        is_prepared_again = true;
                        self.forget_prepared();
                        continue;
                    }
                    Fate::NotDone | Fate::NotDoneHere | Fate::Unknown => {
                        error::of_statement(&error)
                    }
                },
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
        let until = deadline.min(Instant::now() + self.purpose.try_time());
        match timeout_at(until, query_once(&session, sql, parameters)).await {
            Ok(Ok(rows)) => {
                session.release();
                Ok(rows)
            }
            Ok(Err(error)) => {
                settle(session, &error);
                Err(error.into())
            }
            // The session is dropped, which cancels the statement.
            Err(_elapsed) => Err(Failure::Store(no_answer())),
        }
    }
}

/// Gives a connection back after an error that ended its statement, or closes it where it is of no
/// use any more.
pub(crate) fn settle(session: Session, error: &Error) {
    if Fate::of(error).drops_connection() {
        session.discard();
    } else {
        session.release();
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
        // A connection that is abandoned keeps its place until this notices that it is dead.
        .keepalives_interval(Duration::from_secs(2))
        .keepalives_retries(3)
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
