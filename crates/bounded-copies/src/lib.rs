//! Copies of what a database holds, kept by several servers for at most a [`Bound`].
//!
//! A server that shares its database may answer a read from a copy only while it can prove that the
//! copy is at most the bound old. Three things prove it, and none of them is a message that has to
//! arrive:
//!
//! - A copy is as old as the moment *before* its read was sent.
//! - The [`Lease`]: the server renews it by a *committed write* through the same route as all of its
//!   statements, and it counts from *before* that write was sent. A former leader that was cut off
//!   still answers reads, but finishes no commit, so the lease of a server that is connected to it
//!   ends by itself.
//! - Time that is passed in, and that goes on while the process is stopped ([`MonotonicTime`]).
//!
//! Hints of other servers only make copies fresher than the bound: a hint that is lost costs nothing
//! but age. [`BoundedCopies`] also sees to what would make copies older than they look: a read that
//! was overtaken by a hint, a channel that lost hints, and a route to another leader.
//!
//! This crate does no I/O and reads no clock. Its tests simulate servers, leaders and clients with
//! every fault that the rules are about.

mod capacity;
mod channel;
mod copies;
mod generations;
mod lease;
mod time;

pub use capacity::{Capacity, Weighed};
pub use channel::ChannelUse;
pub use copies::{BoundedCopies, Fill, Kept, Seen, Ticket};
pub use lease::{Heartbeat, Lease, Route};
pub use time::{Bound, MonotonicTime};
