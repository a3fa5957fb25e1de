//! The processes of a cluster, written down so that another run can end exactly these.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::cluster::node;
use crate::cluster::process::Identity;

const FILE: &str = "state.json";
/// How long Patroni may take to stop its PostgreSQL.
const PATRONI_LIMIT: Duration = Duration::from_secs(30);
const POSTGRES_LIMIT: Duration = Duration::from_secs(10);
/// How long a Pagebell may take to finish its requests.
const PAGEBELL_LIMIT: Duration = Duration::from_secs(12);
/// The last member of etcd waits for others that have gone, and would for ever.
const OTHERS_LIMIT: Duration = Duration::from_secs(3);

/// Who belongs to a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) pagebell: Vec<Identity>,
    pub(crate) patroni: Vec<Identity>,
    /// The data directories of the PostgreSQL that Patroni starts.
    pub(crate) data: Vec<PathBuf>,
    pub(crate) haproxy: Vec<Identity>,
    pub(crate) etcd: Vec<Identity>,
}

impl State {
    /// Reads what was written for this folder; `None`: nothing was.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let state = serde_json::from_slice(&text);
        Ok(Some(
            state.with_context(|| format!("in {}", path.display()))?,
        ))
    }

    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(FILE);
        fs::write(&path, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Whether any of its processes still runs.
    pub(crate) fn is_alive(&self) -> bool {
        let Self {
            pagebell,
            patroni,
            data,
            haproxy,
            etcd,
        } = self;
        let mut all = [pagebell, patroni, haproxy, etcd].into_iter().flatten();
        all.any(Identity::is_alive)
            || data.iter().any(|data| {
                let postgres = node::postgres(data);
                postgres.map_or(true, |processes| !processes.is_empty())
            })
    }

    /// Ends all processes, in an order in which none misses another, and no other process.
    pub(crate) fn take_down(&self) -> anyhow::Result<()> {
        end_all(&self.pagebell, PAGEBELL_LIMIT)?;
        for data in &self.data {
            node::signal_postgres(data, Signal::CONT)?;
        }
        end_all(&self.patroni, PATRONI_LIMIT)?;
        // Those whose Patroni was killed before, or lost them.
        for data in &self.data {
            if let Some(postmaster) = node::postmaster(data) {
                postmaster.signal(Signal::INT)?;
                postmaster.wait(POSTGRES_LIMIT);
            }
            node::end_postgres(data)?;
        }
        end_all(&self.haproxy, OTHERS_LIMIT)?;
        end_all(&self.etcd, OTHERS_LIMIT)
    }
}

/// Ends processes at the same time; those that take too long are killed.
fn end_all(all: &[Identity], patience: Duration) -> anyhow::Result<()> {
    for process in all {
        process.signal(Signal::TERM)?;
        // One that is stopped would not hear it.
        process.signal(Signal::CONT)?;
    }
    for process in all {
        process.end(patience)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(State::read(folder.path()).unwrap(), None);
        let this = Identity::of(std::process::id()).unwrap();
        let state = State {
            pagebell: vec![this],
            patroni: Vec::new(),
            data: vec![folder.path().join("data")],
            haproxy: Vec::new(),
            etcd: Vec::new(),
        };
        state.write(folder.path()).unwrap();
        let read = State::read(folder.path()).unwrap().unwrap();
        assert_eq!(read, state);
        assert!(read.is_alive());
    }
}
