//! How long nothing was answered.

use std::time::Duration;

use crate::torture::client::Record;
use crate::torture::register::{Outcome, Request};

/// How long writes and reads were out after a fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) writes: Duration,
    pub(crate) reads: Duration,
}

impl Outage {
    /// The longest pauses between the fault and the end of the load.
    pub(crate) fn of(records: &[Record], struck: u64, ended: u64) -> Self {
        let answered = |is_read: bool| {
            records
                .iter()
                .map(|record| &record.operation)
                .filter(|operation| matches!(operation.outcome, Outcome::Done { .. }))
                .filter(|operation| (operation.request == Request::Read) == is_read)
                .filter_map(|operation| operation.end)
                .collect()
        };
        Self {
            writes: longest_pause(answered(false), struck, ended),
            reads: longest_pause(answered(true), struck, ended),
        }
    }
}

/// The longest time without an answer that was not over before the fault; answers come in any order.
fn longest_pause(mut answers: Vec<u64>, struck: u64, ended: u64) -> Duration {
    answers.retain(|answer| *answer < ended);
    answers.sort_unstable();
    let after = answers.partition_point(|answer| *answer <= struck);
    let last_before = after.checked_sub(1).map_or(struck, |place| answers[place]);
    let mut pause = 0;
    let mut last = last_before;
    for answer in answers[after..].iter().copied().chain([ended]) {
        pause = pause.max(answer.saturating_sub(last));
        last = answer;
    }
    Duration::from_nanos(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(answers: &[u64]) -> u64 {
        let pause = longest_pause(answers.to_vec(), 1_000, 2_000);
        u64::try_from(pause.as_nanos()).unwrap()
    }

    #[test]
    fn a_pause_begins_with_the_last_answer_before_the_fault() {
        assert_eq!(pause(&[100, 900, 950, 1_400, 1_500, 1_990]), 490);
        assert_eq!(pause(&[1_990, 950, 1_500, 1_400]), 490, "in any order");
    }

    #[test]
    fn a_pause_before_the_fault_does_not_count() {
        assert_eq!(pause(&[1, 990, 1_000, 1_300, 1_600, 1_900]), 300);
    }

    #[test]
    fn a_pause_that_never_ends_counts_until_the_end() {
        assert_eq!(pause(&[990, 1_100]), 900);
        assert_eq!(pause(&[]), 1_000);
        assert_eq!(pause(&[990, 2_500]), 1_010, "an answer after the end");
    }
}
