//! Heads that come a byte at a time and never end.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::crowds;
use crate::hostility::victim::{EDGE, Target};

/// `--header-time`.
const HEADER_TIME: Duration = Duration::from_secs(1);
/// No sooner than the limit, but clocks are read at different moments.
const SOONEST: Duration = Duration::from_millis(900);
/// How long the machine may take to close them all.
const LEEWAY: Duration = Duration::from_secs(1);

pub(crate) const ATTACK: Attack = Attack {
    name: "slow headers",
    options: &["--header-time", "1s"],
    most_memory: 64,
    run,
};

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let count = scale.of(200, 1_000);
    let open = crowds::at_once(count, |_number| drip(target.clone()))?;
    let (first, last) = crowds::range(&open);
    ensure!(
        first >= SOONEST && last <= HEADER_TIME + LEEWAY,
        "closed after {first:?} to {last:?}"
    );
    Ok(format!(
        "all {count} closed after {:.1} to {:.1} s (limit: 1 s)",
        first.as_secs_f64(),
        last.as_secs_f64()
    ))
}

/// How long a connection is open whose head goes on, a few bytes a second.
async fn drip(target: Target) -> anyhow::Result<Duration> {
    let mut stream = crowds::connect(target.address).await?;
    let begun = Instant::now();
    let head = format!("GET {EDGE} HTTP/1.1\r\nX-Slow: ");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = [0; 64];
    loop {
        let read = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut answer));
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
        ensure!(begun.elapsed() < 20 * LEEWAY, "the connection stays open");
    }
}
