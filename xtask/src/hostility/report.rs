//! The table of what attacks did.

use std::iter;
use std::time::Duration;

use crate::hostility::attack::Row;
use crate::hostility::reader::Fared;

/// A markdown table with a row for each attack. Times are milliseconds.
pub(crate) fn table(rows: &[Row]) -> String {
    let failures: usize = rows.iter().map(Row::failures).sum();
    let head = format!(
        "Reads at 500 a second over 8 kept connections, and 50 a second on connections of their own; \
         milliseconds from when a read was due. Of all reads, {failures} failed.\n\n\
         | attack | what came of it | p50 / p99 / max before | during | after | own connection, \
         during | memory | log |\n|---|---|---|---|---|---|---:|---:|"
    );
    let lines: Vec<String> = iter::once(head).chain(rows.iter().map(line)).collect();
    lines.join("\n")
}

fn line(row: &Row) -> String {
    let cells = [
        row.name.to_owned(),
        row.outcome.clone(),
        times(&row.before),
        times(&row.during),
        times(&row.after),
        times(&row.newcomers),
        format!("+{} MiB", row.memory),
        format!("{} B", row.log_bytes),
    ];
    format!("| {} |", cells.join(" | "))
}

impl Row {
    fn failures(&self) -> usize {
        [&self.before, &self.during, &self.after, &self.newcomers]
            .iter()
            .map(|fared| fared.failures)
            .sum()
    }
}

fn times(fared: &Fared) -> String {
    let milliseconds = |time: Duration| {
        let milliseconds = time.as_secs_f64() * 1e3;
        if milliseconds < 10.0 {
            format!("{milliseconds:.2}")
        } else {
            format!("{milliseconds:.0}")
        }
    };
    [fared.p50, fared.p99, fared.most]
        .map(milliseconds)
        .join(" / ")
}
