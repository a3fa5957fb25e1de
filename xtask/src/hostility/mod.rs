//! `cargo xtask hostility`: the release server under attack, while callers that mean well go on
//! reading.
//!
//! Each [`Attack`] has a file and a server of its own. It says what must come of it and fails where
//! something else does; how the reads fared, what memory it took and what it wrote into the log
//! stands in the table.

mod attack;
mod bad_tokens;
mod compressed;
mod connection;
mod crowds;
mod deep_json;
mod dripping;
mod floods;
mod huge_batch;
mod idle;
mod memory;
mod pipelining;
mod reader;
mod report;
mod resets;
mod slow_bodies;
mod slow_headers;
mod slow_readers;
mod smuggling;
mod split;
mod victim;

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context as _, bail};
use clap::Args;
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::bench::machine::{self, Cores};
use crate::command;
use crate::document;
use crate::hostility::attack::{Attack, Scale};
use crate::programs::{self, Program};
use crate::workspace::Workspace;

const PROGRAMS: &[Program] = &[
    Program {
        name: "taskset",
        check: None,
        packages: &["util-linux"],
    },
    Program {
        name: "setpriv",
        check: None,
        packages: &["util-linux"],
    },
];

const ATTACKS: &[Attack] = &[
    slow_headers::ATTACK,
    slow_bodies::ATTACK,
    slow_readers::ATTACK,
    idle::ATTACK,
    crowds::ATTACK,
    pipelining::ATTACK,
    split::ATTACK,
    floods::HEADERS,
    floods::REQUEST_LINES,
    compressed::ATTACK,
    deep_json::ATTACK,
    huge_batch::ATTACK,
    bad_tokens::ATTACK,
    smuggling::ATTACK,
    resets::ATTACK,
];

/// Files that are open beside the connections of an attack.
const OTHER_FILES: u64 = 200;

/// Options of `cargo xtask hostility`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Every attack, but smaller and for a shorter time; about half a minute
    #[arg(long)]
    short: bool,
    /// Run this attack alone; may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Attack this binary instead of building the release binary
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Write the table into docs/durability.md
    #[arg(long, conflicts_with_all = ["only", "short"])]
    write: bool,
}

/// Builds, attacks and prints.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let attacks: Vec<&Attack> = ATTACKS
        .iter()
        .filter(|attack| options.only.is_empty() || options.only.iter().any(|it| it == attack.name))
        .collect();
    if attacks.len() < options.only.len().max(1) {
        let names: Vec<&str> = ATTACKS.iter().map(|attack| attack.name).collect();
        bail!("the attacks are: {}", names.join(", "));
    }
    let scale = if options.short {
        Scale::Short
    } else {
        Scale::Full
    };
    programs::install_missing(PROGRAMS)?;
    allow_connections(idle::connections(scale))?;
    let cores = Cores::choose()?;
    let binary = if let Some(path) = &options.binary {
        env::current_dir()?.join(path)
    } else {
        let mut build = workspace.cargo(["build", "--release", "--package", "pagebell"]);
        command::run(&mut build)?;
        workspace.release_binary("pagebell")
    };
    let machine = machine::describe()?;
    stay_on(cores.load)?;
    let parent = workspace.target_directory.join("hostility");
    fs::create_dir_all(&parent).with_context(|| format!("cannot create {}", parent.display()))?;

    let mut rows = Vec::new();
    let mut failures = Vec::new();
    for attack in attacks {
        let directory = tempfile::tempdir_in(&parent)?;
        match attack.run(&binary, directory.path(), cores, scale) {
            Ok(row) => {
                println!("{}: {}", attack.name, row.outcome);
                failures.extend(row.failure(attack));
                rows.push(row);
            }
            Err(error) => failures.push(format!("{}: {error:#}", attack.name)),
        }
    }
    let table = report::table(&rows);
    println!("\n{table}");
    if !failures.is_empty() {
        bail!("the server did not stand:\n{}", failures.join("\n"));
    }
    if options.write {
        let figures = format!(
            "{}; {machine}; `cargo xtask hostility --write`; server on one core, attackers and readers \
             on the other.\n\n{table}",
            machine::date()?
        );
        let path = workspace.root.join("docs/durability.md");
        document::replace_figures(&path, "hostility", &figures)?;
    }
    Ok(())
}

/// Lets this process, and with it the servers, have as many files open as an attack takes.
fn allow_connections(connections: usize) -> anyhow::Result<()> {
    let wanted = u64::try_from(connections)? + OTHER_FILES;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|highest| highest < wanted) {
        bail!("the attack takes {wanted} open files; raise the hard limit (ulimit -Hn)");
    }
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(wanted);
        setrlimit(Resource::Nofile, limit)?;
    }
    Ok(())
}

/// Keeps this process, with all it starts but the servers, to one core.
fn stay_on(core: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set)?;
    Ok(())
}
