//! Callers that ask for long answers and never read them.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::io::AsyncWriteExt as _;

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::Connection;
use crate::hostility::crowds;
use crate::hostility::victim::{EDGE, Target};

/// How long the server may keep an answer that nobody reads: both of its times, and some.
const LIMIT: Duration = Duration::from_secs(5);

pub(crate) const ATTACK: Attack = Attack {
    name: "slow readers",
    options: &["--header-time", "1s", "--request-time", "1s"],
    most_memory: 512,
    run,
};

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    make_history(target)?;
    let batch = long_batch();
    let request = target.request("/v26.0", Some(&batch));
    let length = Connection::open(target.address)?
        .ask(&request)?
        .success()?
        .body
        .len();
    let count = scale.of(20, 100);
    let open = crowds::at_once(count, |_number| stay(target.clone(), request.clone()))?;
    let (_first, last) = crowds::range(&open);
    Ok(format!(
        "{count} answers of {} KiB left unread: all closed within {:.1} s",
        length / 1024,
        last.as_secs_f64()
    ))
}

/// A hundred changes, so that the history is long.
pub(crate) fn make_history(target: &Target) -> anyhow::Result<()> {
    let mut connection = Connection::open(target.address)?;
    for number in 0..100 {
        let body = format!("{{\"icon_enabled\":{}}}", number % 2 == 1);
        connection
            .ask(target.request(EDGE, Some(&body)))?
            .success()?;
    }
    Ok(())
}

/// Fifty reads of the history in one request.
pub(crate) fn long_batch() -> String {
    let read = "{\"relative_url\":\"1234567890/messenger_call_settings_history?limit=100\"}";
    format!("{{\"batch\":[{}]}}", [read; 50].join(","))
}

/// How long a connection stays open on which nothing is read. Writing tells.
async fn stay(target: Target, request: String) -> anyhow::Result<Duration> {
    let mut stream = crowds::connect(target.address).await?;
    let begun = Instant::now();
    stream.write_all(request.as_bytes()).await?;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        // Half a head, and more of it.
        if stream.write_all(b"G").await.is_err() {
            return Ok(begun.elapsed());
        }
        ensure!(
            begun.elapsed() < LIMIT,
            "the server keeps what nobody reads"
        );
    }
}
