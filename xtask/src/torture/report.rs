//! The tables, and where they are written.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bench::machine;
use crate::torture::campaign::milliseconds;
use crate::torture::kill::Figures;
use crate::torture::moment::Stage;
use crate::workspace::Workspace;
use crate::{command, document};

/// What came of killing.
pub(crate) fn kills(all: &[(Stage, Figures)], changes: usize) -> String {
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
    let _ = write!(
        table,
        "\nAt the end, all {changes} entries of the histories were read once more: complete, in \
         order, and the same as when they were first read."
    );
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
