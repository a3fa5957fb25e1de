//! Bodies that come a byte at a time.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::crowds;
use crate::hostility::dripping::{self, PAUSE};
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "slow bodies",
    options: &["--request-time", "1s"],
    most_memory: 64,
    run,
};

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    dripping::all_end_in_time(target, scale, "told 408 and closed", drip)
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
        match tokio::time::timeout(PAUSE, read).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(_)) => {}
            Err(_elapsed) => {
                let _may_be_closed = stream.write_all(b" ").await;
            }
        }
        dripping::check_patience(begun)?;
    }
    let answer = String::from_utf8_lossy(&answer);
    ensure!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"is_transient\":true"),
        "answered with {answer:?}"
    );
    Ok(begun.elapsed())
}
