//! `cargo xtask bench`: the server measured beside others on the same machine, in the same run.
//!
//! A *contender* is a running server, a *workload* is what is asked of it, and [`rounds`] puts one
//! after the other. A new contender is a start function beside those in [`contender`]; a new
//! workload is a [`load::Workload`]; a new set of measurements is a file like [`smoke`].

mod availability;
mod contender;
mod disk;
mod exchange;
mod lineup;
mod load;
pub(crate) mod machine;
mod nginx;
pub(crate) mod process;
mod report;
mod rounds;
mod smoke;
mod statistics;

use clap::Subcommand;

use crate::workspace::Workspace;

/// The sets of measurements.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// GET and durable POST beside nginx, a bare hyper handler and the disk; about two minutes
    Smoke(smoke::Options),
    /// A decision of the call hours, the next change, a week's intervals; half a minute
    Availability,
}

/// Runs one set of measurements.
pub(crate) fn run(workspace: &Workspace, bench: Bench) -> anyhow::Result<()> {
    match bench {
        Bench::Smoke(options) => smoke::run(workspace, &options),
        Bench::Availability => availability::run(workspace),
    }
}
