//! Whether a server did what it has to after a fault.

use std::time::Duration;

use crate::torture::client::Record;
use crate::torture::faults::Struck;
use crate::torture::register::{Outcome, Request};
use crate::torture::scenario::Expected;
use crate::torture::violation::{Kind, Violation};

/// How soon after the fault the server has to say that it is not ready.
const NOT_READY_WITHIN: Duration = Duration::from_millis(250);
/// How soon after there is room again a write has to be acknowledged.
const RESUMES_WITHIN: Duration = Duration::from_secs(1);

/// What was seen of a fault.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) struck: Struck,
    /// When the fault was taken away.
    pub(crate) lifted: u64,
    /// How the server ended by itself: its exit code, -1 for a signal; `None`: it did not.
    pub(crate) exit: Option<i32>,
    /// All that the server wrote to standard error.
    pub(crate) log: &'a str,
    /// The answers of `/readyz`: when each was asked for, and its status.
    pub(crate) ready: &'a [(u64, Option<u16>)],
    pub(crate) records: &'a [Record],
    pub(crate) refused_reads: u64,
    /// When those writes began that were refused.
    pub(crate) refused_writes: &'a [u64],
}

impl Evidence<'_> {
    /// What the server did not do although it has to.
    pub(crate) fn judge(&self, expected: Expected) -> Vec<Violation> {
        let mut broken = Vec::new();
        if self.struck.times == 0 {
            broken.push("the fault never struck".to_owned());
            return violations(broken);
        }
        match expected {
            Expected::Ends { grace } => self.judge_end(grace, &mut broken),
            Expected::WaitsForRoom => {
                self.judge_alive(&mut broken);
                self.judge_waiting(&mut broken);
            }
            Expected::Unharmed => {
                self.judge_alive(&mut broken);
                if !self.refused_writes.is_empty() {
                    broken.push(format!("{} writes were refused", self.refused_writes.len()));
                }
            }
        }
        violations(broken)
    }

    /// The lines in which the program says why it ends.
    pub(crate) fn last_words(&self) -> Vec<&str> {
        let lines = self.log.lines();
        lines
            .filter_map(|line| line.strip_prefix("pagebell: "))
            .collect()
    }

    /// Writes whose answer left it open whether they happened.
    fn left_open(&self) -> usize {
        // One that was cut off by the end of it all has no answer, and no id.
        let left_open = |record: &&Record| {
            record.operation.outcome == Outcome::Unknown && !record.trace_id.is_empty()
        };
        self.records.iter().filter(left_open).count()
    }

    fn judge_end(&self, grace: Duration, broken: &mut Vec<String>) {
        let limit = self.struck.first + nanoseconds(grace);
        for record in self.acknowledged().filter(|it| it.operation.begin > limit) {
            broken.push(format!(
                "acknowledged after the fault: {}",
                record.operation
            ));
        }
        match self.exit {
            None => broken.push("the server does not end".to_owned()),
            Some(0) => broken.push("the server ended as if all were well".to_owned()),
            Some(-1) => broken.push("the server ended by a signal".to_owned()),
            Some(_) => {}
        }
        let words = self.last_words();
        if words.len() != 1 {
            broken.push(format!("the server's last words are {words:?}"));
        }
        let limit = self.struck.first + nanoseconds(grace + NOT_READY_WITHIN);
        if self
            .ready
            .iter()
            .any(|(asked, status)| *asked > limit && *status == Some(200))
        {
            broken.push("the server said that it is ready after the fault".to_owned());
        }
    }

    fn judge_alive(&self, broken: &mut Vec<String>) {
        if let Some(code) = self.exit {
            broken.push(format!(
                "the server ended with {code}: {:?}",
                self.last_words()
            ));
        }
        let open = self.left_open();
        if open > 0 {
            broken.push(format!("{open} writes were left open"));
        }
        if self.refused_reads > 0 {
            broken.push(format!("{} reads were refused", self.refused_reads));
        }
    }

    fn judge_waiting(&self, broken: &mut Vec<String>) {
        let within = |record: &Record| {
            record.operation.begin > self.struck.first
                && record.operation.end.is_some_and(|end| end < self.lifted)
        };
        // An update that changes nothing needs no room.
        let needs_room = |record: &&Record| matches!(record.operation.request, Request::Write { update, .. } if update.hours.is_some());
        let stored = self.acknowledged().filter(|it| within(it)).find(needs_room);
        if let Some(record) = stored {
            broken.push(format!("acknowledged without room: {}", record.operation));
        }
        let because_of_it = |begin: &u64| (self.struck.first..self.lifted).contains(begin);
        if !self.refused_writes.iter().any(because_of_it) {
            broken.push("no write was refused for want of room".to_owned());
        }
        let mut reads = self
            .records
            .iter()
            .filter(|it| it.operation.request == Request::Read);
        if !reads.any(within) {
            broken.push("nothing was read while there was no room".to_owned());
        }
        let resumed = self.resumed_after();
        if resumed.is_none_or(|after| after > RESUMES_WITHIN) {
            broken.push(format!("writes resumed after {resumed:?}"));
        }
    }

    /// From the end of the fault to the first write acknowledged after it.
    pub(crate) fn resumed_after(&self) -> Option<Duration> {
        let ends = self
            .acknowledged()
            .filter_map(|record| record.operation.end);
        let first = ends.filter(|end| *end > self.lifted).min()?;
        Some(Duration::from_nanos(first - self.lifted))
    }

    fn acknowledged(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| {
            matches!(record.operation.request, Request::Write { .. })
                && matches!(record.operation.outcome, Outcome::Done { .. })
        })
    }
}

fn violations(broken: Vec<String>) -> Vec<Violation> {
    let violation = |text| Violation {
        kind: Kind::Fault,
        text,
    };
    broken.into_iter().map(violation).collect()
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torture::register::Operation;
    use crate::torture::settings::{Seen, Update};

    const ENDS: Expected = Expected::Ends {
        grace: Duration::ZERO,
    };
    const MILLISECOND: u64 = 1_000_000;

    fn record(request: Request, outcome: Outcome, begin: u64, end: u64) -> Record {
        Record {
            page: 0,
            operation: Operation {
                client: 0,
                request,
                outcome,
                begin: begin * MILLISECOND,
                end: Some(end * MILLISECOND),
            },
            trace_id: "A".to_owned(),
            alone: true,
        }
    }

    fn write(outcome: Outcome, begin: u64, end: u64) -> Record {
        let update = Update::full(1);
        let request = Request::Write {
            update,
            if_match: None,
        };
        record(request, outcome, begin, end)
    }

    fn done() -> Outcome {
        Outcome::Done {
            revision: 1,
            seen: Seen::default(),
        }
    }

    /// A fault that struck at 1 s and was taken away at 3 s, and a server that ended well.
    fn evidence<'a>(records: &'a [Record], ready: &'a [(u64, Option<u16>)]) -> Evidence<'a> {
        Evidence {
            struck: Struck {
                times: 1,
                first: 1_000 * MILLISECOND,
            },
            lifted: 3_000 * MILLISECOND,
            exit: Some(2),
            log: "... INFO serving\npagebell: the store can no longer be trusted\n",
            ready,
            records,
            refused_reads: 0,
            refused_writes: &[],
        }
    }

    /// The same with a server that lives.
    fn alive(records: &[Record]) -> Evidence<'_> {
        Evidence {
            exit: None,
            ..evidence(records, &[])
        }
    }

    fn found(evidence: &Evidence<'_>, expected: Expected) -> String {
        let broken = evidence.judge(expected);
        let texts: Vec<String> = broken.into_iter().map(|it| it.text).collect();
        texts.join("; ")
    }

    #[test]
    fn an_end_as_it_has_to_be_is_accepted() {
        let records = [
            write(done(), 990, 1_010),
            write(Outcome::Unknown, 1_001, 1_020),
        ];
        let ready = [(900 * MILLISECOND, Some(200)), (1_300 * MILLISECOND, None)];
        assert_eq!(found(&evidence(&records, &ready), ENDS), "");
    }

    #[test]
    fn each_broken_rule_of_an_end_is_found() {
        let records = [write(done(), 1_001, 1_010)];
        assert!(found(&evidence(&records, &[]), ENDS).starts_with("acknowledged after the fault"));
        let ready = [(1_300 * MILLISECOND, Some(200))];
        assert!(found(&evidence(&[], &ready), ENDS).contains("ready after the fault"));
        for (exit, text) in [
            (None, "does not end"),
            (Some(0), "all were well"),
            (Some(-1), "signal"),
        ] {
            let evidence = Evidence {
                exit,
                ..evidence(&[], &[])
            };
            assert!(found(&evidence, ENDS).contains(text));
        }
        for log in ["", "pagebell: one\npagebell: two\n"] {
            let evidence = Evidence {
                log,
                ..evidence(&[], &[])
            };
            assert!(found(&evidence, ENDS).contains("last words"));
        }
        let never = Evidence {
            struck: Struck::default(),
            ..evidence(&[], &[])
        };
        assert_eq!(found(&never, ENDS), "the fault never struck");
    }

    #[test]
    fn each_broken_rule_of_waiting_is_found() {
        let well = [
            record(Request::Read, done(), 1_500, 1_501),
            write(done(), 3_001, 3_010),
        ];
        let refused = [1_200 * MILLISECOND];
        let waiting = |records| Evidence {
            refused_writes: &refused,
            ..alive(records)
        };
        let waits = Expected::WaitsForRoom;
        assert_eq!(found(&waiting(&well), waits), "");
        let ended = Evidence {
            exit: Some(2),
            ..waiting(&well)
        };
        assert!(found(&ended, waits).contains("ended with 2"));
        let stored = [&well[..], &[write(done(), 1_500, 1_600)]].concat();
        assert!(found(&waiting(&stored), waits).contains("without room"));
        let open = [&well[..], &[write(Outcome::Unknown, 1_500, 9_000)]].concat();
        assert!(found(&waiting(&open), waits).contains("left open"));
        assert!(found(&waiting(&well[1..]), waits).contains("nothing was read"));
        assert!(found(&waiting(&well[..1]), waits).contains("resumed after None"));
        assert!(found(&alive(&well), waits).contains("no write was refused"));
        let starved = Evidence {
            refused_reads: 3,
            ..waiting(&well)
        };
        assert!(found(&starved, waits).contains("3 reads were refused"));
    }

    #[test]
    fn who_is_unharmed_refuses_nothing() {
        assert_eq!(
            found(&alive(&[write(done(), 1_200, 1_201)]), Expected::Unharmed),
            ""
        );
        let refused = Evidence {
            refused_writes: &[1_200 * MILLISECOND],
            ..alive(&[])
        };
        assert!(found(&refused, Expected::Unharmed).contains("1 writes were refused"));
    }
}
