//! The tables, and where they are written.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bench::machine;
use crate::torture::campaign::{Tally, milliseconds};
use crate::torture::client::Record;
use crate::torture::disk_faults::Course;
use crate::torture::kill::Figures;
use crate::torture::moment::Stage;
use crate::torture::register::{Outcome, Request};
use crate::torture::violation::Found;
use crate::workspace::Workspace;
use crate::{command, document};

/// What came of killing.
pub(crate) fn kills(all: &[(Stage, Figures)]) -> String {
    let mut table = String::from(
        "| killed | kills | acknowledged | open | refused by `If-Match` | reads | lost | half | \
         stale | other | ready again, median | most |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut total = Figures::default();
    for (stage, figures) in all {
        kill_row(&mut table, stage.name(), figures);
        total.rounds += figures.rounds;
        total.tally = total.tally.plus(figures.tally);
        total.found = total.found.plus(figures.found);
        for figure in figures.start_ups.figures() {
            total.start_ups.push(*figure);
        }
    }
    kill_row(&mut table, "all", &total);
    table
}

fn kill_row(table: &mut String, name: &str, figures: &Figures) {
    let time = |seconds: f64| milliseconds(Duration::from_secs_f64(seconds));
    let (tally, found) = (figures.tally, figures.found);
    let _ = writeln!(
        table,
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        figures.rounds,
        tally.acknowledged,
        tally.open,
        tally.mismatched,
        tally.reads,
        found.lost,
        found.half,
        found.stale,
        found.other,
        time(figures.start_ups.median()),
        time(figures.start_ups.most()),
    );
}

/// What the server did in each scenario.
pub(crate) fn faults(courses: &[Course]) -> String {
    let mut table = String::from(
        "| fault | strikes | the server | acknowledged | open | writes refused | reads refused | lost | half | \
         stale | other |\n|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for course in courses {
        let mut tally = Tally::default();
        tally.add(&course.diary);
        let mut found = Found::default();
        found.add(&course.violations);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            course.scenario.name,
            course.struck.times,
            conduct(course),
            tally.acknowledged,
            tally.open,
            tally.refused_writes,
            tally.refused_reads,
            found.lost,
            found.half,
            found.stale,
            found.other,
        );
    }
    table
}

/// What a server did, in a few words.
fn conduct(course: &Course) -> String {
    let evidence = course.evidence();
    if let Some(code) = course.exit {
        let after = Duration::from_nanos(course.gone.saturating_sub(course.struck.first));
        let words = evidence.last_words().join("; ");
        // The line of the program has a sentence of its own about what comes next.
        let words = words.split("; the server").next().unwrap_or_default();
        return format!(
            "ended after {} ms with exit code {code}: {words}",
            after.as_millis()
        );
    }
    if evidence.refused_writes.is_empty() {
        return "served on".to_owned();
    }
    let resumed = evidence.resumed_after().map_or_else(
        || "did not resume".to_owned(),
        |after| format!("took writes again after {} ms", after.as_millis()),
    );
    format!("refused writes, read on, {resumed}")
}

/// What slow disks cost.
pub(crate) fn slow_disks(courses: &[(Duration, Course)]) -> String {
    if courses.is_empty() {
        return String::new();
    }
    let mut table = String::from(
        "| every sync takes longer by | syncs | POSTs acknowledged a second | POST p50 | POST p99 | \
         GET p50 | GET p99 | lost, half, stale, other |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (by, course) in courses {
        let (reads, writes) = (read_times(course), write_times(course));
        let seconds = Duration::from_nanos(course.lifted - course.began).as_secs_f64();
        let rate = f64::from(u32::try_from(writes.len()).unwrap_or(u32::MAX)) / seconds;
        let time = |times: &[Duration], share| milliseconds(percentile(times, share));
        let mut found = Found::default();
        found.add(&course.violations);
        let _ = writeln!(
            table,
            "| {} ms | {} | {rate:.0} | {} | {} | {} | {} | {}, {}, {}, {} |",
            by.as_millis(),
            course.struck.times,
            time(&writes, 0.5),
            time(&writes, 0.99),
            time(&reads, 0.5),
            time(&reads, 0.99),
            found.lost,
            found.half,
            found.stale,
            found.other,
        );
    }
    table
}

/// How long reads took while the fault was there, sorted.
pub(crate) fn read_times(course: &Course) -> Vec<Duration> {
    times(course, |record| record.operation.request == Request::Read)
}

fn write_times(course: &Course) -> Vec<Duration> {
    times(course, |record| {
        let is_done = matches!(record.operation.outcome, Outcome::Done { .. });
        is_done && record.operation.request != Request::Read
    })
}

fn times(course: &Course, is_meant: impl Fn(&Record) -> bool) -> Vec<Duration> {
    let records = course.diary.records.iter();
    let mut times: Vec<Duration> = records
        // What shares a batch with writes waits for them.
        .filter(|record| record.alone && is_meant(record))
        .filter(|record| record.operation.begin >= course.began)
        .filter_map(|record| {
            let end = record.operation.end.filter(|end| *end <= course.lifted)?;
            Some(Duration::from_nanos(end - record.operation.begin))
        })
        .collect();
    times.sort_unstable();
    times
}

/// The figure below which this share of all lies; they are sorted.
pub(crate) fn percentile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place among a few thousand figures"
    )]
    let place = (sorted.len() as f64 * share) as usize;
    let place = place.min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or_default()
}

/// Writes figures into `docs/durability.md`, with what is needed to get them again.
pub(crate) fn write(
    workspace: &Workspace,
    mark: &str,
    command: &str,
    binary: &Path,
    table: &str,
) -> anyhow::Result<()> {
    let date = command::output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    let version = command::output(Command::new(binary).arg("--version"))?;
    let figures = format!(
        "`cargo xtask {command}`, {}, {}, {}.\n\n{table}",
        date.trim(),
        version.trim(),
        machine::describe()?
    );
    let path = workspace.root.join("docs/durability.md");
    document::replace_figures(&path, mark, &figures)
}
