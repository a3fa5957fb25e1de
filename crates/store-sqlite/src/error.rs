//! From SQLite's errors to the store's.

use rusqlite::ErrorCode;
use settings_store::StoreError;

/// What an error of a read means.
pub(crate) fn of_read(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt {
            what: error.to_string(),
        },
        _ => StoreError::Unavailable {
            reason: error.to_string(),
        },
    }
}

/// What an error of a write or a checkpoint means. After an error of the disk nothing can be said
/// about what is on it: an fsync that failed once proves nothing when it succeeds later.
pub(crate) fn of_write(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::OutcomeUnknown {
                reason: error.to_string(),
            }
        }
        _ => StoreError::Unavailable {
            reason: error.to_string(),
        },
    }
}

/// The refusal of everything that comes after the end.
pub(crate) fn stopped() -> StoreError {
    StoreError::Unavailable {
        reason: "it has stopped".to_owned(),
    }
}
