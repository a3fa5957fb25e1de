//! `cargo xtask cluster torture`: one part after the other fails, under load.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum as _};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::runtime::Runtime;

use crate::cluster::deployment::{Deployment, Lifetime};
use crate::cluster::fault::Fault;
use crate::cluster::health;
use crate::cluster::outage::Outage;
use crate::cluster::plan::{NODES, Replication};
use crate::cluster::report::{self as table, Row};
use crate::cluster::{PROGRAMS, torture_folder};
use crate::programs;
use crate::torture::campaign::{self, Tally};
use crate::torture::client::Diary;
use crate::torture::clock;
use crate::torture::http::Connection;
use crate::torture::ledger::Ledger;
use crate::torture::load::{Crowd, Load};
use crate::torture::register::Request;
use crate::torture::report;
use crate::torture::violation::{Found, Kind, Violation};
use crate::workspace::Workspace;

const CLIENTS: usize = 12;
/// How many of them only read: reads are not out because writes are.
const READERS: usize = 4;
const PAGES: u64 = 6;
/// How long the load runs before the fault.
const WARM_UP: Duration = Duration::from_secs(3);
/// Writes go on when some were acknowledged in each of so many moments that follow each other.
const STEADY: u32 = 6;
const MOMENT: Duration = Duration::from_millis(500);
/// How long it may take until writes go on.
const RECOVERY_LIMIT: Duration = Duration::from_mins(2);
/// How long statements that nobody waits for any more may still run in a cluster that is healthy.
const SETTLING: Duration = Duration::from_secs(1);
/// How long Pagebells keep copies with `--copies`.
const BOUND: Duration = Duration::from_secs(1);

/// Options of `cargo xtask cluster torture`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only one fault of each kind that is soon over; about three minutes
    #[arg(long, conflicts_with = "only")]
    short: bool,
    /// Only this fault; can be given several times
    #[arg(long, value_name = "FAULT")]
    only: Vec<Fault>,
    /// Let the Pagebells keep copies for a second, and hold what they answer against that bound
    #[arg(long)]
    copies: bool,
    /// Where the random choices begin; any, and printed, unless given
    #[arg(long)]
    seed: Option<u64>,
    /// Attack this binary instead of building the release binary
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Write the figures into docs/durability.md
    #[arg(long, conflicts_with_all = ["short", "only"])]
    write: bool,
}

/// Options of `cargo xtask cluster self-test`.
#[derive(Debug, Args)]
pub(crate) struct SelfTest {
    /// Where the random choices begin; any unless given
    #[arg(long)]
    seed: Option<u64>,
    /// Attack this binary instead of building the release binary
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

/// All of one run.
#[derive(Debug)]
struct Campaign {
    random: StdRng,
    runtime: Runtime,
    crowd: Crowd,
    ledger: Ledger,
    cluster: Deployment,
    /// How old an answer may be.
    bound: Duration,
}

/// Attacks, and prints what came of it. The logs of an attack that fails are kept until they are removed
/// by hand.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    programs::install_missing(PROGRAMS)?;
    let binary = campaign::binary(workspace, options.binary.as_ref())?;
    let seed = campaign::seed(options.seed);
    let faults = match &options.only[..] {
        _ if options.short => &Fault::SHORT,
        [] => Fault::value_variants(),
        only => only,
    };
    println!("seed {seed}");
    let bound = options.copies.then_some(BOUND);
    let campaign = Campaign::new(workspace, &binary, seed, Replication::Strict, bound)?;
    let attacked = campaign.attack_all(faults, seed);
    let figures = attacked.map_err(|error| match keep_logs(workspace) {
        Ok(kept) => error.context(format!("the logs are in {}", kept.display())),
        Err(_no_logs) => error,
    })?;
    println!("\n{figures}");
    fs::remove_dir_all(torture_folder(workspace))?;
    if options.write {
        let (name, copies) = match bound {
            None => ("cluster", ""),
            Some(_) => ("cluster with copies", " --copies"),
        };
        let command = format!("cluster torture{copies} --seed {seed}");
        report::write(workspace, name, &command, &binary, &figures)?;
    }
    Ok(())
}

/// Moves the folder of the run out of the way of the next one.
fn keep_logs(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let folder = torture_folder(workspace);
    let kept = folder.with_file_name(format!("failed-{}", clock::now()));
    fs::rename(&folder, &kept)?;
    Ok(kept)
}

/// Attacks a cluster that is not strict, and one whose answers are older than it is told, and fails if
/// nothing is found.
pub(crate) fn self_test(workspace: &Workspace, options: &SelfTest) -> anyhow::Result<()> {
    programs::install_missing(PROGRAMS)?;
    let binary = campaign::binary(workspace, options.binary.as_ref())?;
    let seed = campaign::seed(options.seed);
    let mut campaign = Campaign::new(workspace, &binary, seed, Replication::Strict, Some(BOUND))?;
    campaign.bound = Duration::ZERO;
    let (row, _) = campaign.attack(Fault::Pagebell)?;
    println!("{}", table::table(std::slice::from_ref(&row)));
    if row.found.stale == 0 {
        bail!("copies were not found to be copies, with --seed {seed}; the logs are kept");
    }
    drop(campaign);
    let mut campaign = Campaign::new(workspace, &binary, seed, Replication::Loose, None)?;
    let (row, _) = campaign.attack(Fault::LeaderLink)?;
    println!("{}", table::table(std::slice::from_ref(&row)));
    if row.found.lost == 0 || row.found.stale == 0 {
        bail!("what was lost or stale was not found, with --seed {seed}; the logs are kept");
    }
    drop(campaign);
    fs::remove_dir_all(torture_folder(workspace))?;
    println!("found, as it has to be");
    Ok(())
}

/// Fails if there are violations, with the seed and what shows them.
fn refuse(violations: &[Violation], rows: &[Row], what: &str, seed: u64) -> anyhow::Result<()> {
    if violations.is_empty() {
        return Ok(());
    }
    println!("\n{}", table::table(rows));
    for violation in violations.iter().take(10) {
        eprintln!("{violation}");
    }
    bail!(
        "{} violations in: {what}, with --seed {seed}",
        violations.len()
    );
}

impl Campaign {
    /// Brings a cluster up, whose Pages were never configured.
    fn new(
        workspace: &Workspace,
        binary: &Path,
        seed: u64,
        replication: Replication,
        bound: Option<Duration>,
    ) -> anyhow::Result<Self> {
        let folder = torture_folder(workspace);
        let mut crowd = Crowd::new(CLIENTS, PAGES).with_readers(READERS);
        if bound.is_some() {
            crowd = crowd.with_revisions();
        }
        Ok(Self {
            random: StdRng::seed_from_u64(seed),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?,
            ledger: Ledger::new(&crowd.pages),
            crowd,
            bound: bound.unwrap_or_default(),
            cluster: Deployment::bring_up(&folder, binary, Lifetime::OfChore, replication, bound)?,
        })
    }

    /// Lets one fault strike after the other, and takes the cluster down; the figures of all.
    fn attack_all(mut self, faults: &[Fault], seed: u64) -> anyhow::Result<String> {
        let mut rows = Vec::new();
        for fault in faults {
            let (row, violations) = self
                .attack(*fault)
                .with_context(|| format!("{}, with --seed {seed}", fault.title()))?;
            println!("{}", table::line(&row));
            rows.push(row);
            refuse(&violations, &rows, fault.title(), seed)?;
        }
        let violations = self.read_all_again()?;
        refuse(&violations, &rows, "all histories read once more", seed)?;
        Ok(format!(
            "{}\nAt the end, all {} entries of the histories were read once more: complete, in order, \
             and the same as when they were first read.",
            table::table(&rows),
            self.ledger.changes()
        ))
    }

    /// Lets one fault strike, and holds what clients were told against what is there.
    fn attack(&mut self, fault: Fault) -> anyhow::Result<(Row, Vec<Violation>)> {
        let mut renewed = health::wait(&mut self.cluster)?;
        let plan = &self.cluster.plan;
        let entrances = if fault.is_hidden() {
            vec![plan.front]
        } else {
            plan.entrances()
        };
        let begun = clock::now();
        let load = self.crowd.begin_at(
            &self.runtime,
            &entrances,
            &self.cluster.token,
            &mut self.random,
        );
        thread::sleep(WARM_UP);
        wait_for_writes(&load)?;

        let struck = clock::now();
        let wound = fault.strike(&mut self.cluster, &mut self.random)?;
        thread::sleep(fault.shows_within());
        let broken = match fault.promise() {
            Some(promise) => {
                let keeps_copies = !self.bound.is_zero();
                promise.look(&self.cluster, &self.runtime, keeps_copies)?
            }
            None => Vec::new(),
        };
        if fault.is_survived() {
            wait_for_writes(&load)?;
            wound.heal(&mut self.cluster)?;
        } else {
            wound.heal(&mut self.cluster)?;
            wait_for_writes(&load)?;
        }
        // Whoever comes back does so under load.
        renewed += health::wait(&mut self.cluster)?;
        wait_for_writes(&load)?;
        let ended = clock::now();
        let mut diary = load.end(&self.runtime)?;

        renewed += health::wait(&mut self.cluster)?;
        thread::sleep(SETTLING + self.bound);
        diary.close(clock::now());
        for record in &mut diary.records {
            let operation = &mut record.operation;
            if operation.request == Request::Read {
                // What was so at any time since then is a right answer.
                let age = u64::try_from(self.bound.as_nanos())?;
                operation.begin = operation.begin.saturating_sub(age).max(begun);
            }
        }
        let mut violations = self.verify(&diary)?;
        violations.extend(broken.into_iter().map(|text| Violation {
            kind: Kind::Fault,
            text,
        }));
        let mut tally = Tally::default();
        tally.add(&diary);
        if fault.is_hidden() && tally.open + tally.refused_writes + tally.refused_reads > 0 {
            violations.push(Violation {
                kind: Kind::Fault,
                text: format!("clients noticed it: {tally:?}"),
            });
        }
        let mut found = Found::default();
        found.add(&violations);
        let outage = Outage::of(&diary.records, struck, ended);
        let row = Row {
            fault,
            outage,
            renewed,
            tally,
            found,
        };
        Ok((row, violations))
    }

    fn verify(&mut self, diary: &Diary) -> anyhow::Result<Vec<Violation>> {
        let violation = |kind| move |text| Violation { kind, text };
        let unexpected = diary.unexpected.iter().cloned();
        let mut violations: Vec<Violation> = unexpected.map(violation(Kind::Answer)).collect();
        violations.extend(
            self.cluster
                .complaints()
                .into_iter()
                .map(violation(Kind::Fault)),
        );
        let node = self.random.random_range(0..NODES);
        let (address, token) = (self.cluster.plan.pagebell[node], &self.cluster.token);
        let ledger = &mut self.ledger;
        violations.extend(self.runtime.block_on(async {
            let mut connection = Connection::open(address, token).await?;
            ledger.verify(&mut connection, &diary.records).await
        })?);
        Ok(violations)
    }

    /// Reads every history from its end to its begin.
    fn read_all_again(&mut self) -> anyhow::Result<Vec<Violation>> {
        let (address, token) = (self.cluster.plan.front, &self.cluster.token);
        let ledger = &self.ledger;
        self.runtime.block_on(async {
            let mut connection = Connection::open(address, token).await?;
            ledger.verify_whole(&mut connection).await
        })
    }
}

/// Waits until writes go on.
fn wait_for_writes(load: &Load) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut steady = 0;
    let mut last = load.acknowledged();
    while steady < STEADY {
        if begun.elapsed() > RECOVERY_LIMIT {
            bail!("no writes for {} s", RECOVERY_LIMIT.as_secs());
        }
        thread::sleep(MOMENT);
        let now = load.acknowledged();
        steady = if now > last { steady + 1 } else { 0 };
        last = now;
    }
    Ok(())
}
