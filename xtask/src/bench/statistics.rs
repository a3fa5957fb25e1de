//! Medians and spreads of a few figures.

use std::time::Duration;

/// Figures of the same kind from several rounds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    sorted: Vec<f64>,
}

impl Series {
    pub(crate) fn push(&mut self, figure: f64) {
        let place = self.sorted.partition_point(|other| *other < figure);
        self.sorted.insert(place, figure);
    }

    /// The middle figure, or the mean of the two in the middle; 0 when there is none.
    pub(crate) fn median(&self) -> f64 {
        let count = self.sorted.len();
        if count == 0 {
            return 0.0;
        }
        f64::midpoint(self.sorted[(count - 1) / 2], self.sorted[count / 2])
    }

    /// All of them, the least first.
    pub(crate) fn figures(&self) -> &[f64] {
        &self.sorted
    }

    pub(crate) fn least(&self) -> f64 {
        self.sorted.first().copied().unwrap_or_default()
    }

    pub(crate) fn most(&self) -> f64 {
        self.sorted.last().copied().unwrap_or_default()
    }
}

impl FromIterator<Duration> for Series {
    /// The durations in seconds.
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut series = Self::default();
        for duration in durations {
            series.push(duration.as_secs_f64());
        }
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spreads() {
        let series_of =
            |all: &[u64]| -> Series { all.iter().copied().map(Duration::from_secs).collect() };
        for (figures, median, least, most) in [
            (&[][..], 0.0, 0.0, 0.0),
            (&[7], 7.0, 7.0, 7.0),
            (&[9, 1, 5], 5.0, 1.0, 9.0),
            (&[4, 1, 3, 2], 2.5, 1.0, 4.0),
        ] {
            let series = series_of(figures);
            let seen = [series.median(), series.least(), series.most()];
            for (seen, expected) in seen.into_iter().zip([median, least, most]) {
                assert!((seen - expected).abs() < 1e-9, "{figures:?}: {series:?}");
            }
        }
    }
}
