//! `cargo xtask torture`: the server's durability under attack.
//!
//! Clients ([`client`]) read and write a few Pages and record what they are told. The server is
//! killed ([`kill`]) or its disk fails ([`disk_faults`]). Then a new server is held against the
//! records ([`ledger`]): what was acknowledged is there, nothing is there by half, the history tells
//! every change, and one order explains every answer ([`linearizability`]).

mod answers;
pub(crate) mod campaign;
pub(crate) mod client;
pub(crate) mod clock;
mod disk_faults;
mod faults;
pub(crate) mod http;
mod judgement;
mod kill;
pub(crate) mod ledger;
mod linearizability;
pub(crate) mod load;
mod moment;
pub(crate) mod register;
pub(crate) mod report;
mod running;
mod scenario;
mod self_test;
mod settings;
pub(crate) mod violation;

use clap::Subcommand;

use crate::workspace::Workspace;

/// The attacks.
#[derive(Debug, Subcommand)]
pub(crate) enum Torture {
    /// Kill the server at random moments; about two minutes
    Kill(kill::Options),
    /// Let the disk fail from underneath: failing syncs, no room, short writes; about two minutes
    Faults(disk_faults::Options),
    /// See the attack find what a disk that lies has lost; ten seconds
    SelfTest(self_test::Options),
}

/// Runs one attack; a broken promise is an error.
pub(crate) fn run(workspace: &Workspace, torture: &Torture) -> anyhow::Result<()> {
    match torture {
        Torture::Kill(options) => kill::run(workspace, options),
        Torture::Faults(options) => disk_faults::run(workspace, options),
        Torture::SelfTest(options) => self_test::run(workspace, options),
    }
}
