//! Rounds: every work in turn, again and again, so that a slow minute of the machine does not
//! fall on one of them alone.

use crate::bench::machine::{CoreTimes, Cores};
use crate::bench::statistics::Series;
use crate::bench::work::{Figures, Load, Work};

/// How often and how long each work is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: u32,
    pub(crate) load: Load,
    /// Seconds for which a server warms up before each measurement; may be 0.
    pub(crate) warm_up: u32,
}

/// The figures of one work over all rounds.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) work: String,
    pub(crate) contender: &'static str,
    pub(crate) connections: u32,
    /// How many operations one request holds.
    pub(crate) operations: u32,
    pub(crate) requests_per_second: Series,
    /// In seconds.
    pub(crate) p50: Series,
    /// In seconds.
    pub(crate) p99: Series,
    /// The share of the time in which the server's core worked, 0 to 1.
    pub(crate) server_core: Series,
    /// The same of the load's core: near 1, the figures are the load's limit, not the server's.
    pub(crate) load_core: Series,
}

/// Measures all works.
pub(crate) fn measure(plan: Plan, works: &[Box<dyn Work>]) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes: Vec<Outcome> = works.iter().map(|work| Outcome::new(&**work)).collect();
    let warm_up = Load {
        seconds: plan.warm_up,
        ..plan.load
    };
    for round in 1..=plan.rounds {
        for (work, outcome) in works.iter().zip(&mut outcomes) {
            if warm_up.seconds > 0 {
                work.run(warm_up)?;
            }
            let before = core_times(plan.load.cores)?;
            let figures = work.run(plan.load)?;
            let after = core_times(plan.load.cores)?;
            outcome.push(figures, before, after);
            eprintln!(
                "round {round} of {}: {} of {} at {} connections: {:.0}/s",
                plan.rounds,
                work.name(),
                work.contender(),
                work.connections(),
                figures.requests_per_second
            );
        }
    }
    Ok(outcomes)
}

/// The times of the server's core and of the load's.
fn core_times(cores: Cores) -> anyhow::Result<[CoreTimes; 2]> {
    Ok([CoreTimes::now(cores.server)?, CoreTimes::now(cores.load)?])
}

impl Outcome {
    fn new(work: &dyn Work) -> Self {
        Self {
            work: work.name().to_owned(),
            contender: work.contender(),
            connections: work.connections(),
            operations: work.operations(),
            requests_per_second: Series::default(),
            p50: Series::default(),
            p99: Series::default(),
            server_core: Series::default(),
            load_core: Series::default(),
        }
    }

    fn push(&mut self, figures: Figures, before: [CoreTimes; 2], after: [CoreTimes; 2]) {
        self.requests_per_second.push(figures.requests_per_second);
        self.p50.push(figures.p50.as_secs_f64());
        self.p99.push(figures.p99.as_secs_f64());
        self.server_core.push(after[0].busy_since(before[0]));
        self.load_core.push(after[1].busy_since(before[1]));
    }
}
