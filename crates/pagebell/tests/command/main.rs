//! The binary as its users run it: real processes, real sockets, real files.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod administration;
mod console;
mod documents;
mod durability;
mod help;
mod hours;
mod limits;
mod logging;
mod maintenance;
mod migration;
mod options;
mod postgres;
mod postgres_roles;
mod process;
mod secrets;
mod shared_configuration;
mod start_and_stop;
mod stopping;
mod store_location;
mod strangers;
mod tls;
mod tls_files;
mod tls_room;
mod wire;
