//! Heads that come a byte at a time and never end.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::crowds;
use crate::hostility::dripping::{self, PAUSE};
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "slow headers",
    options: &["--header-time", "1s"],
    most_memory: 64,
    run,
};

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    dripping::all_end_in_time(target, scale, "closed", drip)
}

/// How long a connection is open whose head goes on, a few bytes a second.
async fn drip(target: Target) -> anyhow::Result<Duration> {
    let mut stream = crowds::connect(target.address).await?;
    let begun = Instant::now();
    let head = format!("GET {EDGE} HTTP/1.1\r\nX-Slow: ");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = [0; 64];
    loop {
        let read = tokio::time::timeout(PAUSE, stream.read(&mut answer));
        match read.await {
            Ok(Ok(0) | Err(_)) => return Ok(begun.elapsed()),
            // An answer comes before the end of the connection.
            Ok(Ok(_)) => {}
            Err(_elapsed) => {
                if stream.write_all(b"x").await.is_err() {
                    return Ok(begun.elapsed());
                }
            }
        }
        dripping::check_patience(begun)?;
    }
}
