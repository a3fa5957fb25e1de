//! Servers with their copies, leaders that fail, clients and faults, in one thread and in the order
//! that a seed decides. Time, disks and network are simulated; the lease and the copies are real.
//!
//! `BOUNDED_COPIES_SEED=7 cargo test -p bounded-copies --test simulation -- --nocapture one_seed`
//! runs one seed alone and prints all of its events; with `BOUNDED_COPIES_MISTAKE=PauseNotNoticed`
//! too, it does so with that mistake built in. `BOUNDED_COPIES_SEEDS=1000000` runs so many seeds.

mod check;
mod database;
mod faults;
mod leading;
mod node;
mod plan;
mod random;
mod serving;
mod upkeep;
mod world;

use std::env;
use std::fmt::Write as _;

use plan::{MISTAKES, Mistake};
use world::{Outcome, Tally, run};

const SEEDS: u64 = 10_000;

/// A number from the environment.
fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().expect("the variable is a number"))
}

/// How a violation is told: the seed, what was violated, and all that happened.
fn report(seed: u64, mistake: Option<Mistake>, outcome: &Outcome) -> String {
    let mut report = String::new();
    for line in &outcome.trace {
        writeln!(report, "{line}").expect("a string takes all");
    }
    match &outcome.violation {
        Some(violation) => writeln!(
            report,
            "seed {seed}, mistake {mistake:?}: {:?} does not hold: {}",
            violation.invariant, violation.detail
        ),
        None => writeln!(report, "seed {seed}, mistake {mistake:?}: all holds"),
    }
    .expect("a string takes all");
    report
}

#[test]
fn every_invariant_holds_for_every_seed() {
    let seeds = number("BOUNDED_COPIES_SEEDS").unwrap_or(SEEDS);
    let mut total = Tally::default();
    for seed in 0..seeds {
        let outcome = run(seed, None, false);
        assert!(
            outcome.violation.is_none(),
            "\n{}",
            report(seed, None, &run(seed, None, true))
        );
        total.add(&outcome.tally);
    }
    println!("{seeds} seeds: {total:?}");
    for (what, count) in total.counts() {
        assert!(count * 10 >= seeds, "{what} happened {count} times only");
    }
}

#[test]
fn every_mistake_is_found() {
    let mut missed = Vec::new();
    for (mistake, invariant) in MISTAKES {
        let mut caught = None;
        let fitting = (0..SEEDS).find(|&seed| {
            let violation = run(seed, Some(mistake), false).violation;
            if violation.is_some() {
                caught.get_or_insert(seed);
            }
            violation.is_some_and(|violation| violation.invariant == invariant)
        });
        match (caught, fitting) {
            (Some(caught), Some(fitting)) => {
                println!("{mistake:?}: found by seed {caught}, {invariant:?} by seed {fitting}");
            }
            _ => missed.push((mistake, invariant)),
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}

#[test]
fn a_seed_decides_everything() {
    for seed in [0, 1, 2, 77] {
        let (first, second) = (run(seed, None, true), run(seed, None, true));
        assert!(!first.trace.is_empty());
        assert_eq!(first.trace, second.trace);
    }
}

#[test]
fn one_seed() {
    let Some(seed) = number("BOUNDED_COPIES_SEED") else {
        return;
    };
    let mistake = env::var("BOUNDED_COPIES_MISTAKE").ok().map(|name| {
        MISTAKES
            .into_iter()
            .map(|(mistake, _)| mistake)
            .find(|mistake| format!("{mistake:?}") == name)
            .expect("the variable names a mistake")
    });
    let outcome = run(seed, mistake, true);
    println!("{}", report(seed, mistake, &outcome));
    assert!(outcome.violation.is_none(), "seed {seed}: see above");
}
