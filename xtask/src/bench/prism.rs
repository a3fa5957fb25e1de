//! Prism as a contender: the mock server that people put up from an OpenAPI document today.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::bench::contender::Contender;
use crate::bench::exchange::{Request, exchange};
use crate::bench::lineup::{Lineup, authorization};
use crate::bench::process::{self, ServerProcess};
use crate::bench::versions;
use crate::programs::{self, Program};
use crate::setup;
use crate::workspace::Workspace;

/// What Prism needs.
pub(crate) const PROGRAMS: [Program; 2] = [setup::NODE, setup::NPM];

/// Prism leaves out the path of the document's server.
pub(crate) const SETTINGS: &str = "/1234567890/messenger_call_settings";

const DOCUMENT: &str = "/reference/v26.0/openapi.json";

/// Installs Prism, and starts it on `core` with the OpenAPI document that the running server gives.
pub(crate) fn start(
    workspace: &Workspace,
    directory: &Path,
    core: usize,
    lineup: &Lineup,
) -> anyhow::Result<Contender> {
    setup::install_node_modules(&folder(workspace))?;
    let authorization = authorization(&lineup.token);
    let ask = |address, target| {
        let request = Request {
            target,
            authorization: &authorization,
            body: None,
        };
        exchange(address, request)
    };
    let path = directory.join("openapi.json");
    let document = ask(lineup.pagebell.address, DOCUMENT)?;
    fs::write(&path, document.body).with_context(|| format!("cannot write {}", path.display()))?;

    let address = process::free_address()?;
    let mut command = process::pinned(core, &programs::find("node")?);
    command.env("NODE_ENV", "production");
    command
        .arg(folder(workspace).join("node_modules/.bin/prism"))
        .arg("mock")
        .args(["--host", "127.0.0.1", "--port", &address.port().to_string()])
        .args(["--verboseLevel", "silent"])
        .arg(path);
    let mut process = ServerProcess::start(&mut command, directory.join("prism.log"))?;
    process
        .wait_until(|| TcpStream::connect(address).is_ok())
        .context("Prism did not start")?;
    let answer = ask(address, SETTINGS)?;
    let answer: Value = serde_json::from_slice(&answer.body)?;
    if !answer["data"][0]["call_hours"].is_object() {
        bail!("Prism answers without settings: {answer}");
    }
    Ok(Contender {
        name: "Prism",
        address,
        process,
    })
}

/// The versions of Prism and of what runs it.
pub(crate) fn versions(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let node = programs::find("node")?;
    let prism = folder(workspace).join("node_modules/.bin/prism");
    let prism = prism.to_string_lossy();
    Ok(vec![
        format!(
            "Prism {}",
            versions::first_line(&node, &[&prism, "--version"])?
        ),
        format!("Node {}", versions::first_line(&node, &["--version"])?),
    ])
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("bench/prism")
}
