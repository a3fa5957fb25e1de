//! Bodies that come a byte at a time.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::crowds;
use crate::hostility::victim::{EDGE, Target};

/// `--request-time`.
const REQUEST_TIME: Duration = Duration::from_secs(1);
/// No sooner than the limit, but clocks are read at different moments.
const SOONEST: Duration = Duration::from_millis(900);
/// How long the machine may take to answer them all.
const LEEWAY: Duration = Duration::from_secs(1);

pub(crate) const ATTACK: Attack = Attack {
    name: "slow bodies",
    options: &["--request-time", "1s"],
    most_memory: 64,
    run,
};

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let count = scale.of(200, 1_000);
    let open = crowds::at_once(count, |_number| drip(target.clone()))?;
    let (first, last) = crowds::range(&open);
    ensure!(
        first >= SOONEST && last <= REQUEST_TIME + LEEWAY,
        "answered after {first:?} to {last:?}"
    );
    Ok(format!(
        "all {count} told 408 and closed after {:.1} to {:.1} s (limit: 1 s)",
        first.as_secs_f64(),
        last.as_secs_f64()
    ))
}

/// How long it takes until a body that goes on is refused and its connection closed.
async fn drip(target: Target) -> anyhow::Result<Duration> {
    let mut stream = crowds::connect(target.address).await?;
    let begun = Instant::now();
    let head = format!("POST {EDGE} HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        let read = stream.read_buf(&mut answer);
        match tokio::time::timeout(Duration::from_millis(300), read).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(_)) => {}
            Err(_elapsed) => {
                let _may_be_closed = stream.write_all(b" ").await;
            }
        }
        ensure!(begun.elapsed() < 20 * LEEWAY, "the connection stays open");
    }
    let answer = String::from_utf8_lossy(&answer);
    ensure!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"is_transient\":true"),
        "answered with {answer:?}"
    );
    Ok(begun.elapsed())
}
