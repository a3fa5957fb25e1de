//! What is done to a cluster, and undone.

use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rustix::process::Signal;

use crate::cluster::configuration::LEASE;
use crate::cluster::deployment::{Deployment, OpenTransaction};
use crate::cluster::node;
use crate::cluster::plan::{NODES, node_name};
use crate::cluster::rest;

/// How long HAProxy takes to find out who leads.
const PROXY_LEARNS_WITHIN: Duration = Duration::from_secs(3);

/// A Page that the load updates.
const LOCK_A_PAGE: &str = "BEGIN; UPDATE page SET name = name WHERE page_id = (
    SELECT page_id FROM page WHERE page_id > 7000000000 AND revision > 0 LIMIT 1
);";
const LOCK_HISTORY: &str = "BEGIN; LOCK TABLE history IN ACCESS EXCLUSIVE MODE;";

const REVOKE: &str = "REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public FROM pagebell";
const GRANT: &str = "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO pagebell";

/// Something that goes wrong, or is done on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fault {
    /// One Pagebell is killed
    Pagebell,
    /// Each Pagebell is replaced, one after the other, under clients that come through HAProxy
    Upgrade,
    /// The leader hands over
    Switchover,
    /// All processes of the leader's node are killed
    Leader,
    /// The leader's PostgreSQL is killed, its Patroni goes on
    Postgres,
    /// The leader's Patroni is killed, its PostgreSQL goes on
    Patroni,
    /// All processes of the synchronous standby's node are killed
    Standby,
    /// One of three members of etcd is killed
    EtcdMember,
    /// Two of three members of etcd are killed
    EtcdMajority,
    /// All processes of the leader's node are stopped, and go on when another one leads
    Pause,
    /// The leader's node is cut off until another one leads
    LeaderLink,
    /// All processes of the synchronous standby's node are stopped, and go on when writes do
    StandbyPause,
    /// HAProxy is killed, and takes every standby for the leader when it starts again
    Proxy,
    /// Another program locks the row of one of the Pages
    LockedRow,
    /// All processes of both standbys' nodes are killed, so that no update is confirmed
    NoStandby,
    /// Another program locks the history, while histories are asked for
    Searches,
    /// The servers' user may only read
    ReadOnlyUser,
}

/// What has to be undone.
#[derive(Debug, Default)]
pub(crate) struct Wound {
    pagebell: Option<usize>,
    patroni: Vec<usize>,
    etcd: Vec<usize>,
    stopped: Option<usize>,
    cut_off: Option<usize>,
    /// Those that lag, while there is no HAProxy.
    held_back: Vec<usize>,
    /// A transaction that ends with its program.
    transaction: Option<OpenTransaction>,
    /// What gives the servers' user its rights back.
    rights: Option<&'static str>,
}

impl Fault {
    /// Those of a short run.
    pub(crate) const SHORT: [Self; 6] = [
        Self::Pagebell,
        Self::LockedRow,
        Self::Upgrade,
        Self::Switchover,
        Self::Leader,
        Self::Pause,
    ];

    /// How the tables call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Pagebell => "one Pagebell killed",
            Self::Upgrade => "all Pagebells replaced, one after the other",
            Self::Switchover => "planned switchover",
            Self::Leader => "leader's node killed",
            Self::Postgres => "leader's PostgreSQL killed, Patroni goes on",
            Self::Patroni => "leader's Patroni killed, PostgreSQL goes on",
            Self::Standby => "synchronous standby's node killed",
            Self::EtcdMember => "one of three etcd killed",
            Self::EtcdMajority => "two of three etcd killed, started again after 15 s",
            Self::Pause => "leader's node stopped, goes on when another leads",
            Self::LeaderLink => "leader's node cut off until another leads",
            Self::Proxy => "HAProxy killed, started again after 2 s, standbys lag",
            Self::LockedRow => "the row of a Page locked for 10 s",
            Self::NoStandby => "both standbys' nodes killed for 60 s",
            Self::Searches => "history locked for 10 s, while it is asked for",
            Self::ReadOnlyUser => "servers' user may only read",
            Self::StandbyPause => "synchronous standby's node stopped until writes go on",
        }
    }

    /// How long the load goes on at least: until the fault must have shown.
    pub(crate) const fn shows_within(self) -> Duration {
        match self {
            Self::Upgrade | Self::ReadOnlyUser => Duration::ZERO,
            Self::LockedRow | Self::Searches => Duration::from_secs(10),
            Self::NoStandby => Duration::from_mins(1),
            Self::Proxy => Duration::from_secs(2),
            Self::Pagebell | Self::EtcdMember | Self::Switchover | Self::Standby => {
                Duration::from_secs(5)
            }
            Self::Leader
            | Self::Postgres
            | Self::Patroni
            | Self::EtcdMajority
            | Self::Pause
            | Self::LeaderLink
            | Self::StandbyPause => LEASE.saturating_add(Duration::from_secs(5)),
        }
    }

    /// Whether clients come through HAProxy, and may not notice anything.
    pub(crate) const fn is_hidden(self) -> bool {
        matches!(self, Self::Upgrade)
    }

    /// Whether writes can go on before the fault is undone.
    pub(crate) const fn is_survived(self) -> bool {
        !matches!(
            self,
            Self::EtcdMajority
                | Self::Proxy
                | Self::LockedRow
                | Self::NoStandby
                | Self::Searches
                | Self::ReadOnlyUser
        )
    }

    /// Does it.
    pub(crate) fn strike(
        self,
        cluster: &mut Deployment,
        random: &mut StdRng,
    ) -> anyhow::Result<Wound> {
        let mut wound = Wound::default();
        let view = cluster.view()?;
        let leader = place(view.leader())?;
        let standby = || place(view.synchronous_standby());
        match self {
            Self::Pagebell => {
                let node = random.random_range(0..NODES);
                cluster.kill_pagebell(node)?;
                wound.pagebell = Some(node);
            }
            Self::Upgrade => {
                for node in 0..NODES {
                    cluster.replace_pagebell(node)?;
                    thread::sleep(PROXY_LEARNS_WITHIN);
                }
            }
            Self::Switchover => rest::switch_over(
                cluster.plan.patroni[leader],
                &node_name(leader),
                &node_name(standby()?),
            )?,
            Self::Leader | Self::Standby => {
                let node = if self == Self::Leader {
                    leader
                } else {
                    standby()?
                };
                let data = cluster.plan.data(node);
                node::signal_all(cluster.patroni(node), &data, Signal::KILL)?;
                wound.patroni.push(node);
            }
            Self::NoStandby => {
                for node in (0..NODES).filter(|node| *node != leader) {
                    let data = cluster.plan.data(node);
                    node::signal_all(cluster.patroni(node), &data, Signal::KILL)?;
                    wound.patroni.push(node);
                }
            }
            Self::LockedRow => {
                wound.transaction = Some(cluster.open_transaction(LOCK_A_PAGE)?);
            }
            Self::Searches => {
                wound.transaction = Some(cluster.open_transaction(LOCK_HISTORY)?);
            }
            Self::ReadOnlyUser => {
                cluster.in_database(REVOKE)?;
                wound.rights = Some(GRANT);
            }
            Self::Postgres => {
                let postmaster = node::postmaster(&cluster.plan.data(leader));
                postmaster
                    .context("the leader has no PostgreSQL")?
                    .signal(Signal::KILL)?;
            }
            Self::Patroni => {
                cluster.kill_patroni(leader)?;
                wound.patroni.push(leader);
            }
            Self::EtcdMember | Self::EtcdMajority => {
                let mut members: Vec<usize> = (0..NODES).collect();
                members.shuffle(random);
                members.truncate(if self == Self::EtcdMember { 1 } else { 2 });
                for member in &members {
                    cluster.kill_etcd(*member)?;
                }
                wound.etcd = members;
            }
            Self::Pause | Self::StandbyPause => {
                let node = if self == Self::Pause {
                    leader
                } else {
                    standby()?
                };
                let data = cluster.plan.data(node);
                node::signal_all(cluster.patroni(node), &data, Signal::STOP)?;
                wound.stopped = Some(node);
            }
            Self::Proxy => {
                // What a standby that is asked by mistake shows is then seen to be old.
                wound.held_back = (0..NODES).filter(|node| *node != leader).collect();
                for node in &wound.held_back {
                    cluster.hold_back(*node, true)?;
                }
                cluster.kill_haproxy()?;
            }
            Self::LeaderLink => {
                cluster.links()?.cut(leader);
                wound.cut_off = Some(leader);
            }
        }
        Ok(wound)
    }
}

impl Wound {
    /// Undoes it: what was killed starts again, what was stopped goes on.
    pub(crate) fn heal(self, cluster: &mut Deployment) -> anyhow::Result<()> {
        for member in self.etcd {
            cluster.restart_etcd(member)?;
        }
        drop(self.transaction);
        if let Some(rights) = self.rights {
            cluster.in_database(rights)?;
        }
        for node in self.patroni {
            cluster.restart_patroni(node)?;
        }
        if let Some(node) = self.pagebell {
            cluster.restart_pagebell(node)?;
        }
        if !self.held_back.is_empty() {
            cluster.restart_haproxy()?;
            thread::sleep(PROXY_LEARNS_WITHIN);
        }
        for node in self.held_back {
            cluster.hold_back(node, false)?;
        }
        if let Some(node) = self.cut_off {
            cluster.links()?.mend(node);
        }
        if let Some(node) = self.stopped {
            let data = cluster.plan.data(node);
            node::signal_all(cluster.patroni(node), &data, Signal::CONT)?;
        }
        Ok(())
    }
}

/// The place of the node with this name.
fn place(name: Option<&str>) -> anyhow::Result<usize> {
    let name = name.context("the cluster has no leader or no synchronous standby")?;
    (0..NODES)
        .find(|node| node_name(*node) == name)
        .with_context(|| format!("there is no node {name}"))
}
