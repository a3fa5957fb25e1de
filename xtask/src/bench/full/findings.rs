//! What follows from the figures, beside the targets of the design.

use super::Results;
use super::requests::{BATCH, CONNECTIONS, GET, GET_BAD_TOKEN, GET_FIELDS, MIX, PACE, POST};
use super::sizes::{self, SizeFigures};
use crate::bench::contender::{ON_POSTGRES, ON_POSTGRES_WITH_COPIES};
use crate::bench::disk::SyncedWrites;
use crate::bench::paced::PacedPosts;
use crate::bench::report::{Finding, Target, thousands};
use crate::bench::rounds::Outcome;
use crate::bench::statistics::Series;

/// Milliseconds from the start to the first answer.
const START_UP: Target = Target::Below(50.0);
/// A p99 of updates by the disk's own median.
const SYNCED_WRITES: Target = Target::Below(5.0);

/// All findings for which there are figures.
pub(super) fn make(results: &Results) -> Vec<Finding> {
    let outcomes = Outcomes(&results.outcomes);
    let mut findings = Vec::new();
    findings.extend(reads(outcomes));
    findings.extend(sizes(outcomes, &results.sizes));
    findings.extend(writes(outcomes));
    findings.extend(start_ups(&results.sizes));
    findings
}

fn reads(outcomes: Outcomes<'_>) -> Vec<Finding> {
    let get = |contender| outcomes.rate(GET, contender, CONNECTIONS);
    let own = |work| outcomes.rate(work, "pagebell", CONNECTIONS);
    let ratio = |name: &str, value: Option<f64>, by: Option<f64>, target| {
        Some(Finding::ratio(name, value? / by?, target))
    };
    let rows = [
        (
            "GET / nginx's static file",
            own(GET),
            get("nginx"),
            Target::AtLeast(1.0),
        ),
        (
            "GET / nginx's file kept open",
            own(GET),
            get("nginx-kept-open"),
            Target::None,
        ),
        (
            "GET / bare hyper",
            own(GET),
            get("bare-hyper"),
            Target::AtLeast(0.85),
        ),
        (
            "GET / plain axum",
            own(GET),
            get("plain-axum"),
            Target::None,
        ),
        ("GET / Prism", own(GET), get("Prism"), Target::None),
        (
            "GET / FastAPI + SQLite",
            own(GET),
            get("FastAPI + SQLite"),
            Target::None,
        ),
        (
            "GET / PostgreSQL's point read",
            own(GET),
            outcomes.rate("select", "PostgreSQL 15", CONNECTIONS),
            Target::None,
        ),
        (
            "strict GET on PostgreSQL / its point read",
            get(ON_POSTGRES),
            outcomes.rate("select", "PostgreSQL 15", CONNECTIONS),
            Target::AtLeast(0.7),
        ),
        (
            "GET on PostgreSQL with copies for 1 s / GET",
            get(ON_POSTGRES_WITH_COPIES),
            own(GET),
            Target::AtLeast(0.9),
        ),
        (
            "GET with fields / GET",
            own(GET_FIELDS),
            own(GET),
            Target::AtLeast(0.95),
        ),
        (
            "GET with a bad token / GET",
            own(GET_BAD_TOKEN),
            own(GET),
            Target::None,
        ),
        (
            "reads a second in batches / GET",
            own(BATCH).map(|rate| rate * 50.0),
            own(GET),
            Target::None,
        ),
        ("95 to 5 mix / GET", own(MIX), own(GET), Target::None),
    ];
    rows.into_iter()
        .filter_map(|(name, value, by, target)| ratio(name, value, by, target))
        .collect()
}

fn sizes(outcomes: Outcomes<'_>, sizes: &[SizeFigures]) -> Vec<Finding> {
    let rate = |pages| outcomes.rate(&sizes::name(pages), "pagebell", CONNECTIONS);
    let Some((least, small)) = sizes
        .first()
        .and_then(|size| Some((size.label.pages, rate(size.label.pages)?)))
    else {
        return Vec::new();
    };
    let ratio = |name: String, target| {
        let value = outcomes.rate(&name, "pagebell", CONNECTIONS)? / small;
        let name = format!("{name} / any of {}", thousands(least.into()));
        Some(Finding::ratio(name, value, target))
    };
    sizes[1..]
        .iter()
        .flat_map(|size| {
            let pages = size.label.pages;
            // The promise is of ten million; a million is to know.
            let target = if pages >= 10_000_000 {
                Target::AtLeast(0.8)
            } else {
                Target::None
            };
            [
                ratio(sizes::name(pages), target),
                ratio(sizes::name_by_default(pages), Target::None),
            ]
        })
        .flatten()
        .collect()
}

fn writes(outcomes: Outcomes<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let synced_write = outcomes
        .find(SyncedWrites::NAME, SyncedWrites::CONTENDER, 1)
        .map(|outcome| outcome.p50.median());
    for outcome in outcomes.of(POST, "pagebell") {
        let connections = outcome.connections;
        let rate = outcome.requests_per_second.median();
        let promised = |target| {
            if connections == CONNECTIONS {
                target
            } else {
                Target::None
            }
        };
        if let Some(upserts) = outcomes.rate("upsert", "PostgreSQL 15", connections) {
            findings.push(Finding::ratio(
                format!("POST / PostgreSQL's upsert, {connections} connections"),
                rate / upserts,
                promised(Target::AtLeast(4.0)),
            ));
        }
        if let Some(synced_write) = synced_write {
            for (percentile, value, target) in [
                ("p50", &outcome.p50, Target::None),
                ("p99", &outcome.p99, promised(SYNCED_WRITES)),
            ] {
                findings.push(Finding::ratio(
                    format!(
                        "POST's {percentile} at saturation / fdatasync, {connections} connections"
                    ),
                    value.median() / synced_write,
                    target,
                ));
            }
        }
    }
    let on_postgres = outcomes.rate(POST, ON_POSTGRES, CONNECTIONS);
    let upserts = outcomes.rate("upsert", "PostgreSQL 15", CONNECTIONS);
    if let (Some(on_postgres), Some(upserts)) = (on_postgres, upserts) {
        findings.push(Finding::ratio(
            format!("POST on PostgreSQL / its upsert, {CONNECTIONS} connections"),
            on_postgres / upserts,
            Target::AtLeast(0.8),
        ));
    }
    let fastapi = outcomes.rate(POST, "FastAPI + SQLite", CONNECTIONS);
    if let (Some(own), Some(fastapi)) = (outcomes.rate(POST, "pagebell", CONNECTIONS), fastapi) {
        findings.push(Finding::ratio(
            format!("POST / FastAPI + SQLite, {CONNECTIONS} connections"),
            own / fastapi,
            Target::None,
        ));
    }
    let paced = outcomes.find(PacedPosts::NAME, "pagebell", CONNECTIONS);
    if let (Some(paced), Some(synced_write)) = (paced, synced_write) {
        for (percentile, value, target) in [
            ("p50", &paced.p50, Target::None),
            ("p99", &paced.p99, SYNCED_WRITES),
        ] {
            findings.push(Finding::ratio(
                format!(
                    "POST's {percentile} at {} a second / fdatasync, {CONNECTIONS} connections",
                    thousands(PACE.into())
                ),
                value.median() / synced_write,
                target,
            ));
        }
    }
    let paced_write = outcomes.find(SyncedWrites::NAME_PACED, SyncedWrites::CONTENDER, 1);
    if let (Some(paced), Some(paced_write)) = (paced, paced_write) {
        findings.push(Finding::ratio(
            format!(
                "POST's p99 / fdatasync's p99, both at {} a second",
                thousands(PACE.into())
            ),
            paced.p99.median() / paced_write.p99.median(),
            Target::None,
        ));
    }
    findings
}

fn start_ups(sizes: &[SizeFigures]) -> Vec<Finding> {
    let finding = |what: &str, size: &SizeFigures, series: &Series| Finding {
        name: format!("{what}, {} Pages", thousands(size.label.pages.into())),
        value: series.median() * 1e3,
        unit: "ms",
        target: START_UP,
    };
    sizes
        .iter()
        .flat_map(|size| {
            [
                finding("start to first answer", size, &size.start_ups.clean),
                finding("the same after a kill", size, &size.start_ups.after_kill),
            ]
        })
        .collect()
}

/// The outcomes of a run, looked up by what was asked of whom.
#[derive(Debug, Clone, Copy)]
struct Outcomes<'a>(&'a [Outcome]);

impl<'a> Outcomes<'a> {
    fn of(self, work: &str, contender: &str) -> impl Iterator<Item = &'a Outcome> {
        self.0
            .iter()
            .filter(move |outcome| outcome.work == work && outcome.contender == contender)
    }

    fn find(self, work: &str, contender: &str, connections: u32) -> Option<&'a Outcome> {
        self.of(work, contender)
            .find(|outcome| outcome.connections == connections)
    }

    /// The median of requests a second.
    fn rate(self, work: &str, contender: &str, connections: u32) -> Option<f64> {
        let outcome = self.find(work, contender, connections)?;
        Some(outcome.requests_per_second.median())
    }
}
