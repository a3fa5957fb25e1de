//! What the database's errors mean for a statement that was under way.

use deadpool_postgres::PoolError;
use settings_store::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::tls;

/// What is known of a statement that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It certainly did not happen; it may, when tried again.
    NotDone,
    /// It certainly did not happen, and the connection is of no use any more: its server is not, or
    /// no longer, the leader.
    NotDoneHere,
    /// The connection broke: it may have happened or may still.
    Unknown,
    /// It certainly did not happen, and what was prepared for it is of no use any more: the tables
    /// were changed. It may happen when it is prepared again.
    Outdated,
    /// It certainly did not happen, because of a value or a row of it: it may without these.
    ContentRefused,
    /// It certainly did not happen, and would not when tried again.
    Refused,
}

impl Fate {
    pub(crate) fn of(error: &Error) -> Self {
        let Some(state) = error.code() else {
            // Not an answer of the server: the connection, or a value that cannot be decoded.
            return if error.is_closed() || is_of_connection(error) {
                Self::Unknown
            } else {
                Self::Refused
            };
        };
        match state.code() {
            // Serialization failure, deadlock, lock not to be had in time, statement cancelled.
            "40001" | "40P01" | "55P03" | "57014" => Self::NotDone,
            // A prepared statement whose columns have other types now.
            "0A000" => Self::Outdated,
            // Read-only transaction; starting up or no longer accepting.
            "25006" | "57P03" => Self::NotDoneHere,
            // Shut down by the operator, by a crash, by the removal of the database: while a commit
            // waits for the standby, it has happened on the leader already. Completion unknown.
            "57P01" | "57P02" | "57P04" | "40003" => Self::Unknown,
            code if code.starts_with("08") => Self::Unknown,
            // Data exception, violated constraint.
            code if code.starts_with("22") || code.starts_with("23") => Self::ContentRefused,
            _ => Self::Refused,
        }
    }

    /// Whether the connection has to be closed.
    pub(crate) fn drops_connection(self) -> bool {
        matches!(self, Self::NotDoneHere | Self::Unknown)
    }
}

/// Errors of the driver have no public kind; those of the connection carry an error of input and
/// output.
fn is_of_connection(error: &Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// An error of a statement that certainly did not happen.
pub(crate) fn of_statement(error: &Error) -> StoreError {
    match error.code() {
        Some(&SqlState::DISK_FULL) => StoreError::Full,
        Some(state) if state.code().starts_with("XX") => StoreError::Corrupt {
            what: described(error),
        },
        _ => unavailable(described(error)),
    }
}

/// No connection was to be had.
pub(crate) fn of_pool(error: &PoolError) -> StoreError {
    match error {
        PoolError::Timeout(_) => no_answer(),
        PoolError::Backend(error) => unavailable(described(error)),
        PoolError::Closed => stopped(),
        other => unavailable(other.to_string()),
    }
}

/// The server's or the system's own words. The driver's heading alone would not say anything.
pub(crate) fn described(error: &Error) -> String {
    match error.as_db_error() {
        Some(answer) => format!("{} (SQLSTATE {})", answer.message(), answer.code().code()),
        None => match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}{}", tls::advice(&cause.to_string())),
            None => error.to_string(),
        },
    }
}

pub(crate) fn unavailable(reason: impl Into<String>) -> StoreError {
    StoreError::Unavailable {
        reason: reason.into(),
    }
}

/// Whether a lock was not to be had in time.
pub(crate) fn is_locked(error: &Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

/// Nothing was heard in time.
pub(crate) fn no_answer() -> StoreError {
    unavailable("the database does not answer")
}

/// The refusal of everything that comes after the end.
pub(crate) fn stopped() -> StoreError {
    unavailable("it has stopped")
}
