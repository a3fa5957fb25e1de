//! Chores of the Pagebell workspace: `cargo xtask` lists them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a command line tool talks to its user and measures real time"
)]

mod bench;
mod checks;
mod cluster;
mod command;
mod document;
mod fuzz;
mod hostility;
mod oracle;
mod programs;
mod screenshots;
mod server;
mod setup;
mod torture;
mod workspace;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::workspace::Workspace;

/// Chores of the Pagebell workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    chore: Option<Chore>,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Install what the conformance suite needs: programs, a Python environment, Node modules
    Setup,
    /// Install what is needed, then run every check; stops at the first step that fails
    Test(checks::Options),
    /// Compare call hours with Python's zoneinfo and a second implementation, minute by minute, over
    /// more than ten million minutes; about a minute
    Oracle(oracle::Options),
    /// Take the pictures of each screen in docs/pictures/screens
    Screenshots,
    /// Try inputs nobody thought of on what reads requests; ten minutes for each target
    Fuzz(fuzz::Options),
    /// Attack the release server and see that it goes on answering
    Hostility(hostility::Options),
    /// Measure the server beside others, all in one run
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Attack the server's durability: kill -9 and faults of the disk under load
    #[command(subcommand)]
    Torture(torture::Torture),
    /// Serve from a database of three nodes, and break one part after the other
    #[command(subcommand)]
    Cluster(cluster::Cluster),
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    match run(command_line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command_line: CommandLine) -> anyhow::Result<()> {
    let Some(chore) = command_line.chore else {
        CommandLine::command().print_help()?;
        return Ok(());
    };
    let workspace = Workspace::locate()?;
    match chore {
        Chore::Setup => setup::setup(&workspace),
        Chore::Test(options) => checks::run(&workspace, &options),
        Chore::Oracle(options) => oracle::run(&workspace, &options),
        Chore::Screenshots => screenshots::run(&workspace),
        Chore::Fuzz(options) => fuzz::run(&workspace, &options),
        Chore::Hostility(options) => hostility::run(&workspace, &options),
        Chore::Bench(bench) => bench::run(&workspace, bench),
        Chore::Torture(torture) => torture::run(&workspace, &torture),
        Chore::Cluster(cluster) => cluster::run(&workspace, &cluster),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }
}
