//! What the disk itself takes to make a small write durable.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::bench::work::{Figures, Load, Work};

const BLOCK: [u8; 4096] = [b'p'; 4096];

/// Writes of 4 KiB, each followed by `fdatasync`, on a file in a folder.
///
/// The block is written over and over in place: a growing file would also pay for its metadata,
/// and the yardstick is the least that this disk can do.
#[derive(Debug)]
pub(crate) struct SyncedWrites {
    pub(crate) directory: PathBuf,
    /// `None`: one right after the other. Otherwise each has a time at which it is due, and the core
    /// sleeps until then, as it does between requests that come at that rate.
    pub(crate) per_second: Option<u32>,
}

impl SyncedWrites {
    pub(crate) const NAME: &str = "4 KiB write + fdatasync";
    pub(crate) const NAME_PACED: &str = "4 KiB write + fdatasync, paced";
    pub(crate) const CONTENDER: &str = "the disk";
}

impl Work for SyncedWrites {
    fn name(&self) -> &str {
        if self.per_second.is_some() {
            Self::NAME_PACED
        } else {
            Self::NAME
        }
    }

    fn contender(&self) -> &'static str {
        Self::CONTENDER
    }

    fn connections(&self) -> u32 {
        1
    }

    fn run(&self, load: Load) -> anyhow::Result<Figures> {
        let path = self.directory.join("synced-writes");
        let limit = Duration::from_secs(load.seconds.into());
        let durations = synced_writes(&path, limit, self.per_second)
            .with_context(|| format!("cannot time writes to {}", path.display()))?;
        let count = u32::try_from(durations.len())?;
        let total: Duration = durations.iter().sum();
        let rate = match self.per_second {
            None => f64::from(count) / total.as_secs_f64(),
            Some(_) => f64::from(count) / limit.as_secs_f64(),
        };
        Figures::of(durations, rate).context("nothing was written")
    }
}

fn synced_writes(
    path: &Path,
    limit: Duration,
    per_second: Option<u32>,
) -> io::Result<Vec<Duration>> {
    let mut file = File::create(path)?;
    file.write_all(&BLOCK)?;
    file.sync_all()?;
    let mut durations = Vec::new();
    let begin = Instant::now();
    let mut number = 0;
    while begin.elapsed() < limit {
        if let Some(per_second) = per_second {
            number += 1;
            let due = Duration::from_secs(1) * number / per_second;
            thread::sleep(due.saturating_sub(begin.elapsed()));
        }
        let start = Instant::now();
        file.rewind()?;
        file.write_all(&BLOCK)?;
        file.sync_data()?;
        durations.push(start.elapsed());
    }
    Ok(durations)
}
