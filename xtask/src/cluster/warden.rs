//! What ends PostgreSQL when the harness is gone.
//!
//! Every other process is killed by the system when its parent ends. PostgreSQL is not a child of
//! ours, and has to outlive a Patroni that is killed. So a shell waits for the end of a pipe that only
//! the harness holds, and then kills whatever runs on the data directories, and nothing else.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::cluster::plan::{NODES, Plan};

/// A Patroni that is being killed may have started another PostgreSQL: hence again, a little later.
const SCRIPT: &str = r#"
cat >/dev/null
for again in 1 2 3; do
    for process in /proc/[0-9]*; do
        place=$(readlink "$process/cwd") || continue
        for data; do
            case $place in
                "$data" | "$data (deleted)") kill -KILL "${process#/proc/}" ;;
            esac
        done
    done 2>/dev/null
    sleep 0.5
done
"#;

/// A shell that waits for the end of the harness; dropping it waits for the end of the shell.
#[derive(Debug)]
pub(crate) struct Warden(Child);

impl Warden {
    pub(crate) fn start(plan: &Plan) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "warden"]);
        shell.args((0..NODES).map(|node| plan.data(node)));
        // Keys of the terminal are not for it.
        shell.process_group(0).stdin(Stdio::piped());
        Ok(Self(shell.spawn().context("cannot run sh")?))
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _nobody_is_left_to_tell = self.0.wait();
    }
}
