//! `cargo xtask bench full`: the server beside everything it is compared with, in one run.

mod findings;
mod requests;
mod sizes;
mod summary;

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::bench::builds::{self, Binaries};
use crate::bench::machine::{self, Cores};
use crate::bench::rounds::{Outcome, Plan};
use crate::bench::work::Load;
use crate::bench::{fastapi, pages, postgres, prism};
use crate::programs;
use crate::workspace::Workspace;

use sizes::SizeFigures;

/// Less is no basis for a document.
const LEAST_ROUNDS: u32 = 3;
/// See [`LEAST_ROUNDS`].
const LEAST_SECONDS: u32 = 3;

/// Options of `cargo xtask bench full`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each work is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each measurement takes
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Seconds of warm-up before each measurement
    #[arg(long, default_value_t = 1)]
    warm_up: u32,
    /// Numbers of connections for updates; 64 is always among them
    #[arg(long, value_delimiter = ',', default_value = "1,8,64,256",
        value_parser = clap::value_parser!(u32).range(1..=256))]
    connections: Vec<u32>,
    /// Numbers of Pages in a store
    #[arg(long, value_delimiter = ',', default_value = "1000,1000000,10000000",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(pages::MOST_PAGES)))]
    pages: Vec<u32>,
    /// How many starts of a server are timed for each store, clean and after a kill
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    starts: u32,
    /// Keep the stores of many Pages under the target directory, and take those of an earlier run
    #[arg(long)]
    keep_stores: bool,
    /// Measure these parts alone
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    only: Vec<Part>,
    /// Measure this binary instead of building the release binary
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Write the figures into docs/performance.md; takes all parts and at least three rounds
    #[arg(long)]
    write: bool,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Part {
    /// GET of one Page and batches, beside nginx, bare hyper and axum
    Reads,
    /// Durable updates beside the disk, and a mix
    Writes,
    /// Random reads, start-up and memory with stores of many Pages
    Sizes,
    /// PostgreSQL 15 with pgbench, among the reads and the writes
    Postgres,
    /// Prism, among the reads
    Prism,
    /// FastAPI with SQLite, among the reads and the writes
    Fastapi,
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// Of reads, updates and random reads.
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) sizes: Vec<SizeFigures>,
}

impl Options {
    fn parts(&self) -> BTreeSet<Part> {
        let all = Part::value_variants().iter().copied();
        all.filter(|part| self.only.is_empty() || self.only.contains(part))
            .collect()
    }

    /// What is written must be the whole comparison: a short run must not take its place.
    fn check_writable(&self) -> anyhow::Result<()> {
        let complete = self.parts().len() == Part::value_variants().len()
            && self.rounds >= LEAST_ROUNDS
            && self.seconds >= LEAST_SECONDS
            && self.warm_up > 0
            && [1, 8, 64, 256]
                .iter()
                .all(|count| self.connections.contains(count))
            && [1_000, 1_000_000, 10_000_000]
                .iter()
                .all(|count| self.pages.contains(count));
        if self.write && !complete {
            bail!(
                "--write takes all parts, all numbers of connections and Pages, at least \
                 {LEAST_ROUNDS} rounds of {LEAST_SECONDS} seconds, and a warm-up"
            );
        }
        Ok(())
    }
}

/// Builds, measures, prints, and writes when told to.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    options.check_writable()?;
    let parts = options.parts();
    let load_average = machine::load_average()?;
    let mut needed = builds::PROGRAMS.to_vec();
    for (part, programs) in [
        (Part::Postgres, &postgres::PROGRAMS[..]),
        (Part::Prism, &prism::PROGRAMS),
        (Part::Fastapi, &fastapi::PROGRAMS),
    ] {
        if parts.contains(&part) {
            needed.extend(programs);
        }
    }
    programs::install_missing(&needed)?;
    let binaries = Binaries::build(workspace, options.binary.as_deref())?;
    let mut connections: BTreeSet<u32> = options.connections.iter().copied().collect();
    connections.insert(requests::CONNECTIONS);
    let run = Run {
        workspace,
        binaries,
        plan: Plan {
            rounds: options.rounds,
            warm_up: options.warm_up,
            load: Load {
                cores: Cores::choose()?,
                seconds: options.seconds,
            },
        },
        connections: connections.into_iter().collect(),
        pages: options.pages.iter().copied().collect(),
        starts: options.starts,
        keep_stores: options.keep_stores,
        parts,
    };
    let results = run.measure()?;
    let summary = summary::make(&run, &results, &load_average)?;
    println!(
        "{}\n\n{}\n{}",
        summary.run, summary.targets, summary.measured
    );
    if options.write {
        summary.write(workspace)?;
    }
    Ok(())
}

/// What is measured, and how.
#[derive(Debug)]
struct Run<'a> {
    workspace: &'a Workspace,
    binaries: Binaries,
    plan: Plan,
    connections: Vec<u32>,
    pages: BTreeSet<u32>,
    starts: u32,
    keep_stores: bool,
    parts: BTreeSet<Part>,
}

impl Run<'_> {
    fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    fn measure(&self) -> anyhow::Result<Results> {
        let parent = builds::folder(self.workspace)?;
        // The account of PostgreSQL has to reach its cluster in here.
        let directory = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in(&parent)?;
        let mut results = Results {
            outcomes: self.measure_requests(directory.path())?,
            sizes: Vec::new(),
        };
        if self.has(Part::Sizes) {
            let stores = if self.keep_stores {
                parent.join("stores")
            } else {
                directory.path().to_owned()
            };
            let (outcomes, sizes) = sizes::measure(self, &stores, directory.path())?;
            results.outcomes.extend(outcomes);
            results.sizes = sizes;
        }
        Ok(results)
    }

    fn measure_requests(&self, directory: &Path) -> anyhow::Result<Vec<Outcome>> {
        let others = [
            Part::Reads,
            Part::Writes,
            Part::Postgres,
            Part::Prism,
            Part::Fastapi,
        ];
        if others.iter().any(|part| self.has(*part)) {
            requests::measure(self, directory)
        } else {
            Ok(Vec::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct CommandLine {
        #[command(flatten)]
        options: Options,
    }

    fn writable(arguments: &[&str]) -> bool {
        let arguments = [&["bench", "--write"], arguments].concat();
        let parsed = CommandLine::try_parse_from(arguments).ok();
        parsed.is_some_and(|parsed| parsed.options.check_writable().is_ok())
    }

    #[test]
    fn only_a_whole_run_is_written() {
        assert!(writable(&[]));
        assert!(writable(&["--rounds", "5", "--keep-stores"]));
        for short in [
            ["--rounds", "2"],
            ["--seconds", "1"],
            ["--warm-up", "0"],
            ["--pages", "1000"],
            ["--connections", "64"],
            ["--only", "reads"],
        ] {
            assert!(!writable(&short), "{short:?}");
        }
    }
}
