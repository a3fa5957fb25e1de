//! The moment at which a server is killed.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rand::Rng as _;
use rand::rngs::StdRng;

use crate::torture::running::Site;

/// How often a file is looked at while a write to it is waited for.
const LOOK: Duration = Duration::from_micros(50);
/// How long a write to a file is waited for.
const WRITE_LIMIT: Duration = Duration::from_secs(2);

/// What the server is doing when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It starts, with a log left by the server before.
    StartUp,
    /// Anything, under load.
    Load,
    /// It writes a group of updates to the log.
    Commit,
    /// It moves the log into the database.
    Checkpoint,
}

impl Stage {
    pub(crate) const ALL: [Self; 4] = [Self::StartUp, Self::Load, Self::Commit, Self::Checkpoint];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::StartUp => "while it starts",
            Self::Load => "at any moment under load",
            Self::Commit => "just after a write to the log (commit)",
            Self::Checkpoint => "just after a write to the database (checkpoint)",
        }
    }
}

/// A moment, drawn at random.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) stage: Stage,
    /// From the start of the server, or of the load.
    after: Duration,
    /// From the write that was waited for.
    then: Duration,
}

impl Moment {
    /// Draws a moment; the stages take turns.
    pub(crate) fn draw(round: u32, start_up: Duration, random: &mut StdRng) -> Self {
        let stage = Stage::ALL[round as usize % Stage::ALL.len()];
        let below = |limit: Duration, random: &mut StdRng| {
            let limit = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX).max(1);
            Duration::from_micros(random.random_range(0..limit))
        };
        let (after, then) = match stage {
            Stage::StartUp => (start_up.mul_f64(1.25), Duration::ZERO),
            Stage::Load => (Duration::from_millis(700), Duration::ZERO),
            // A group takes a few milliseconds, nearly all of it its sync; so does a checkpoint.
            Stage::Commit => (Duration::from_millis(500), Duration::from_millis(3)),
            Stage::Checkpoint => (Duration::from_millis(500), Duration::from_millis(6)),
        };
        Self {
            stage,
            after: below(after, random),
            then: below(then, random),
        }
    }

    /// Waits for it; whether it came.
    pub(crate) fn wait(&self, site: &Site) -> bool {
        thread::sleep(self.after);
        let came = match self.stage {
            Stage::StartUp | Stage::Load => true,
            Stage::Commit => written(&site.log()),
            Stage::Checkpoint => written(&site.database()),
        };
        let begun = Instant::now();
        // Sleeping is too coarse for what remains.
        while begun.elapsed() < self.then {
            std::hint::spin_loop();
        }
        came
    }
}

/// Waits until a file is written to; whether it was.
pub(crate) fn written(path: &Path) -> bool {
    let time = || -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let before = time();
    let begun = Instant::now();
    while begun.elapsed() < WRITE_LIMIT {
        if time() != before {
            return true;
        }
        thread::sleep(LOOK);
    }
    false
}
