//! The programs that are measured, built from the workspace.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::Context as _;

use crate::command;
use crate::programs::Program;
use crate::workspace::Workspace;

/// What every set of measurements calls.
pub(crate) const PROGRAMS: [Program; 3] = [
    Program {
        name: "wrk",
        check: None,
        packages: &["wrk"],
    },
    Program {
        name: "nginx",
        check: None,
        packages: &["nginx-light"],
    },
    Program {
        name: "taskset",
        check: None,
        packages: &["util-linux"],
    },
];

/// The programs to measure.
#[derive(Debug)]
pub(crate) struct Binaries {
    pub(crate) pagebell: PathBuf,
    pub(crate) bare_hyper: PathBuf,
    pub(crate) plain_axum: PathBuf,
}

impl Binaries {
    /// Builds all of them; `pagebell` names one to measure instead of this project's release build.
    pub(crate) fn build(workspace: &Workspace, pagebell: Option<&Path>) -> anyhow::Result<Self> {
        let pagebell = if let Some(path) = pagebell {
            // A bare file name would be looked for on PATH.
            env::current_dir()?.join(path)
        } else {
            let mut build = workspace.cargo(["build", "--release", "--package", "pagebell"]);
            command::run(&mut build)?;
            workspace.release_binary("pagebell")
        };
        let mut build = workspace.cargo(["build", "--release", "--package", "xtask"]);
        command::run(build.args(["--bin", "bare-hyper", "--bin", "plain-axum"]))?;
        Ok(Self {
            pagebell,
            bare_hyper: workspace.release_binary("bare-hyper"),
            plain_axum: workspace.release_binary("plain-axum"),
        })
    }
}

/// Where the files of measurements lie: beside the build output, since its disk is a real one,
/// while a temporary folder may be memory.
pub(crate) fn folder(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let folder = workspace.target_directory.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}
