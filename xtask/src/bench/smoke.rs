//! `cargo xtask bench smoke`: GET and durable POST, quickly, against the targets of the design.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::bench::disk;
use crate::bench::lineup::{Binaries, Lineup, SETTINGS};
use crate::bench::load::{Load, Workload};
use crate::bench::machine::{self, Cores};
use crate::bench::report::{self, Ratio, Target};
use crate::bench::rounds::{self, Outcome};
use crate::bench::statistics::Series;
use crate::command;
use crate::programs::{self, Program};
use crate::workspace::Workspace;

const PROGRAMS: &[Program] = &[
    Program {
        name: "wrk",
        check: None,
        packages: &["wrk"],
    },
    Program {
        name: "nginx",
        check: None,
        packages: &["nginx-light"],
    },
    Program {
        name: "taskset",
        check: None,
        packages: &["util-linux"],
    },
];

const CALL_HOURS: &str = "/v26.0/1234567890/messenger_call_settings?fields=call_hours";
const POST_SCRIPT: &str = include_str!("post_call_hours.lua");
const SYNCED_WRITES: usize = 500;

/// Options of `cargo xtask bench smoke`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each workload is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each measurement takes
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// How many connections ask at the same time
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Measure this binary instead of building the release binary
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

/// All figures of a run.
#[derive(Debug)]
struct Figures {
    get: Vec<Outcome>,
    post: Vec<Outcome>,
    /// Seconds per synced write of the disk itself.
    synced_write: Series,
}

/// Builds, measures and prints.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let cores = Cores::choose()?;
    let load_average = machine::load_average()?;
    programs::install_missing(PROGRAMS)?;
    let pagebell = if let Some(path) = &options.binary {
        // A bare file name would be looked for on PATH.
        env::current_dir()?.join(path)
    } else {
        let mut build = workspace.cargo(["build", "--release", "--package", "pagebell"]);
        command::run(&mut build)?;
        workspace.release_binary("pagebell")
    };
    let mut build = workspace.cargo(["build", "--release", "--package", "xtask"]);
    command::run(build.args(["--bin", "bare-hyper"]))?;

    // Beside the build output: its disk is a real one, while a temporary folder may be memory.
    let parent = workspace.target_directory.join("bench");
    fs::create_dir_all(&parent).with_context(|| format!("cannot create {}", parent.display()))?;
    let directory = tempfile::tempdir_in(&parent)?;

    let load = Load {
        cores,
        connections: options.connections,
        seconds: options.seconds,
    };
    let binaries = Binaries {
        pagebell,
        bare_hyper: workspace.release_binary("bare-hyper"),
    };
    let figures = measure(&binaries, directory.path(), load, options.rounds)?;
    println!(
        "machine   {}; load average {load_average} before",
        machine::describe()?
    );
    println!("versions  {}", versions(&binaries.pagebell)?);
    print(&figures, load, options.rounds)
}

fn measure(
    binaries: &Binaries,
    directory: &Path,
    load: Load,
    rounds: u32,
) -> anyhow::Result<Figures> {
    let lineup = Lineup::start(binaries, directory, load.cores.server)?;
    let gets = [
        lineup.get(&lineup.nginx, "GET", SETTINGS),
        lineup.get(&lineup.nginx_kept_open, "GET", SETTINGS),
        lineup.get(&lineup.bare_hyper, "GET", SETTINGS),
        lineup.get(&lineup.pagebell, "GET", SETTINGS),
        lineup.get(&lineup.pagebell, "GET with fields", CALL_HOURS),
    ];
    let script = directory.join("post_call_hours.lua");
    fs::write(&script, POST_SCRIPT)
        .with_context(|| format!("cannot write {}", script.display()))?;
    let post = Workload {
        script: Some(script),
        ..lineup.get(&lineup.pagebell, "durable POST", SETTINGS)
    };

    // Writes come last: what they leave to do, on the disk and in the server, would fall on
    // whoever is measured next.
    let get = rounds::measure(load, rounds, &gets, || Ok(()))?;
    let mut synced_writes = Vec::new();
    let post = rounds::measure(load, rounds, &[post], || {
        synced_writes.extend(disk::synced_writes(directory, SYNCED_WRITES)?);
        Ok(())
    })?;
    lineup.stop()?;
    Ok(Figures {
        get,
        post,
        synced_write: synced_writes.into_iter().collect(),
    })
}

fn print(figures: &Figures, load: Load, rounds: u32) -> anyhow::Result<()> {
    println!(
        "load      {} connections; server on core {}, load on core {}",
        load.connections, load.cores.server, load.cores.load
    );
    println!(
        "figures   medians of {rounds} rounds of {} s, each after a warm-up\n",
        load.seconds
    );
    let all: Vec<Outcome> = [&figures.get[..], &figures.post].concat();
    println!("{}", report::outcomes(&all));
    println!(
        "4 KiB write + fdatasync on the same disk: median {} ({}-{}) of {SYNCED_WRITES} a round\n",
        report::milliseconds(figures.synced_write.median()),
        report::milliseconds(figures.synced_write.least()),
        report::milliseconds(figures.synced_write.most())
    );
    print!("{}", report::ratios(&ratios(figures)?));
    Ok(())
}

fn ratios(figures: &Figures) -> anyhow::Result<[Ratio; 6]> {
    let [nginx, nginx_kept_open, bare_hyper, get, fields] = &figures.get[..] else {
        bail!("a GET workload has no outcome");
    };
    let [post] = &figures.post[..] else {
        bail!("the POST workload has no outcome");
    };
    let rate = |outcome: &Outcome| outcome.requests_per_second.median();
    let synced_write = figures.synced_write.median();
    Ok([
        Ratio {
            name: "GET / nginx's static file",
            value: rate(get) / rate(nginx),
            target: Target::AtLeast(1.0),
        },
        Ratio {
            name: "GET / nginx's file kept open",
            value: rate(get) / rate(nginx_kept_open),
            target: Target::None,
        },
        Ratio {
            name: "GET / bare hyper",
            value: rate(get) / rate(bare_hyper),
            target: Target::AtLeast(0.85),
        },
        Ratio {
            name: "GET with fields / GET",
            value: rate(fields) / rate(get),
            target: Target::AtLeast(0.95),
        },
        Ratio {
            name: "POST's p99 / fdatasync",
            value: post.p99.median() / synced_write,
            target: Target::Below(5.0),
        },
        Ratio {
            name: "POSTs committed per fdatasync",
            value: rate(post) * synced_write,
            target: Target::None,
        },
    ])
}

/// The versions of all that was measured or measured with.
fn versions(pagebell: &Path) -> anyhow::Result<String> {
    let first_line = |program: &Path, argument: &str| -> anyhow::Result<String> {
        // nginx names its version on standard error, and wrk fails after naming its own.
        let output = Command::new(program)
            .arg(argument)
            .output()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        Ok(text.lines().next().unwrap_or_default().trim().to_owned())
    };
    let nginx = first_line(&programs::find("nginx")?, "-v")?;
    let wrk = first_line(&programs::find("wrk")?, "-v")?;
    let wrk = wrk.split(" Copyright").next().unwrap_or_default();
    let pagebell = first_line(pagebell, "--version")?;
    let nginx = nginx.trim_start_matches("nginx version: ");
    Ok(format!("{pagebell}, {nginx}, {wrk}"))
}
