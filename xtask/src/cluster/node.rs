//! The processes of one database node: Patroni, the PostgreSQL it started, and what that started.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use rustix::process::Signal;

use crate::cluster::process::Identity;

/// How long a process that was killed may take to be gone.
const LIMIT: Duration = Duration::from_secs(10);

/// The PostgreSQL that runs on this data directory, whoever started it.
pub(crate) fn postmaster(data: &Path) -> Option<Identity> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let found = Identity::of(text.lines().next()?.trim().parse().ok()?).ok()?;
    // The file outlives its writer, and the id may be somebody else's by now.
    (found.is_alive() && found.works_in(data)).then_some(found)
}

/// All processes of PostgreSQL, also of one whose data directory was removed while it ran.
pub(crate) fn postgres(data: &Path) -> anyhow::Result<Vec<Identity>> {
    let mut found = Identity::all()?;
    found.retain(|process| process.works_in(data));
    Ok(found)
}

/// Sends a signal to all processes of PostgreSQL.
pub(crate) fn signal_postgres(data: &Path, signal: Signal) -> anyhow::Result<()> {
    for process in postgres(data)? {
        process.signal(signal)?;
    }
    Ok(())
}

/// Kills all processes of PostgreSQL, and waits until they are gone.
pub(crate) fn end_postgres(data: &Path) -> anyhow::Result<()> {
    let processes = postgres(data)?;
    for process in &processes {
        process.signal(Signal::KILL)?;
    }
    for process in &processes {
        if !process.wait(LIMIT) {
            bail!("PostgreSQL's process {} does not end", process.id);
        }
    }
    Ok(())
}

/// Sends a signal to all processes of the node.
pub(crate) fn signal_all(patroni: &Identity, data: &Path, signal: Signal) -> anyhow::Result<()> {
    let helpers = patroni.children()?;
    patroni.signal(signal)?;
    for helper in helpers {
        helper.signal(signal)?;
    }
    signal_postgres(data, signal)
}
