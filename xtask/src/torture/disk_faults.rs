//! `cargo xtask torture faults`: the disk fails from underneath, under load.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use crate::torture::campaign::{self, Campaign};
use crate::torture::client::Diary;
use crate::torture::clock;
use crate::torture::faults::{self, Faults, Struck};
use crate::torture::http::Connection;
use crate::torture::judgement::Evidence;
use crate::torture::report;
use crate::torture::running::{Running, wait_for_end};
use crate::torture::scenario::{self, Expected, Scenario};
use crate::torture::violation::{Kind, Violation};
use crate::workspace::Workspace;

const CLIENTS: usize = 16;
const PAGES: u64 = 5;
/// How long a server may take to end by itself; it drains for up to 10 s.
const END_LIMIT: Duration = Duration::from_secs(12);
/// How often `/readyz` is asked.
const ASK_READY_EVERY: Duration = Duration::from_millis(5);
/// How much longer the syncs of slow disks take.
const SLOW_BY: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(2),
    Duration::from_millis(20),
    Duration::from_millis(200),
];
/// What reads may take at their 99th percentile, however slow the disk is.
const SLOWEST_READ: Duration = Duration::from_millis(50);

/// Options of `cargo xtask torture faults`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where the random choices begin; any, and printed, unless given
    #[arg(long)]
    seed: Option<u64>,
    /// Give each fault less time
    #[arg(long)]
    quick: bool,
    /// Only the faults whose names contain this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Attack this binary instead of building the release binary
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Write the figures into docs/durability.md
    #[arg(long)]
    write: bool,
}

/// How long things go on.
#[derive(Debug, Clone, Copy)]
struct Times {
    before: Duration,
    during: Duration,
    after: Duration,
    slow: Duration,
}

impl Times {
    const FULL: Self = Self {
        before: Duration::from_millis(500),
        during: Duration::from_millis(1_500),
        after: Duration::from_millis(700),
        slow: Duration::from_secs(5),
    };
    const QUICK: Self = Self {
        before: Duration::from_millis(250),
        during: Duration::from_millis(700),
        after: Duration::from_millis(300),
        slow: Duration::from_millis(900),
    };
}

/// What came of a scenario.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) scenario: Scenario,
    pub(crate) diary: Diary,
    pub(crate) struck: Struck,
    /// When the fault was ordered, and when it was taken away.
    pub(crate) began: u64,
    pub(crate) lifted: u64,
    /// When the server was gone, and how it ended by itself.
    pub(crate) gone: u64,
    pub(crate) exit: Option<i32>,
    pub(crate) log: String,
    pub(crate) ready: Vec<(u64, Option<u16>)>,
    /// What was broken, found by rules, by the ledger and by the restart.
    pub(crate) violations: Vec<Violation>,
}

impl Course {
    pub(crate) fn evidence(&self) -> Evidence<'_> {
        Evidence {
            struck: self.struck,
            lifted: self.lifted,
            exit: self.exit,
            log: &self.log,
            ready: &self.ready,
            records: &self.diary.records,
            refused_reads: self.diary.refused_reads,
            refused_writes: &self.diary.refused_writes,
        }
    }
}

/// Attacks, and prints what came of it.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let binary = campaign::binary(workspace, options.binary.as_ref())?;
    let library = faults::compile(workspace)?;
    let seed = campaign::seed(options.seed);
    println!("torture faults --seed {seed}");
    let times = if options.quick {
        Times::QUICK
    } else {
        Times::FULL
    };
    let is_wanted = |scenario: &Scenario| {
        let only = options.only.as_ref();
        only.is_none_or(|only| scenario.name.contains(only.as_str()))
    };
    let course = |scenario: Scenario, times: Times| -> anyhow::Result<Course> {
        println!("{}", scenario.name);
        let campaign = Campaign::new(workspace, binary.clone(), seed, CLIENTS, PAGES)?;
        play(campaign, &library, scenario, times)
    };
    let mut courses = Vec::new();
    for scenario in scenario::all().into_iter().filter(is_wanted) {
        courses.push(course(scenario, times)?);
    }
    let mut slow = Vec::new();
    let times_of_slow = Times {
        during: times.slow,
        ..times
    };
    for by in SLOW_BY {
        let scenario = scenario::slow(by);
        if is_wanted(&scenario) {
            slow.push((by, course(scenario, times_of_slow)?));
        }
    }
    for (by, course) in &mut slow {
        let p99 = report::percentile(&report::read_times(course), 0.99);
        if p99 > SLOWEST_READ {
            course.violations.push(Violation {
                kind: Kind::Fault,
                text: format!("with syncs slower by {by:?}, reads take {p99:?} at their p99"),
            });
        }
    }
    let table = format!(
        "{}\n{}",
        report::faults(&courses),
        report::slow_disks(&slow)
    );
    println!("\n{table}");
    let all = courses.iter().chain(slow.iter().map(|(_, course)| course));
    let broken: usize = all.map(|course| course.violations.len()).sum();
    if options.write {
        let command = format!("torture faults --seed {seed}");
        report::write(workspace, "faults", &command, &binary, &table)?;
    }
    if broken > 0 {
        bail!("{broken} violations with --seed {seed}");
    }
    Ok(())
}

/// Plays a scenario from a new store to the verification after it.
fn play(
    mut campaign: Campaign,
    library: &Path,
    scenario: Scenario,
    times: Times,
) -> anyhow::Result<Course> {
    let faults = Faults::new(library.to_owned(), &campaign.site.folder)?;
    campaign.site.access_log = scenario.access_log;
    if scenario.cold {
        fill(&mut campaign)?;
    }
    let server = campaign
        .runtime
        .block_on(campaign.site.start(Some(&faults)))?;
    if scenario.cold {
        faults.begin(&scenario.faults)?;
    }
    let over = Arc::new(AtomicBool::new(false));
    let watch = watch(server.address, server.token.clone(), Arc::clone(&over));
    let watch = campaign.runtime.spawn(watch);
    let load = campaign
        .crowd
        .begin(&campaign.runtime, &server, &mut campaign.random);
    let mut began = clock::now();
    if !scenario.cold {
        thread::sleep(times.before);
        faults.begin(&scenario.faults)?;
        began = clock::now();
    }
    let mut process = server.process;
    let mut exit = None;
    let mut stopped = None;
    if matches!(scenario.expected, Expected::Ends { .. }) {
        exit = wait_for_end(&mut process, END_LIMIT)?;
        faults.end()?;
    } else {
        thread::sleep(times.during);
        if scenario.is_of_stderr() {
            // The fault stays to the end: a log must not hold that either.
            exit = process.ended()?;
        } else {
            faults.end()?;
        }
    }
    let lifted = clock::now();
    if exit.is_none() && !scenario.is_of_stderr() {
        thread::sleep(times.after);
        exit = process.ended()?;
    }
    let log = process.log()?;
    if scenario.is_of_stderr() {
        stopped = Some(process.stop()?);
        faults.end()?;
    } else {
        process.kill()?;
    }
    let gone = clock::now();
    over.store(true, Ordering::Relaxed);
    let mut diary = load.end(&campaign.runtime)?;
    diary.close(gone);
    let mut course = Course {
        struck: faults.struck()?,
        scenario,
        diary,
        began,
        lifted,
        gone,
        exit: exit.map(|status| status.code().unwrap_or(-1)),
        log,
        ready: campaign.runtime.block_on(watch)?,
        violations: Vec::new(),
    };
    course.violations = course.evidence().judge(course.scenario.expected);
    if let Some(status) = stopped.filter(|status| !status.success()) {
        course.violations.push(Violation {
            kind: Kind::Fault,
            text: format!("told to stop, the server ended with {status}"),
        });
    }
    verify(campaign, &mut course)?;
    Ok(course)
}

/// Starts a server without faults and holds it against what clients were told.
fn verify(mut campaign: Campaign, course: &mut Course) -> anyhow::Result<()> {
    let (server, found) = campaign.restart_and_verify(&course.diary)?;
    course.violations.extend(found);
    if let Some(server) = server {
        course.violations.extend(campaign.verify_whole(&server)?);
        server.process.stop()?;
        course.violations.extend(campaign.site.check());
    }
    if let Err(error) = campaign.refuse(&course.violations, course.scenario.name) {
        eprintln!("{error:#}");
    }
    Ok(())
}

/// Gives the store something to read, by a server that ends in order.
fn fill(campaign: &mut Campaign) -> anyhow::Result<()> {
    let server: Running = campaign.runtime.block_on(campaign.site.start(None))?;
    let load = campaign
        .crowd
        .begin(&campaign.runtime, &server, &mut campaign.random);
    thread::sleep(Duration::from_millis(200));
    let mut diary = load.end(&campaign.runtime)?;
    server.process.stop()?;
    diary.close(clock::now());
    let (server, violations) = campaign.restart_and_verify(&diary)?;
    if let Some(server) = server {
        server.process.stop()?;
    }
    if let Some(violation) = violations.first() {
        bail!("before any fault: {violation}");
    }
    Ok(())
}

/// Asks `/readyz` again and again; when each was asked, and what it answered.
async fn watch(
    address: std::net::SocketAddr,
    token: String,
    over: Arc<AtomicBool>,
) -> Vec<(u64, Option<u16>)> {
    let mut answers = Vec::new();
    let mut connection: Option<Connection> = None;
    while !over.load(Ordering::Relaxed) {
        if connection.is_none() {
            connection = Connection::open(address, &token).await.ok();
        }
        let asked = clock::now();
        let status = match &mut connection {
            None => None,
            Some(open) => open.get("/readyz").await.ok().map(|answer| answer.status),
        };
        if status.is_none() {
            connection = None;
        }
        answers.push((asked, status));
        tokio::time::sleep(ASK_READY_EVERY).await;
    }
    answers
}
