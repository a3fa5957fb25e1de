//! `cargo xtask bench smoke`: GET and durable POST, quickly, against the targets of the design.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;

use crate::bench::builds::{self, Binaries};
use crate::bench::disk::SyncedWrites;
use crate::bench::lineup::{Lineup, SETTINGS};
use crate::bench::machine::{self, Cores};
use crate::bench::report::{self, Finding, Target};
use crate::bench::rounds::{self, Outcome, Plan};
use crate::bench::versions;
use crate::bench::work::{Load, Work};
use crate::programs;
use crate::workspace::Workspace;

const CALL_HOURS: &str = "/v26.0/1234567890/messenger_call_settings?fields=call_hours";
const WARM_UP_SECONDS: u32 = 1;

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

/// Builds, measures and prints.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let plan = Plan {
        rounds: options.rounds,
        warm_up: WARM_UP_SECONDS,
        load: Load {
            cores: Cores::choose()?,
            seconds: options.seconds,
        },
    };
    let load_average = machine::load_average()?;
    programs::install_missing(&builds::PROGRAMS)?;
    let binaries = Binaries::build(workspace, options.binary.as_deref())?;
    let directory = tempfile::tempdir_in(builds::folder(workspace)?)?;
    let figures = measure(&binaries, directory.path(), plan, options.connections)?;
    println!(
        "machine   {}; load average {load_average} before",
        machine::describe()?
    );
    println!(
        "versions  {}",
        versions::always(&binaries.pagebell)?.join(", ")
    );
    print(&figures, plan, options.connections)
}

fn measure(
    binaries: &Binaries,
    directory: &Path,
    plan: Plan,
    connections: u32,
) -> anyhow::Result<Vec<Outcome>> {
    let lineup = Lineup::start(binaries, directory, plan.load.cores.server)?;
    let get = |contender, name, target| -> Box<dyn Work> {
        Box::new(lineup.get(contender, name, target, connections))
    };
    // Writes come last: what they leave to do, on the disk and in the server, would fall on
    // whoever is measured next.
    let gets = [
        get(&lineup.nginx, "GET", SETTINGS),
        get(&lineup.nginx_kept_open, "GET", SETTINGS),
        get(&lineup.bare_hyper, "GET", SETTINGS),
        get(&lineup.pagebell, "GET", SETTINGS),
        get(&lineup.pagebell, "GET with fields", CALL_HOURS),
    ];
    let writes: [Box<dyn Work>; 2] = [
        Box::new(SyncedWrites {
            directory: directory.to_owned(),
            per_second: None,
        }),
        Box::new(lineup.post(&lineup.pagebell, "durable POST", 1, connections)),
    ];
    let gets = rounds::measure(plan, &gets)?;
    let writes = rounds::measure(plan, &writes)?;
    lineup.stop()?;
    Ok([gets, writes].concat())
}

fn print(figures: &[Outcome], plan: Plan, connections: u32) -> anyhow::Result<()> {
    let Plan { rounds, load, .. } = plan;
    println!(
        "load      {connections} connections; server on core {}, load on core {}",
        load.cores.server, load.cores.load
    );
    println!(
        "figures   medians of {rounds} rounds of {} s, each after a warm-up\n",
        load.seconds
    );
    println!("{}", report::outcomes(figures));
    print!("{}", report::findings(&ratios(figures)?));
    Ok(())
}

fn ratios(figures: &[Outcome]) -> anyhow::Result<[Finding; 6]> {
    let [
        nginx,
        nginx_kept_open,
        bare_hyper,
        get,
        fields,
        synced_write,
        post,
    ] = figures
    else {
        bail!("a work has no outcome");
    };
    let rate = |outcome: &Outcome| outcome.requests_per_second.median();
    let synced_write = synced_write.p50.median();
    Ok([
        Finding::ratio(
            "GET / nginx's static file",
            rate(get) / rate(nginx),
            Target::AtLeast(1.0),
        ),
        Finding::ratio(
            "GET / nginx's file kept open",
            rate(get) / rate(nginx_kept_open),
            Target::None,
        ),
        Finding::ratio(
            "GET / bare hyper",
            rate(get) / rate(bare_hyper),
            Target::AtLeast(0.85),
        ),
        Finding::ratio(
            "GET with fields / GET",
            rate(fields) / rate(get),
            Target::AtLeast(0.95),
        ),
        Finding::ratio(
            "POST's p99 / fdatasync",
            post.p99.median() / synced_write,
            Target::Below(5.0),
        ),
        Finding::ratio(
            "POSTs committed per fdatasync",
            rate(post) * synced_write,
            Target::None,
        ),
    ])
}
