//! What is measured: something asked of a contender, by whichever tool can ask it.

use std::fmt::Debug;
use std::time::Duration;

use crate::bench::machine::Cores;

/// Something that is asked of a contender, again and again.
pub(crate) trait Work: Debug {
    /// The name in the report.
    fn name(&self) -> &str;

    /// The server's name in the report.
    fn contender(&self) -> &'static str;

    /// How many connections ask at the same time.
    fn connections(&self) -> u32;

    /// How many operations one request holds; more than one for batches.
    fn operations(&self) -> u32 {
        1
    }

    /// Asks; a wrong answer makes the whole run an error.
    fn run(&self, load: Load) -> anyhow::Result<Figures>;
}

/// Where and how long to ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) cores: Cores,
    pub(crate) seconds: u32,
}

/// What one run came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figures {
    pub(crate) requests_per_second: f64,
    /// Half of the requests took no longer than this.
    pub(crate) p50: Duration,
    /// All but one in a hundred took no longer than this.
    pub(crate) p99: Duration,
}

impl Figures {
    /// Figures of requests whose latencies are known one by one.
    pub(crate) fn of(mut latencies: Vec<Duration>, requests_per_second: f64) -> Option<Self> {
        latencies.sort_unstable();
        let last = latencies.len().checked_sub(1)?;
        Some(Self {
            requests_per_second,
            p50: latencies[last / 2],
            p99: latencies[last * 99 / 100],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_latencies_in_any_order() {
        let latencies = (1..=101).rev().map(Duration::from_millis).collect();
        let figures = Figures::of(latencies, 7.0);
        let expected = Figures {
            requests_per_second: 7.0,
            p50: Duration::from_millis(51),
            p99: Duration::from_millis(100),
        };
        assert_eq!(figures, Some(expected));
        assert_eq!(Figures::of(Vec::new(), 7.0), None);
    }
}
