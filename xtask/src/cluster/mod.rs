//! `cargo xtask cluster`: Pagebell on a database of three nodes, of which any may fail.
//!
//! Three times Patroni with PostgreSQL 15, three members of etcd, a HAProxy and three Pagebells, all
//! on 127.0.0.1 ([`deployment`]). `torture` breaks one part after the other under load and holds what
//! clients were told against what is there, as [`torture`](crate::torture) does with one server.

mod attack;
mod configuration;
mod deployment;
mod fault;
mod health;
mod links;
mod node;
mod outage;
mod plan;
mod process;
mod promise;
mod report;
mod rest;
mod state;
mod warden;

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::cluster::deployment::{Deployment, Lifetime};
use crate::cluster::plan::Replication;
use crate::cluster::state::State;
use crate::programs::{self, Program};
use crate::torture::campaign;
use crate::workspace::Workspace;

/// What can be done with clusters.
#[derive(Debug, Subcommand)]
pub(crate) enum Cluster {
    /// Bring a cluster up; it runs until `cluster down`
    Up(Up),
    /// Take down the cluster that `cluster up` brought up
    Down,
    /// Break one part after the other under load, and look for what was lost; about ten minutes
    Torture(attack::Options),
    /// See the attack find what a cluster that acknowledges too early has lost; about a minute
    SelfTest(attack::SelfTest),
}

/// Options of `cargo xtask cluster up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Serve with this binary instead of building the release binary
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

/// What a cluster consists of, beside Pagebell.
const PROGRAMS: &[Program] = &[
    Program {
        name: "/usr/lib/postgresql/15/bin/initdb",
        check: None,
        packages: &["postgresql-15"],
    },
    Program {
        name: "etcd",
        check: None,
        packages: &["etcd-server"],
    },
    Program {
        name: "patroni",
        check: None,
        packages: &["patroni", "python3-etcd", "python3-psycopg2"],
    },
    Program {
        name: "haproxy",
        check: None,
        packages: &["haproxy"],
    },
];

/// Does it.
pub(crate) fn run(workspace: &Workspace, cluster: &Cluster) -> anyhow::Result<()> {
    match cluster {
        Cluster::Up(options) => up(workspace, options),
        Cluster::Down => down(workspace),
        Cluster::Torture(options) => attack::run(workspace, options),
        Cluster::SelfTest(options) => attack::self_test(workspace, options),
    }
}

fn up(workspace: &Workspace, options: &Up) -> anyhow::Result<()> {
    programs::install_missing(PROGRAMS)?;
    let binary = campaign::binary(workspace, options.binary.as_ref())?;
    let cluster = Deployment::bring_up(
        &folder(workspace),
        &binary,
        Lifetime::UntilDown,
        Replication::Strict,
        None,
    )?;
    let plan = &cluster.plan;
    println!("front http://{}", plan.front);
    for address in plan.pagebell {
        println!("pagebell http://{address}");
    }
    println!("token {}", cluster.token);
    println!("store {}", plan.store());
    for address in plan.patroni {
        println!("patroni http://{address}/cluster");
    }
    println!("end it with `cargo xtask cluster down`");
    cluster.keep();
    Ok(())
}

fn down(workspace: &Workspace) -> anyhow::Result<()> {
    let Some(state) = State::read(&folder(workspace))? else {
        bail!("no cluster was brought up with `cargo xtask cluster up`");
    };
    state.take_down()
}

/// Where the cluster of `torture` is.
fn torture_folder(workspace: &Workspace) -> PathBuf {
    workspace.target_directory.join("cluster/torture")
}

/// Where the cluster of `up` is.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target_directory.join("cluster/up")
}
