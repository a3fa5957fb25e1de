//! What a decision of the call hours costs; times and allocations by divan.

use crate::command;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let mut bench = workspace.cargo(["bench", "--package", "call-settings"]);
    command::run(bench.args(["--bench", "availability"]))
}
