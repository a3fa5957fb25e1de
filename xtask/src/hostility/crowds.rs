//! Many connections at a time, and more of them than there may be.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::net::TcpStream;

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::victim::Target;

/// How long a crowd may take to connect.
const PATIENCE: Duration = Duration::from_secs(10);
/// `--max-connections`.
const MOST_CONNECTIONS: usize = 200;
/// Connections of the crowd in a second.
const A_SECOND: u32 = 1_000;

/// Connections that come all the time, each staying until it is closed.
pub(crate) const ATTACK: Attack = Attack {
    name: "more connections than allowed",
    options: &["--max-connections", "200"],
    most_memory: 64,
    run,
};

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let closed = Arc::new(AtomicUsize::new(0));
    let (address, time) = (target.address, scale.time());
    let opened = on_runtime(async {
        let begun = Instant::now();
        let mut opened = 0_u32;
        let mut pace = tokio::time::interval(Duration::from_millis(10));
        while begun.elapsed() < time {
            pace.tick().await;
            for _ in 0..A_SECOND / 100 {
                opened += 1;
                let closed = Arc::clone(&closed);
                tokio::spawn(async move {
                    if let Ok(stream) = connect(address).await {
                        let _either_way = stream.readable().await;
                    }
                    closed.fetch_add(1, Ordering::Relaxed);
                });
            }
        }
        anyhow::Ok(opened)
    })?;
    let closed = closed.load(Ordering::Relaxed);
    let kept = usize::try_from(opened)? - closed;
    ensure!(
        closed > 0 && kept <= 2 * MOST_CONNECTIONS + 1_000,
        "{kept} of {opened} are still open"
    );
    Ok(format!(
        "{opened} came and stayed, {MOST_CONNECTIONS} may be open: {closed} made room"
    ))
}

/// Runs a future to its end, on this thread.
pub(crate) fn on_runtime<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(future)
}

/// Runs the same many times at once, and returns what came of each.
pub(crate) fn at_once<T, F>(count: usize, one: impl Fn(usize) -> F) -> anyhow::Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = anyhow::Result<T>> + Send + 'static,
{
    on_runtime(async {
        let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(one(number))).collect();
        let mut results = Vec::with_capacity(count);
        for task in tasks {
            results.push(task.await.context("a task of the attack panicked")??);
        }
        Ok(results)
    })
}

/// A connection without delays.
pub(crate) async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The shortest and the longest of some times.
pub(crate) fn range(times: &[Duration]) -> (Duration, Duration) {
    let shortest = times.iter().min().copied().unwrap_or_default();
    let longest = times.iter().max().copied().unwrap_or_default();
    (shortest, longest)
}
