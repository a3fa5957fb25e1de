//! `cargo xtask screenshots`: pictures of each screen for `docs/pictures/screens`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

use crate::workspace::Workspace;
use crate::{command, programs, setup};

/// A server of the chore, which ends with it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

/// Builds the server, runs it on a store in memory, and takes the pictures in Chromium.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    setup::setup(workspace)?;
    command::run(&mut workspace.cargo(["build", "--release", "--package", "pagebell"]))?;
    let mut child = Command::new(workspace.release_binary("pagebell"))
        .args(["serve", "--dev", "--listen", "127.0.0.1:0"])
        .args(["--store", "sqlite::memory:", "--log-level", "error"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the server")?;
    let output = child.stdout.take();
    let _server = Server(child);
    let lines = BufReader::new(output.context("the server has no output")?).lines();
    let (mut url, mut token) = (None, None);
    for line in lines.take(3) {
        let line = line?;
        url = url.or(line.strip_prefix("listening on ").map(str::to_owned));
        token = token.or(line.strip_prefix("token ").map(str::to_owned));
    }
    let (Some(url), Some(token)) = (url, token) else {
        bail!("the server did not say where it listens");
    };
    let folder = workspace.root.join("docs/pictures/screens");
    fs::create_dir_all(&folder)?;
    let mut node = Command::new(programs::find("node")?);
    node.arg("screenshots.mjs")
        .arg(&folder)
        .current_dir(workspace.root.join("conformance/browser"))
        .env("PAGEBELL_URL", url)
        .env("PAGEBELL_TOKEN", token)
        .env("CHROMIUM", programs::find("chromium")?);
    command::run(&mut node)
}
