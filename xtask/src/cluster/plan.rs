//! What a cluster consists of: folders, addresses and passwords, chosen before anything starts.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rand::Rng as _;

/// How many nodes of each kind there are.
pub(crate) const NODES: usize = 3;
/// The database of Pagebell, and its user.
pub(crate) const DATABASE: &str = "pagebell";

/// The lowest port that is chosen.
const LOWEST_PORT: u16 = 10_000;
/// How many ports are tried.
const MOST_TRIES: usize = 1_000;

/// When a write is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replication {
    /// When two nodes have it, always.
    Strict,
    /// When the leader has it; and clients reach a leader that nobody else reaches. To see that what
    /// is lost by that is found.
    Loose,
}

/// The choices of one cluster.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) folder: PathBuf,
    /// Where the members of etcd hear their clients.
    pub(crate) etcd_clients: [SocketAddr; NODES],
    /// Where they hear each other.
    pub(crate) etcd_peers: [SocketAddr; NODES],
    pub(crate) postgres: [SocketAddr; NODES],
    /// Patroni's REST.
    pub(crate) patroni: [SocketAddr; NODES],
    /// The ways to PostgreSQL, to Patroni, and from each node to each member of etcd: straight, unless
    /// there are links between.
    pub(crate) to_postgres: [SocketAddr; NODES],
    pub(crate) to_patroni: [SocketAddr; NODES],
    pub(crate) to_etcd: [[SocketAddr; NODES]; NODES],
    /// The way to whichever PostgreSQL leads.
    pub(crate) leader: SocketAddr,
    pub(crate) pagebell: [SocketAddr; NODES],
    /// The way to any Pagebell that is ready.
    pub(crate) front: SocketAddr,
    pub(crate) replication: Replication,
    /// How long Pagebells keep copies; `None`: they keep none.
    pub(crate) cache_bound: Option<Duration>,
    /// Of every user of the database.
    pub(crate) password: String,
}

impl Plan {
    /// Chooses free ports of 127.0.0.1, none of which the system gives to connections: whoever is
    /// started again finds its port as it left it.
    pub(crate) fn choose(folder: &Path, replication: Replication) -> anyhow::Result<Self> {
        let mut addresses: Vec<SocketAddr> = Vec::new();
        let ports = LOWEST_PORT..lowest_given_port()?;
        for _ in 0..MOST_TRIES {
            if addresses.len() == NODES * 5 + 2 {
                break;
            }
            let port = rand::rng().random_range(ports.clone());
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if !addresses.contains(&address) && TcpListener::bind(address).is_ok() {
                addresses.push(address);
            }
        }
        let password = format!("{:032x}", rand::rng().random::<u128>());
        Self::new(folder, &addresses, replication, password)
    }

    pub(crate) fn new(
        folder: &Path,
        addresses: &[SocketAddr],
        replication: Replication,
        password: String,
    ) -> anyhow::Result<Self> {
        let (kinds, rest) = addresses.as_chunks::<NODES>();
        let ([etcd_clients, etcd_peers, postgres, patroni, pagebell], [leader, front]) =
            (kinds, rest)
        else {
            bail!("a cluster has {} addresses", NODES * 5 + 2);
        };
        Ok(Self {
            folder: folder.to_owned(),
            etcd_clients: *etcd_clients,
            etcd_peers: *etcd_peers,
            postgres: *postgres,
            patroni: *patroni,
            to_postgres: *postgres,
            to_patroni: *patroni,
            to_etcd: [*etcd_clients; NODES],
            leader: *leader,
            pagebell: *pagebell,
            front: *front,
            replication,
            cache_bound: None,
            password,
        })
    }

    /// The folder of one database node.
    pub(crate) fn node_folder(&self, node: usize) -> PathBuf {
        self.folder.join(node_name(node))
    }

    /// The data directory of one PostgreSQL.
    pub(crate) fn data(&self, node: usize) -> PathBuf {
        self.node_folder(node).join("data")
    }

    /// The data directory of one member of etcd.
    pub(crate) fn etcd_data(&self, member: usize) -> PathBuf {
        self.folder.join(etcd_name(member))
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// The store, as `pagebell serve` takes it.
    pub(crate) fn store(&self) -> String {
        format!(
            "postgres://{DATABASE}:{}@{}/{DATABASE}",
            self.password, self.leader
        )
    }

    /// All that clients may ask.
    pub(crate) fn entrances(&self) -> Vec<SocketAddr> {
        self.pagebell.iter().copied().chain([self.front]).collect()
    }
}

/// The lowest port that the system gives to a connection.
fn lowest_given_port() -> anyhow::Result<u16> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")?;
    let lowest = range.split_whitespace().next().unwrap_or_default();
    let lowest: u16 = lowest.parse().context("the range of ports is unreadable")?;
    if lowest <= LOWEST_PORT {
        bail!("the system gives every port above {lowest} to connections; none is left to choose");
    }
    Ok(lowest)
}

pub(crate) fn etcd_name(member: usize) -> String {
    format!("etcd{}", member + 1)
}

pub(crate) fn node_name(node: usize) -> String {
    format!("node{}", node + 1)
}

pub(crate) fn pagebell_name(node: usize) -> String {
    format!("pagebell{}", node + 1)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A plan whose ports are 10001 and so on.
    pub(crate) fn example() -> Plan {
        let addresses: Vec<SocketAddr> = (10_001..=10_017)
            .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .collect();
        let password = "secret".to_owned();
        Plan::new(
            Path::new("/folder"),
            &addresses,
            Replication::Strict,
            password,
        )
        .unwrap()
    }

    #[test]
    fn every_address_is_another_one() {
        let plan = Plan::choose(Path::new("/folder"), Replication::Strict).unwrap();
        let mut all = plan.entrances();
        all.extend(plan.etcd_clients);
        all.extend(plan.etcd_peers);
        all.extend(plan.postgres);
        all.extend(plan.patroni);
        all.push(plan.leader);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), NODES * 5 + 2);
    }
}
