//! Rounds: every workload in turn, again and again, so that a slow minute of the machine does not
//! fall on one of them alone.

use crate::bench::load::{Load, Measurement, Workload};
use crate::bench::statistics::Series;

/// How long a server warms up before each measurement.
const WARM_UP_SECONDS: u32 = 1;

/// The figures of one workload over all rounds.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) workload: &'static str,
    pub(crate) contender: &'static str,
    pub(crate) requests_per_second: Series,
    /// In seconds.
    pub(crate) p50: Series,
    /// In seconds.
    pub(crate) p99: Series,
    /// The share of the time in which the server's core worked, 0 to 1.
    pub(crate) server_core: Series,
    /// The same of the load's core.
    pub(crate) load_core: Series,
}

/// Measures all workloads; `before_round` runs at the start of each round.
pub(crate) fn measure(
    load: Load,
    rounds: u32,
    workloads: &[Workload],
    mut before_round: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes: Vec<Outcome> = workloads.iter().map(Outcome::new).collect();
    let warm_up = Load {
        seconds: WARM_UP_SECONDS,
        ..load
    };
    for round in 1..=rounds {
        before_round()?;
        for (workload, outcome) in workloads.iter().zip(&mut outcomes) {
            warm_up.run(workload)?;
            outcome.push(load.run(workload)?);
            eprintln!(
                "round {round} of {rounds}: {} of {} measured",
                workload.name, workload.contender
            );
        }
    }
    Ok(outcomes)
}

impl Outcome {
    fn new(workload: &Workload) -> Self {
        Self {
            workload: workload.name,
            contender: workload.contender,
            requests_per_second: Series::default(),
            p50: Series::default(),
            p99: Series::default(),
            server_core: Series::default(),
            load_core: Series::default(),
        }
    }

    fn push(&mut self, measurement: Measurement) {
        let figures = measurement.figures;
        self.requests_per_second.push(figures.requests_per_second);
        self.p50.push(figures.p50.as_secs_f64());
        self.p99.push(figures.p99.as_secs_f64());
        self.server_core.push(measurement.server_core);
        self.load_core.push(measurement.load_core);
    }
}
