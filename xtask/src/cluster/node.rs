//! The processes of one database node: Patroni, the PostgreSQL it started, and what that started.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::cluster::process::Identity;

/// The PostgreSQL that runs on this data directory, whoever started it.
pub(crate) fn postmaster(data: &Path) -> Option<Identity> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let found = Identity::of(text.lines().next()?.trim().parse().ok()?).ok()?;
    // The file outlives its writer, and the id may be somebody else's by now.
    (found.is_alive() && found.works_in(data)).then_some(found)
}

/// Sends a signal to all processes of PostgreSQL.
pub(crate) fn signal_postgres(data: &Path, signal: Signal) -> anyhow::Result<()> {
    let Some(postmaster) = postmaster(data) else {
        return Ok(());
    };
    let children = postmaster.children()?;
    postmaster.signal(signal)?;
    for child in children {
        child.signal(signal)?;
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
