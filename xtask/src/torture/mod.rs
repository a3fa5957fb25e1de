//! `cargo xtask torture`: the server's durability under attack.
//!
//! Clients ([`client`]) read and write a few Pages and record what they are told. The server is
//! killed ([`kill`]) or its disk fails. Then a new server is held against the
//! records ([`ledger`]): what was acknowledged is there, nothing is there by half, the history tells
//! every change, and one order explains every answer ([`linearizability`]).

mod answers;
mod campaign;
mod client;
mod clock;
mod faults;
mod http;
mod kill;
mod ledger;
mod linearizability;
mod load;
mod moment;
mod register;
mod report;
mod running;
mod settings;
mod violation;

use clap::Subcommand;

use crate::workspace::Workspace;

/// The attacks.
#[derive(Debug, Subcommand)]
pub(crate) enum Torture {
    /// Kill the server at random moments; about two minutes
    Kill(kill::Options),
}

/// Runs one attack; a broken promise is an error.
pub(crate) fn run(workspace: &Workspace, torture: &Torture) -> anyhow::Result<()> {
    match torture {
        Torture::Kill(options) => kill::run(workspace, options),
    }
}
