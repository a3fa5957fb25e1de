//! Connections that do nothing, as many as there may be and more.

use std::time::Duration;

use anyhow::ensure;
use tokio::net::TcpStream;

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::crowds;
use crate::hostility::victim::Target;

pub(crate) const ATTACK: Attack = Attack {
    name: "idle connections",
    // Longer than the attack, so that nothing but the want of room closes connections.
    options: &["--header-time", "60s"],
    most_memory: 256,
    run,
};

/// How many connections there are: in full, a few more than the server allows unless told otherwise.
pub(crate) const fn connections(scale: Scale) -> usize {
    scale.of(2_000, 10_200)
}

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let count = connections(scale);
    let open = crowds::on_runtime(async {
        let mut streams: Vec<TcpStream> = Vec::with_capacity(count);
        for _ in 0..count {
            streams.push(crowds::connect(target.address).await?);
        }
        tokio::time::sleep(scale.time()).await;
        let mut open = 0;
        for stream in &streams {
            let readable = tokio::time::timeout(Duration::ZERO, stream.readable());
            // Only the end of a connection can be read from it.
            if readable.await.is_err() {
                open += 1;
            }
        }
        Ok(open)
    })?;
    ensure!(open >= count * 9 / 10, "only {open} of {count} stayed open");
    Ok(format!(
        "{count} opened, {open} of them still open {} s later; others made room",
        scale.time().as_secs()
    ))
}
