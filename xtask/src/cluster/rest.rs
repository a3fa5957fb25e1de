//! What Patroni says of its cluster, and what can be asked of it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::json;

use crate::bench::exchange::{self, Request};
use crate::cluster::plan::NODES;

/// How long an answer may take; a node that is stopped gives none.
const LIMIT: Duration = Duration::from_secs(1);
/// How long a switchover may take.
const SWITCHOVER_LIMIT: Duration = Duration::from_mins(1);

/// The answer to `/cluster`.
#[derive(Debug, Deserialize)]
pub(crate) struct View {
    members: Vec<Member>,
}

#[derive(Debug, Deserialize)]
struct Member {
    name: String,
    role: String,
    state: String,
}

impl View {
    /// The name of the leader, if it runs.
    pub(crate) fn leader(&self) -> Option<&str> {
        self.running("leader")
    }

    /// The name of the synchronous standby, if it runs.
    pub(crate) fn synchronous_standby(&self) -> Option<&str> {
        self.running("sync_standby")
    }

    /// Whether there is nothing left to recover: a leader, a synchronous standby where there has to be
    /// one, and every node running.
    pub(crate) fn is_healthy(&self, is_strict: bool) -> bool {
        let running = self.members.iter().filter(|member| member.is_running());
        self.leader().is_some()
            && (!is_strict || self.synchronous_standby().is_some())
            && running.count() == NODES
            && self.members.len() == NODES
    }

    /// Whether this node fetches what the leader has.
    pub(crate) fn is_being_made(&self, name: &str) -> bool {
        let mut members = self.members.iter();
        members.any(|member| member.name == name && member.state == "creating replica")
    }

    fn running(&self, role: &str) -> Option<&str> {
        let mut members = self.members.iter();
        let member = members.find(|member| member.role == role && member.is_running())?;
        Some(&member.name)
    }
}

impl Member {
    /// A replica that follows its leader is called running or, by newer versions, streaming.
    fn is_running(&self) -> bool {
        ["running", "streaming"].contains(&&*self.state)
    }
}

/// The cluster as the first node that answers sees it.
pub(crate) fn view(nodes: &[SocketAddr]) -> anyhow::Result<View> {
    for node in nodes {
        if let Ok((200, body)) = ask(*node, "/cluster", None, LIMIT) {
            return serde_json::from_slice(&body).context("Patroni answers something unexpected");
        }
    }
    bail!("no Patroni answers")
}

/// The status that an address answers; `None`: it does not.
pub(crate) fn status(address: SocketAddr, target: &str) -> Option<u16> {
    let (status, _) = ask(address, target, None, LIMIT).ok()?;
    Some(status)
}

/// Lets the leader hand over, and waits until it has.
pub(crate) fn switch_over(node: SocketAddr, leader: &str, candidate: &str) -> anyhow::Result<()> {
    let body = json!({ "leader": leader, "candidate": candidate }).to_string();
    let (status, answer) = ask(node, "/switchover", Some(&body), SWITCHOVER_LIMIT)?;
    if status != 200 {
        bail!(
            "Patroni answers {status} to a switchover: {}",
            String::from_utf8_lossy(&answer)
        );
    }
    Ok(())
}

fn ask(
    address: SocketAddr,
    target: &str,
    body: Option<&str>,
    limit: Duration,
) -> anyhow::Result<(u16, Vec<u8>)> {
    let request = Request {
        target,
        authorization: "accept: */*",
        body,
    };
    let answer = exchange::send_within(address, request, limit)?;
    Ok((answer.status, answer.body))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// As Patroni 3.0.2 answers.
    pub(crate) const HEALTHY: &str = r#"{"members": [
        {"name": "node1", "role": "sync_standby", "state": "running", "api_url": "http://127.0.0.1:1/patroni",
         "host": "127.0.0.1", "port": 15431, "timeline": 1, "lag": 0},
        {"name": "node2", "role": "leader", "state": "running", "host": "127.0.0.1", "port": 2, "timeline": 1},
        {"name": "node3", "role": "replica", "state": "running", "host": "127.0.0.1", "port": 3, "lag": 0}]}"#;

    pub(crate) fn view(text: &str) -> View {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_roles_are_found() {
        let view = view(HEALTHY);
        assert_eq!(view.leader(), Some("node2"));
        assert_eq!(view.synchronous_standby(), Some("node1"));
        assert!(view.is_healthy(true));
    }

    #[test]
    fn whoever_starts_or_is_missing_is_not_healthy() {
        for (from, to) in [
            ("\"sync_standby\"", "\"replica\""),
            (
                "\"state\": \"running\", \"host\": \"127.0.0.1\", \"port\": 3",
                "\"state\": \"starting\"",
            ),
            (
                "\"leader\", \"state\": \"running\"",
                "\"leader\", \"state\": \"stopped\"",
            ),
        ] {
            assert!(HEALTHY.contains(from), "{from}");
            assert!(!view(&HEALTHY.replace(from, to)).is_healthy(true), "{to}");
        }
        assert!(!view(r#"{"members": []}"#).is_healthy(true));
    }
}
