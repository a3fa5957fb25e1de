//! The faults that are tried, and what the server has to do in each.

use std::time::Duration;

use rustix::io::Errno;

use crate::torture::faults::{Action, Call, Fault, Files};

/// One thing that goes wrong.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) faults: Vec<Fault>,
    /// Whether the fault is there before the first request, while nothing is in memory yet.
    pub(crate) cold: bool,
    /// Whether the server logs each request.
    pub(crate) access_log: bool,
    pub(crate) expected: Expected,
}

impl Scenario {
    /// Whether only the program's log fails.
    pub(crate) fn is_of_stderr(&self) -> bool {
        self.faults.iter().all(|fault| fault.files == Files::STDERR)
    }
}

/// What the server has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Nothing more is acknowledged from this long after the first strike on, it is not ready, and
    /// it ends with a line that says why.
    Ends { grace: Duration },
    /// Writes are refused while there is no room, reads go on, and writes go on with room.
    WaitsForRoom,
    /// Nothing: nobody notices.
    Unharmed,
}

/// The writer itself met the fault: whatever comes later is refused.
const AT_ONCE: Expected = Expected::Ends {
    grace: Duration::ZERO,
};
/// The thread of checkpoints met it: a group of writes that is being committed at that moment is on
/// disk, and its writes are acknowledged rightly.
const AFTER_THE_GROUP: Expected = Expected::Ends {
    grace: Duration::from_millis(100),
};

/// Whoever reads first meets it, and only the next checkpoint, 200 ms later at most, is a matter of
/// what is on disk.
const AFTER_THE_CHECKPOINT: Expected = Expected::Ends {
    grace: Duration::from_millis(500),
};

/// Microseconds that a write to a stalled pipe takes: longer than any run of a scenario.
const STALLED: u64 = 600_000_000;

/// All of them, in the order of the report.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = of_the_store();
    all.extend(of_the_log());
    all
}

/// Files of the store fail.
fn of_the_store() -> Vec<Scenario> {
    let fault = |call, files, action, times| Fault {
        call,
        files,
        action,
        times,
    };
    let one = |name, fault, expected| Scenario {
        name,
        faults: vec![fault],
        cold: false,
        access_log: false,
        expected,
    };
    let (sync, write, read) = (Call::Sync, Call::Write, Call::Read);
    let (database, log, both) = (Files::DATABASE, Files::LOG, Files::DATABASE_AND_LOG);
    let (broken, full) = (Action::Fail(Errno::IO), Action::Fail(Errno::NOSPC));
    let torn = Action::Tear(Errno::NOSPC);
    let waits = Expected::WaitsForRoom;
    let unharmed = Expected::Unharmed;
    let cold = |name, fault, expected| Scenario {
        cold: true,
        ..one(name, fault, expected)
    };
    vec![
        one(
            "sync of the log fails once",
            fault(sync, log, broken, Some(1)),
            AT_ONCE,
        ),
        one(
            "sync of the log fails from now on",
            fault(sync, log, broken, None),
            AT_ONCE,
        ),
        one(
            "sync of the database fails once (checkpoint)",
            fault(sync, database, broken, Some(1)),
            AFTER_THE_GROUP,
        ),
        one(
            "every sync fails",
            fault(sync, both, broken, None),
            AFTER_THE_GROUP,
        ),
        one(
            "write to the log fails once: EIO",
            fault(write, log, broken, Some(1)),
            AT_ONCE,
        ),
        one(
            "write to the log is torn, then fails: EIO",
            fault(write, log, Action::Tear(Errno::IO), Some(1)),
            AT_ONCE,
        ),
        one(
            "write to the database fails once: EIO (checkpoint)",
            fault(write, database, broken, Some(1)),
            AFTER_THE_GROUP,
        ),
        one(
            "read of the log fails: EIO (checkpoint)",
            fault(read, log, broken, None),
            AFTER_THE_CHECKPOINT,
        ),
        cold(
            "read of the database fails: EIO",
            fault(read, database, broken, None),
            AT_ONCE,
        ),
        one(
            "no room for the log: ENOSPC, then room",
            fault(write, log, full, None),
            waits,
        ),
        one(
            "writes to the log are torn: ENOSPC, then room",
            fault(write, log, torn, None),
            waits,
        ),
        one(
            "no room at all: ENOSPC, then room",
            fault(write, Files::ALL, full, None),
            waits,
        ),
        one(
            "no room for the database: ENOSPC (checkpoint), then room",
            fault(write, database, full, None),
            unharmed,
        ),
        one(
            "half of each write is done",
            fault(write, both, Action::Short, None),
            unharmed,
        ),
    ]
}

/// The log of the program fails.
fn of_the_log() -> Vec<Scenario> {
    let (stderr, full) = (Files::STDERR, Action::Fail(Errno::NOSPC));
    let scenario = |name, access_log, files, action, expected| Scenario {
        name,
        faults: vec![Fault {
            call: Call::Write,
            files,
            action,
            times: None,
        }],
        cold: false,
        access_log,
        expected,
    };
    vec![
        scenario(
            "stderr is a closed pipe: EPIPE",
            true,
            stderr,
            Action::Fail(Errno::PIPE),
            Expected::Unharmed,
        ),
        scenario(
            "stderr is a stalled pipe: a write does not return",
            true,
            stderr,
            Action::Slow(STALLED),
            Expected::Unharmed,
        ),
        scenario(
            "no room for stderr: ENOSPC",
            true,
            stderr,
            full,
            Expected::Unharmed,
        ),
        scenario(
            "no room for the store and stderr: ENOSPC, then room",
            false,
            Files::ALL_AND_STDERR,
            full,
            Expected::WaitsForRoom,
        ),
        scenario(
            "no room for the store and stderr with an access log: ENOSPC, then room",
            true,
            Files::ALL_AND_STDERR,
            full,
            Expected::WaitsForRoom,
        ),
    ]
}

/// A disk whose syncs take this much longer.
pub(crate) fn slow(by: Duration) -> Scenario {
    let microseconds = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
    Scenario {
        name: "every sync takes longer",
        faults: vec![Fault {
            call: Call::Sync,
            files: Files::DATABASE_AND_LOG,
            action: Action::Slow(microseconds),
            times: None,
        }],
        cold: false,
        access_log: false,
        expected: Expected::Unharmed,
    }
}
