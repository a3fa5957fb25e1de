//! The table of faults.

use std::time::Duration;

use crate::cluster::fault::Fault;
use crate::cluster::outage::Outage;
use crate::torture::campaign::Tally;
use crate::torture::violation::Found;

/// What came of one fault.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) fault: Fault,
    pub(crate) outage: Outage,
    /// How many nodes did not come back by themselves, and were made anew.
    pub(crate) renewed: usize,
    pub(crate) tally: Tally,
    pub(crate) found: Found,
}

/// A row for each fault.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| fault | writes out | reads out | made anew | acknowledged | reads | unknown | refused | lost | \
         order | other |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        table.push_str(&line(row));
        table.push('\n');
    }
    table
}

/// One fault.
pub(crate) fn line(row: &Row) -> String {
    let milliseconds = |duration: Duration| format!("{} ms", duration.as_millis());
    let (tally, found) = (row.tally, row.found);
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        row.fault.title(),
        milliseconds(row.outage.writes),
        milliseconds(row.outage.reads),
        row.renewed,
        tally.acknowledged,
        tally.reads,
        tally.open,
        tally.refused_writes + tally.refused_reads,
        found.lost,
        found.stale,
        found.half + found.other,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_row() {
        let row = Row {
            fault: Fault::Leader,
            outage: Outage {
                writes: Duration::from_micros(12_749_900),
                reads: Duration::from_millis(9_974),
            },
            renewed: 1,
            tally: Tally {
                acknowledged: 100,
                open: 3,
                mismatched: 9,
                reads: 200,
                refused_reads: 4,
                refused_writes: 5,
            },
            found: Found {
                stale: 1,
                ..Found::default()
            },
        };
        let table = table(&[row]);
        let expected =
            "| leader's node killed | 12749 ms | 9974 ms | 1 | 100 | 200 | 3 | 9 | 0 | 1 | 0 |";
        assert_eq!(table.lines().nth(2), Some(expected));
    }
}
