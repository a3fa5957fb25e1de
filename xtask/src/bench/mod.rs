//! `cargo xtask bench`: the server measured beside others on the same machine, in the same run.
//!
//! A *contender* is a running server, a *work* is something asked of it, and [`rounds`] puts one
//! after the other. A new contender is a start function beside those in [`contender`] or a file
//! like [`prism`]; new work is a [`load::Workload`] or another [`work::Work`]; a new set of
//! measurements is a file like [`smoke`] or a folder like [`full`].

mod availability;
mod builds;
mod contender;
mod disk;
pub(crate) mod exchange;
mod fastapi;
mod fill;
mod full;
mod lineup;
mod load;
pub(crate) mod machine;
mod memory;
mod nginx;
mod paced;
mod pages;
pub(crate) mod postgres;
mod prism;
mod report;
mod rounds;
mod smoke;
mod start_up;
pub(crate) mod statistics;
mod stores;
mod versions;
mod work;

use clap::Subcommand;

// Servers are started for other chores too.
use crate::server as process;
use crate::workspace::Workspace;

/// The sets of measurements.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// GET and durable POST beside nginx, a bare hyper handler and the disk; about two minutes
    Smoke(smoke::Options),
    /// Everything beside everything it is compared with, for docs/performance.md; half
    /// an hour
    Full(full::Options),
    /// A decision of the call hours, the next change, a week's intervals; half a minute
    Availability,
}

/// Runs one set of measurements.
pub(crate) fn run(workspace: &Workspace, bench: Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Smoke(options) => smoke::run(workspace, &options),
        Bench::Full(options) => full::run(workspace, &options),
        Bench::Availability => availability::run(workspace),
    }
}
