//! The call settings server.
//!
//! The way of a request: [`http`] turns bytes into a [`GraphRequest`], [`Pagebell::dispatch`] answers
//! it with a [`GraphResponse`], and `http` turns that back into bytes. `dispatch` needs no socket,
//! so tests and batches call it as it is.
//!
//! The store is behind its trait; clock and randomness are parameters ([`Surroundings`]).

mod access;
mod assets;
mod conditions;
mod configuration;
mod console;
mod copies;
mod dispatch;
pub mod http;
mod metrics;
mod offloaded;
mod operations;
mod readiness;
pub mod reference;
mod request;
mod steerable_clock;
mod surroundings;

pub use access::{APP_TOKEN_SEPARATOR, OPERATOR_SCOPE, READ_SCOPE};
pub use conditions::{Conditions, ReceivedHeader};
pub use configuration::{Configuration, Limits, Profile};
pub use dispatch::Pagebell;
pub use metrics::DroppedLogLines;
pub use request::{GraphRequest, GraphResponse, Origin, Surface};
pub use steerable_clock::{OutOfTime, SteerableClock};
pub use surroundings::{Clock, Entropy, Surroundings};
