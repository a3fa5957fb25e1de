//! A store of call settings in PostgreSQL, shared by any number of servers without state of their
//! own.
//!
//! - Every statement goes to the leader; nothing is kept here between two requests.
//! - Reads that arrive while others are on their way share the next statement (module `batch`).
//! - So do writes: a group of them is decided here and stored by one statement, each Page only if
//!   nobody else has changed it since it was read (module `writes`). One statement is one commit,
//!   history included.
//! - A write whose connection broke is tried again under the same number: either it is found to be
//!   stored, or it can no longer become so (module `writes`).
//! - Servers that may keep copies for a bounded time read them over a line of their own (module
//!   `line`), and hint to each other at what they have changed (module `hints`).
//!
//! The SQL keeps to what PostgreSQL has in common with the distributed engines that speak its
//! protocol: no advisory locks, no sequences, no triggers, no physical row addresses; `NOTIFY` only
//! where it is understood, and never in a commit.

mod administration;
mod batch;
mod calling;
mod connecting;
mod error;
mod health;
mod hints;
mod import;
mod inbox;
mod line;
mod location;
mod moving;
mod name_index;
mod password;
mod reads;
mod rows;
mod schema;
mod search;
mod session;
mod sessions;
mod store;
mod tls;
mod writes;

pub use location::{Location, LocationError};
pub use store::{Coherence, PostgresStore};
