//! `cargo xtask torture kill`: kill -9 at random moments, under load.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rand::Rng as _;

use crate::bench::statistics::Series;
use crate::torture::campaign::{self, Campaign, Tally};
use crate::torture::client::Diary;
use crate::torture::clock;
use crate::torture::moment::{Moment, Stage};
use crate::torture::report;
use crate::torture::running::Running;
use crate::torture::violation::{Found, Kind, Violation};
use crate::workspace::Workspace;

/// How often the store is checked from outside, in rounds.
const CHECK_EVERY: u32 = 10;
/// How long a start is thought to take before one was measured.
const FIRST_GUESS: Duration = Duration::from_millis(40);

/// Options of `cargo xtask torture kill`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often the server is killed
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Where the random choices begin; any, and printed, unless given
    #[arg(long)]
    seed: Option<u64>,
    /// How many clients ask at the same time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,
    /// How many Pages they share
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pages: u32,
    /// Attack this binary instead of building the release binary
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Write the figures into docs/durability.md
    #[arg(long)]
    write: bool,
}

/// The figures of one stage.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) rounds: u32,
    pub(crate) tally: Tally,
    /// Seconds from the start of the process after the kill to its first 200 of `/readyz`.
    pub(crate) start_ups: Series,
    pub(crate) found: Found,
}

/// Attacks, and prints what came of it.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let binary = campaign::binary(workspace, options.binary.as_ref())?;
    let seed = campaign::seed(options.seed);
    println!("torture kill --rounds {} --seed {seed}", options.rounds);
    let clients = options.clients as usize;
    let mut campaign = Campaign::new(workspace, binary, seed, clients, options.pages.into())?;
    if !campaign.site.can_check() {
        println!("this binary has no command check: the store is not checked from outside");
    }
    let mut all: Vec<(Stage, Figures)> = Stage::ALL
        .map(|stage| (stage, Figures::default()))
        .into_iter()
        .collect();
    let mut start_up = FIRST_GUESS;
    for round in 0..options.rounds {
        let moment = Moment::draw(round, start_up, &mut campaign.random);
        let (stage, diary) = match attack(&mut campaign, moment) {
            Ok(attacked) => attacked,
            Err(error) => {
                let violation = Violation {
                    kind: Kind::Start,
                    text: format!("{error:#}"),
                };
                campaign = campaign.refuse(&[violation], &format!("round {round}, {moment:?}"))?;
                continue;
            }
        };
        let (server, mut violations) = campaign.restart_and_verify(&diary)?;
        let figures = &mut all[stage as usize].1;
        figures.rounds += 1;
        figures.tally.add(&diary);
        if let Some(server) = server {
            figures.start_ups.push(server.ready_after.as_secs_f64());
            start_up = server.ready_after;
            let is_last = round + 1 == options.rounds;
            if is_last {
                violations.extend(campaign.verify_whole(&server)?);
            }
            let check = is_last || (round + 1).is_multiple_of(CHECK_EVERY);
            violations.extend(leave(&mut campaign, server, check)?);
        }
        all[stage as usize].1.found.add(&violations);
        if !violations.is_empty() {
            println!("\n{}", report::kills(&all));
        }
        campaign = campaign.refuse(&violations, &format!("round {round}, {moment:?}"))?;
        if (round + 1).is_multiple_of(CHECK_EVERY) {
            println!(
                "{} rounds, {} changes",
                round + 1,
                campaign.ledger.changes()
            );
        }
    }
    let table = format!(
        "{}\nAt the end, all {} entries of the histories were read once more: complete, in order, and \
         the same as when they were first read.",
        report::kills(&all),
        campaign.ledger.changes()
    );
    println!("\n{table}");
    if options.write {
        let command = format!("torture kill --rounds {} --seed {seed}", options.rounds);
        report::write(workspace, "kill", &command, &campaign.site.binary, &table)?;
    }
    Ok(())
}

/// Starts a server, puts load on it unless it is to die before, and kills it; in which stage it was.
fn attack(campaign: &mut Campaign, moment: Moment) -> anyhow::Result<(Stage, Diary)> {
    if moment.stage == Stage::StartUp {
        let process = campaign.site.spawn(None)?;
        moment.wait(&campaign.site);
        process.kill()?;
        return Ok((moment.stage, Diary::default()));
    }
    let server = campaign.runtime.block_on(campaign.site.start(None))?;
    let load = campaign
        .crowd
        .begin(&campaign.runtime, &server, &mut campaign.random);
    let came = moment.wait(&campaign.site);
    server.process.kill()?;
    let gone = clock::now();
    let mut diary = load.end(&campaign.runtime)?;
    diary.close(gone);
    // On a disk that stalls, the write that was waited for may not come.
    Ok((if came { moment.stage } else { Stage::Load }, diary))
}

/// Ends the server that was verified: mostly so that the next one finds its log, at times in order.
fn leave(campaign: &mut Campaign, server: Running, check: bool) -> anyhow::Result<Vec<Violation>> {
    if campaign.random.random_range(0..4) > 0 {
        server.process.kill()?;
    } else {
        server.process.stop()?;
    }
    Ok(check
        .then(|| campaign.site.check())
        .flatten()
        .into_iter()
        .collect())
}
