//! The report: tables that read well as plain text and are Markdown too.

use std::fmt::Write as _;

use crate::bench::rounds::Outcome;

/// From this share on a core has nothing left to give.
const SATURATED: f64 = 0.95;

/// A figure that follows from those of one run.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) name: String,
    pub(crate) value: f64,
    /// What the value counts; empty for a ratio.
    pub(crate) unit: &'static str,
    pub(crate) target: Target,
}

/// What the project promises of a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    Below(f64),
    /// A figure to know, not to meet.
    None,
}

impl Finding {
    /// A ratio of two figures.
    pub(crate) fn ratio(name: impl Into<String>, value: f64, target: Target) -> Self {
        Self {
            name: name.into(),
            value,
            unit: "",
            target,
        }
    }
}

/// The measured figures, one work of one contender a row.
pub(crate) fn outcomes(outcomes: &[Outcome]) -> String {
    let rows = outcomes.iter().map(|outcome| {
        let rate = &outcome.requests_per_second;
        let operations = f64::from(outcome.operations);
        [
            outcome.work.clone(),
            outcome.contender.to_owned(),
            limit(outcome).to_owned(),
            outcome.connections.to_string(),
            thousands(rate.median()),
            format!("{}-{}", thousands(rate.least()), thousands(rate.most())),
            thousands(rate.median() * operations),
            milliseconds(outcome.p50.median()),
            milliseconds(outcome.p99.median()),
            percent(outcome.server_core.median()),
            percent(outcome.load_core.median()),
        ]
    });
    let headings = [
        "work",
        "server",
        "limit",
        "connections",
        "requests/s",
        "min-max",
        "operations/s",
        "p50",
        "p99",
        "server core",
        "load core",
    ];
    table(3, headings, rows)
}

/// What kept a rate from being higher.
fn limit(outcome: &Outcome) -> &'static str {
    let saturated =
        [&outcome.server_core, &outcome.load_core].map(|core| core.median() >= SATURATED);
    match saturated {
        [true, false] => "server",
        [false, true] => "load",
        [true, true] => "both",
        // Neither core: what is waited for is the disk, or the time at which to ask.
        [false, false] => "waiting",
    }
}

/// The findings beside their targets.
pub(crate) fn findings(findings: &[Finding]) -> String {
    let rows = findings.iter().map(|finding| {
        let value = finding.value;
        let number = |number: f64| {
            let text = format!("{number:.2} {}", finding.unit);
            text.trim_end().to_owned()
        };
        let (target, verdict) = match finding.target {
            Target::AtLeast(target) => (
                format!("at least {}", number(target)),
                verdict(value >= target),
            ),
            Target::Below(target) => (format!("below {}", number(target)), verdict(value < target)),
            Target::None => ("-".to_owned(), ""),
        };
        [
            finding.name.clone(),
            number(value),
            target,
            verdict.to_owned(),
        ]
    });
    table(1, ["figure", "measured", "target", "verdict"], rows)
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

/// A duration given in seconds, in milliseconds.
pub(crate) fn milliseconds(seconds: f64) -> String {
    format!("{:.3} ms", seconds * 1e3)
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A size in bytes, in MiB.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let mebibytes = u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
    format!("{} MiB", thousands(mebibytes.into()))
}

/// Aligns columns: the first `words` to the left, figures behind them to the right.
pub(crate) fn table<const N: usize>(
    words: usize,
    headings: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let lines: Vec<[String; N]> = std::iter::once(headings.map(str::to_owned))
        .chain(rows)
        .collect();
    let widths: [usize; N] = std::array::from_fn(|column| {
        let widths = lines.iter().map(|line| line[column].chars().count());
        // A rule takes three characters to be one.
        widths.max().unwrap_or_default().max(3)
    });
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            let _ = if column < words {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
        }
        text.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let rule = "-".repeat(*width);
                let end = if column < words { "-" } else { ":" };
                let _ = write!(text, "|-{rule}{end}");
            }
            text.push_str("|\n");
        }
    }
    text
}

/// A whole number with a comma between thousands.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, expected) in [
            (0.0, "0"),
            (999.4, "999"),
            (1_000.0, "1,000"),
            (61_234.5, "61,234"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(thousands(number), expected);
        }
    }

    #[test]
    fn a_missed_target_is_named() {
        let text = findings(&[
            Finding::ratio("one", 1.0, Target::AtLeast(1.0)),
            Finding::ratio("two", 0.8, Target::AtLeast(0.85)),
            Finding {
                name: "three".to_owned(),
                value: 5.0,
                unit: "ms",
                target: Target::Below(5.0),
            },
            Finding::ratio("four", 12.0, Target::None),
        ]);
        let expected = "\
| figure | measured |        target | verdict |
|--------|---------:|--------------:|--------:|
| one    |     1.00 | at least 1.00 |     met |
| two    |     0.80 | at least 0.85 |  missed |
| three  |  5.00 ms | below 5.00 ms |  missed |
| four   |    12.00 |             - |         |
";
        assert_eq!(text, expected);
    }
}
