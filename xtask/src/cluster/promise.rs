//! What a fault inside the database must leave alone, asked for while it lasts.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::cluster::deployment::Deployment;
use crate::cluster::fault::Fault;
use crate::cluster::plan::NODES;
use crate::cluster::rest;
use crate::torture::client::edge;
use crate::torture::http::Connection;

/// A Page that the load does not touch.
const OTHER_PAGE: u64 = 1_234_567_890;
/// How often each server is asked.
const TIMES: usize = 20;
/// How long an answer may take: far longer than it does, far less than what waits for the fault.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// How long a server may take to notice that it is not ready.
const READINESS_LIMIT: Duration = Duration::from_secs(20);
/// The histories that are asked for at a time.
const HISTORIES: usize = 40;
/// The connections that a server may open to the database.
const CONNECTIONS: usize = 8;
/// Those that lines may leave behind, with the line itself.
const LINES: usize = 3;

/// What goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Updates of a Page that has nothing to do with it.
    Updates,
    /// Reads; and there are no more connections than there may be.
    Reads,
    /// Reads, while histories are asked for.
    ReadsBesideHistories,
    /// `/readyz` says that the server is not ready.
    IsNotReady,
}

impl Promise {
    /// What of it does not hold.
    pub(crate) fn look(
        self,
        cluster: &Deployment,
        runtime: &Runtime,
        keeps_copies: bool,
    ) -> anyhow::Result<Vec<String>> {
        let asked = |body: Option<&str>| {
            let mut broken = Vec::new();
            for address in cluster.plan.pagebell {
                let asking = ask(address, &cluster.token, body);
                if let Err(error) = runtime.block_on(asking) {
                    broken.push(format!("{address}: {error:#}"));
                }
            }
            broken
        };
        match self {
            Self::Updates => {
                let mut broken = Vec::new();
                for state in ["true", "false", "true"] {
                    broken.extend(asked(Some(&format!("{{\"video_enabled\":{state}}}"))));
                }
                Ok(broken)
            }
            Self::Reads => {
                // With copies, reads are refused when nothing can be committed.
                let mut broken = if keeps_copies {
                    Vec::new()
                } else {
                    asked(None)
                };
                let count = cluster.connections()?;
                let most = CONNECTIONS + if keeps_copies { LINES } else { 0 };
                if count > NODES * most {
                    broken.push(format!("{NODES} servers have {count} connections"));
                }
                Ok(broken)
            }
            Self::ReadsBesideHistories => {
                let histories: Vec<_> = (0..HISTORIES)
                    .map(|number| {
                        let address = cluster.plan.pagebell[number % NODES];
                        runtime.spawn(history(address, cluster.token.clone()))
                    })
                    .collect();
                thread::sleep(Duration::from_millis(500));
                let broken = asked(None);
                for history in histories {
                    history.abort();
                }
                Ok(broken)
            }
            Self::IsNotReady => {
                let start = Instant::now();
                let mut ready: Vec<SocketAddr> = cluster.plan.pagebell.to_vec();
                while !ready.is_empty() && start.elapsed() < READINESS_LIMIT {
                    ready.retain(|address| rest::status(*address, "/readyz") == Some(200));
                    thread::sleep(Duration::from_millis(100));
                }
                Ok(ready
                    .iter()
                    .map(|address| format!("{address} says that it is ready"))
                    .collect())
            }
        }
    }
}

impl Fault {
    /// What it must leave alone.
    pub(crate) const fn promise(self) -> Option<Promise> {
        match self {
            Self::LockedRow => Some(Promise::Updates),
            Self::NoStandby => Some(Promise::Reads),
            Self::Searches => Some(Promise::ReadsBesideHistories),
            Self::ReadOnlyUser => Some(Promise::IsNotReady),
            _ => None,
        }
    }
}

/// Asks a server for the other Page, or updates it, several times.
async fn ask(address: SocketAddr, token: &str, body: Option<&str>) -> anyhow::Result<()> {
    let mut connection = Connection::open(address, token).await?;
    let target = edge(OTHER_PAGE);
    let method = if body.is_some() { "POST" } else { "GET" };
    for _ in 0..TIMES {
        let asking = connection.ask(method, &target, None, body.unwrap_or_default());
        let answer = timeout(ANSWER_LIMIT, asking)
            .await
            .context("no answer in time")??;
        anyhow::ensure!(
            answer.status == 200,
            "{method} is answered {}: {}",
            answer.status,
            answer.text()
        );
    }
    Ok(())
}

/// Asks for histories, one after the other, until it is aborted.
async fn history(address: SocketAddr, token: String) {
    let target = format!("/v26.0/{OTHER_PAGE}/messenger_call_settings_history");
    while let Ok(mut connection) = Connection::open(address, &token).await {
        while connection.get(&target).await.is_ok() {}
    }
}
