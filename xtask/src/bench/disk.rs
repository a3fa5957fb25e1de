//! What the disk itself takes to make a small write durable.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

const BLOCK: [u8; 4096] = [b'p'; 4096];

/// Times `count` writes of 4 KiB, each followed by `fdatasync`, on a file in `directory`.
///
/// The block is written over and over in place: a growing file would also pay for its metadata,
/// and the yardstick is the least that this disk can do.
pub(crate) fn synced_writes(directory: &Path, count: usize) -> anyhow::Result<Vec<Duration>> {
    let path = directory.join("synced-writes");
    let measure = || -> std::io::Result<Vec<Duration>> {
        let mut file = File::create(&path)?;
        file.write_all(&BLOCK)?;
        file.sync_all()?;
        let mut durations = Vec::with_capacity(count);
        for _ in 0..count {
            let start = Instant::now();
            file.rewind()?;
            file.write_all(&BLOCK)?;
            file.sync_data()?;
            durations.push(start.elapsed());
        }
        Ok(durations)
    };
    measure().with_context(|| format!("cannot time writes to {}", path.display()))
}
