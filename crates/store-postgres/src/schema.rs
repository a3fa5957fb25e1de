//! The schema and its migrations.
//!
//! Servers that start at the same time take turns by a row with an owner and an expiry. Every
//! statement can be repeated, so an owner that died half-way leaves nothing that its successor
//! could not go on from.

mod patience;

use std::time::Duration;

use deadpool_postgres::Object;
use settings_store::StoreError;
use tokio::time::{Instant, sleep};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::error::{described, unavailable};
use crate::location::Location;
use crate::name_index;
use crate::sessions::Sessions;
use patience::{Patience, STILL_TIME, Stalled};

/// Every migration, in order. The version of a schema is the number of migrations in it.
const MIGRATIONS: [&str; 5] = [
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_heartbeat.sql"),
    include_str!("../migrations/0003_removals.sql"),
    include_str!("../migrations/0004_calling.sql"),
    include_str!("../migrations/0005_name_index.sql"),
];

/// How often the log says that a server waits for its turn.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// The migration after whose statements the index of names is filled.
const NAME_INDEX: i64 = 5;

/// How long an owner of the turn may take for one migration before another takes over.
const TURN_MILLISECONDS: i64 = 60_000;

/// How far the clock of the database may go back without ending a turn.
const TOLERANCE_MILLISECONDS: i64 = 1_000;

/// How long a server waits for its turn.
const PATIENCE: Duration = Duration::from_secs(90);

/// What keeps the turns and the version.
const BOOKKEEPING: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS schema_version \
     (migration bigint PRIMARY KEY, applied_ms bigint NOT NULL)",
    "CREATE TABLE IF NOT EXISTS schema_turn \
     (name text PRIMARY KEY, owner bigint NOT NULL, expires_ms bigint NOT NULL)",
];

/// The time of the database, by which turns expire.
const NOW: &str = "CAST(extract(epoch FROM now()) * 1000 AS bigint)";

/// Whether a program may bring a schema up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upgrade {
    /// It makes a schema that is missing and changes an older one.
    Allowed,
    /// It only reads.
    Refused,
}

/// Brings the schema to the newest version where that is allowed, or refuses one that is newer or
/// cannot keep promises. It says in the log what it waits for, and waits for nothing but work without
/// limit.
pub(crate) async fn prepare(
    sessions: &Sessions,
    location: &Location,
    upgrade: Upgrade,
) -> Result<(), StoreError> {
    let mut session = sessions
        .take()
        .await
        .map_err(|error| StoreError::CannotOpen {
            location: location.to_string(),
            reason: format!("{error}; is the database there, and may this user connect to it?"),
        })?;
    let process = Patience::new(sessions, None)
        .wait("finding the process of the connection", process(&session))
        .await;
    let patience = Patience::new(sessions, process.ok().flatten());
    let prepared = patience
        .wait("preparing the schema", prepare_on(&mut session, upgrade))
        .await;
    let cannot_open = |reason: String| {
        Err(StoreError::CannotOpen {
            location: location.to_string(),
            reason,
        })
    };
    match prepared {
        // The session is dropped: its connection comes back when the database has answered.
        Err(Stalled(waits_for)) => cannot_open(format!(
            "its schema was not prepared within {} s: {}",
            STILL_TIME.as_secs(),
            waits_for.in_words()
        )),
        Ok(result) => {
            session.release();
            match result {
                Ok(()) => Ok(()),
                Err(Unprepared::Unfit(reason)) => cannot_open(reason),
                Err(Unprepared::Statement(error)) => cannot_open(described(&error)),
                Err(Unprepared::Newer { found, known }) => {
                    Err(StoreError::NewerSchema { found, known })
                }
                Err(Unprepared::NoTurn) => Err(unavailable(
                    "another server is changing the schema for too long",
                )),
            }
        }
    }
}

/// The process in the database that serves this connection; engines without processes have none.
async fn process(session: &Object) -> Option<i32> {
    let row = session.query_one("SELECT pg_backend_pid()", &[]).await;
    row.ok()?.try_get(0).ok()
}

async fn prepare_on(session: &mut Object, upgrade: Upgrade) -> Result<(), Unprepared> {
    if let Some(reason) = unfit(session).await? {
        return Err(Unprepared::Unfit(reason));
    }
    let found = version(session).await?;
    let newest = newest_version();
    match found {
        Some(found) if found == newest => Ok(()),
        Some(found) if found > newest => {
            let number = |version| u32::try_from(version).unwrap_or(u32::MAX);
            Err(Unprepared::Newer {
                found: number(found),
                known: number(newest),
            })
        }
        _ if upgrade == Upgrade::Allowed => migrate(session).await,
        found => Err(Unprepared::Unfit(outdated(
            found.unwrap_or_default(),
            newest,
        ))),
    }
}

/// The version of a schema that has every migration.
pub(crate) fn newest_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).expect("a handful of migrations")
}

/// Why the schema is not as it should be.
enum Unprepared {
    Unfit(String),
    Newer { found: u32, known: u32 },
    Statement(Error),
    NoTurn,
}

impl From<Error> for Unprepared {
    fn from(error: Error) -> Self {
        Self::Statement(error)
    }
}

/// Why a database would not keep what it acknowledged; `None`: it would. Engines that do not have a
/// setting keep it.
async fn unfit(session: &Object) -> Result<Option<String>, Error> {
    let row = session
        .query_one(
            "SELECT current_setting('fsync', true), current_setting('synchronous_commit', true), \
             current_setting('server_encoding', true)",
            &[],
        )
        .await?;
    let fsync: Option<&str> = row.try_get(0)?;
    let synchronous_commit: Option<&str> = row.try_get(1)?;
    let encoding: Option<&str> = row.try_get(2)?;
    if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("utf8")) {
        return Ok(Some(format!(
            "its encoding is {encoding}, which cannot store every name; create one with \
             CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )));
    }
    let reason = match (fsync, synchronous_commit) {
        (Some("off"), _) => Some("its fsync is off, so it can lose everything; set fsync = on"),
        (_, Some("local")) => Some(
            "its synchronous_commit is local, so what it acknowledges is on one node only; \
             set it to on",
        ),
        (_, Some("off")) => Some(
            "its synchronous_commit is off, so it loses the newest writes when it ends; \
             set it to on",
        ),
        _ => None,
    };
    Ok(reason.map(str::to_owned))
}

/// What to do about a schema that only reading does not change.
fn outdated(found: i64, newest: i64) -> String {
    if found == 0 {
        return "there is no store in this database; pagebell serve makes one when it starts"
            .to_owned();
    }
    format!(
        "its schema has the version {found}, and this command, which only reads, needs {newest}; \
         pagebell serve of this version brings it up to date when it starts, or use the pagebell of \
         the servers that run now"
    )
}

/// The version of the schema; `None`: there is none yet.
async fn version(session: &Object) -> Result<Option<i64>, Error> {
    match session
        .query_one(
            "SELECT coalesce(max(migration), 0) FROM schema_version",
            &[],
        )
        .await
    {
        Ok(row) => row.try_get(0).map(Some),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn migrate(session: &mut Object) -> Result<(), Unprepared> {
    for statement in BOOKKEEPING {
        run_idempotent(session, statement).await?;
    }
    let owner: i64 = rand::random();
    let deadline = Instant::now() + PATIENCE;
    let mut said = Instant::now();
    while !take_turn(session, owner).await? {
        if Instant::now() >= deadline {
            return Err(Unprepared::NoTurn);
        }
        if said.elapsed() >= SAY_EVERY {
            said = Instant::now();
            tracing::warn!("another server is changing the schema; this one waits for its turn");
        }
        sleep(Duration::from_millis(100)).await;
    }
    let result = run_migrations(session, owner).await;
    session
        .execute(
            "DELETE FROM schema_turn WHERE name = 'migration' AND owner = $1",
            &[&owner],
        )
        .await?;
    result
}

async fn run_migrations(session: &Object, owner: i64) -> Result<(), Unprepared> {
    for (number, migration) in (1_i64..).zip(MIGRATIONS) {
        if version(session).await?.unwrap_or(0) >= number {
            continue;
        }
        for statement in statements(migration) {
            run_idempotent(session, statement).await?;
        }
        if number == NAME_INDEX && !name_index::fill(session, owner, TURN_MILLISECONDS).await? {
            return Err(Unprepared::NoTurn);
        }
        // Whoever took over meanwhile has done the same, and writes it down.
        let sql = format!(
            "INSERT INTO schema_version (migration, applied_ms) SELECT $1, {NOW} \
             FROM schema_turn WHERE name = 'migration' AND owner = $2 \
             ON CONFLICT (migration) DO NOTHING"
        );
        session.execute(&sql, &[&number, &owner]).await?;
    }
    Ok(())
}

/// Whether the turn is this owner's now. A turn that would end later than one that begins now was
/// taken before the clock of the database went back: its owner is not to be waited for.
async fn take_turn(session: &Object, owner: i64) -> Result<bool, Error> {
    let sql = format!(
        "INSERT INTO schema_turn (name, owner, expires_ms) \
         VALUES ('migration', $1, {NOW} + {TURN_MILLISECONDS}) \
         ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_ms = excluded.expires_ms \
         WHERE schema_turn.expires_ms < {NOW} \
         OR schema_turn.expires_ms > {NOW} + {TURN_MILLISECONDS} + {TOLERANCE_MILLISECONDS}"
    );
    Ok(session.execute(&sql, &[&owner]).await? == 1)
}

/// `IF NOT EXISTS` still fails when two create the same thing at the same moment; then it is there.
async fn run_idempotent(session: &Object, statement: &str) -> Result<(), Error> {
    match session.execute(statement, &[]).await {
        Err(error)
            if [
                Some(&SqlState::UNIQUE_VIOLATION),
                Some(&SqlState::DUPLICATE_TABLE),
                Some(&SqlState::DUPLICATE_OBJECT),
            ]
            .contains(&error.code()) =>
        {
            Ok(())
        }
        result => result.map(|_rows| ()),
    }
}

/// The statements of a migration: each ends with a semicolon at the end of a line.
fn statements(migration: &str) -> impl Iterator<Item = &str> {
    migration
        .split(";\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
}
