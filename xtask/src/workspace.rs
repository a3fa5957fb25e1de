//! Where the workspace and its build output are, and how to call cargo in it.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;

use crate::command;

/// The checkout that cargo finds from the working directory.
///
/// Both directories come from cargo itself, so that a target directory set by configuration or
/// environment is honoured.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// The folder cargo builds into.
    pub(crate) target_directory: PathBuf,
}

impl Workspace {
    pub(crate) fn locate() -> anyhow::Result<Self> {
        let mut metadata = cargo_command();
        metadata.args(["metadata", "--format-version", "1", "--no-deps"]);
        let json = command::output(&mut metadata)?;
        serde_json::from_str(&json).context("cargo metadata printed something unexpected")
    }

    /// A cargo command in the workspace's root.
    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut cargo = cargo_command();
        cargo.args(arguments).current_dir(&self.root);
        cargo
    }

    /// Where a release build leaves the program `name`.
    pub(crate) fn release_binary(&self, name: &str) -> PathBuf {
        self.target_directory.join("release").join(name)
    }
}

fn cargo_command() -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut cargo = Command::new(program);
    // `cargo run` describes the xtask package in the environment. Build scripts that watch these
    // variables would rebuild their crates each time checks and plain cargo calls alternate.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}
