//! The report: tables of plain text.

use std::fmt::Write as _;

use crate::bench::rounds::Outcome;

/// Two figures of one run, one divided by the other.
#[derive(Debug, Clone)]
pub(crate) struct Ratio {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) target: Target,
}

/// What the project promises of a ratio.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    Below(f64),
    /// A figure to know, not to meet.
    None,
}

/// The measured figures, one workload of one contender a row.
pub(crate) fn outcomes(outcomes: &[Outcome]) -> String {
    let rows = outcomes.iter().map(|outcome| {
        let rate = &outcome.requests_per_second;
        [
            outcome.workload.to_owned(),
            outcome.contender.to_owned(),
            thousands(rate.median()),
            format!("{}-{}", thousands(rate.least()), thousands(rate.most())),
            milliseconds(outcome.p50.median()),
            milliseconds(outcome.p99.median()),
            percent(outcome.server_core.median()),
            percent(outcome.load_core.median()),
        ]
    });
    let headings = [
        "work",
        "server",
        "requests/s",
        "min-max",
        "p50",
        "p99",
        "server core",
        "load core",
    ];
    table(2, headings.map(str::to_owned), rows)
}

/// The ratios beside their targets.
pub(crate) fn ratios(ratios: &[Ratio]) -> String {
    let rows = ratios.iter().map(|ratio| {
        let value = ratio.value;
        let (target, verdict) = match ratio.target {
            Target::AtLeast(target) => (format!("at least {target:.2}"), value >= target),
            Target::Below(target) => (format!("below {target:.2}"), value < target),
            Target::None => ("-".to_owned(), true),
        };
        let verdict = if verdict { "" } else { "missed" };
        [
            ratio.name.to_owned(),
            format!("{value:.2}"),
            target,
            verdict.to_owned(),
        ]
    });
    let headings = ["ratio", "measured", "target", ""];
    table(1, headings.map(str::to_owned), rows)
}

/// A duration given in seconds, in milliseconds.
pub(crate) fn milliseconds(seconds: f64) -> String {
    format!("{:.3} ms", seconds * 1e3)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Aligns columns: the first `words` to the left, figures behind them to the right.
fn table<const N: usize>(
    words: usize,
    headings: [String; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let lines: Vec<[String; N]> = std::iter::once(headings).chain(rows).collect();
    let mut text = String::new();
    for line in &lines {
        let mut row = String::new();
        for (column, cell) in line.iter().enumerate() {
            let width = lines.iter().map(|line| line[column].len()).max();
            let width = width.unwrap_or_default();
            let _ = if column < words {
                write!(row, "{cell:<width$}  ")
            } else {
                write!(row, "{cell:>width$}  ")
            };
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// A whole number with a comma between thousands.
fn thousands(number: f64) -> String {
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
        let ratio = |name, value, target| Ratio {
            name,
            value,
            target,
        };
        let text = ratios(&[
            ratio("one", 1.0, Target::AtLeast(1.0)),
            ratio("two", 0.8, Target::AtLeast(0.85)),
            ratio("three", 5.0, Target::Below(5.0)),
            ratio("four", 12.0, Target::None),
        ]);
        let expected = "\
ratio  measured         target
one        1.00  at least 1.00
two        0.80  at least 0.85  missed
three      5.00     below 5.00  missed
four      12.00              -
";
        assert_eq!(text, expected);
    }
}
