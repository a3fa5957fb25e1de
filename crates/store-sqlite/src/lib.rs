//! A store of call settings in one SQLite file.
//!
//! - One thread writes. It takes the writes that are waiting into one transaction and answers them
//!   after that is on disk, so that many share one sync of the disk (module `writer`).
//! - Reads run where they are asked for, on a few connections of their own: a cached point read
//!   takes microseconds, a hop to another thread ten times that.
//! - Checkpoints run beside the writer, on a thread of their own.
//! - The command line opens the same file from another process; the server hears of what it changed
//!   through the table `change`.

mod administration;
mod answers;
mod changes;
mod checkpoint;
mod connection;
mod detached;
mod error;
mod history;
mod import;
mod lock;
mod maintenance;
mod moving;
mod name_index;
mod place;
mod readers;
mod rows;
mod schema;
mod search;
mod store;
mod writer;

pub use connection::{MINIMUM_SQLITE_VERSION, sqlite_version};
pub use maintenance::{Contents, Examination, Restored, Revocations, back_up, examine, restore};
pub use store::{Role, SqliteStore};
