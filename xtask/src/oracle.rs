//! `cargo xtask oracle`: call hours compared with others over many millions of minutes.
//!
//! The tests do the same with a sample; this is the whole of it.

use std::fs;
use std::process::Command;

use anyhow::Context as _;
use clap::Args;

use crate::workspace::Workspace;
use crate::{command, setup};

/// Options of `cargo xtask oracle`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many random hours to compare with the second implementation, for three days each
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    cases: u32,
}

/// Makes the whole table with Python's zoneinfo, and compares the engine with it and with the
/// second implementation.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    setup::setup(workspace)?;
    let table = workspace.target_directory.join("call_hours_table.txt");
    println!("making the table of every zone and every change of 2020 to 2037 with zoneinfo ...");
    let mut script = Command::new(setup::conformance_python(workspace));
    script.args(["conformance/call_hours_table.py", "--all"]);
    let made = command::output(script.current_dir(&workspace.root))?;
    fs::write(&table, made).with_context(|| format!("cannot write {}", table.display()))?;
    let mut test = workspace.cargo(["test", "--release", "--package", "call-settings"]);
    test.args(["--test", "availability", "--", "--nocapture"])
        .env("PAGEBELL_CALL_HOURS_TABLE", &table)
        .env("PAGEBELL_COMPARED_CASES", options.cases.to_string());
    command::run(&mut test)
}
