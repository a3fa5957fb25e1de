//! The servers that are measured beside each other.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::bench::exchange::Answer;
use crate::bench::process::{self, ServerProcess};

/// Headers that belong to a connection or a moment, which every server writes itself.
const OWN_HEADERS: [&str; 4] = ["connection", "content-length", "date", "keep-alive"];

/// The server of this project on its own store, in the report.
const OWN: &str = "pagebell";

/// The server of this project on PostgreSQL, in the report.
pub(crate) const ON_POSTGRES: &str = "pagebell on PostgreSQL";

/// The same where it keeps copies for a second.
pub(crate) const ON_POSTGRES_WITH_COPIES: &str = "pagebell on PostgreSQL, copies for 1 s";

/// A running server.
#[derive(Debug)]
pub(crate) struct Contender {
    /// The name in the report.
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) process: ServerProcess,
}

impl Contender {
    /// Asks this project's server to end, which it has to do in good order.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        let status = self.process.stop()?;
        if !status.success() {
            bail!("{} ended with {status} when asked to stop", self.name);
        }
        Ok(())
    }
}

/// The server of this project in development mode, with what it announced.
#[derive(Debug)]
pub(crate) struct Pagebell {
    pub(crate) contender: Contender,
    /// A token for all Pages.
    pub(crate) token: String,
}

/// Starts `pagebell serve --dev` on `core` with a new store in `directory`.
pub(crate) fn pagebell(binary: &Path, directory: &Path, core: usize) -> anyhow::Result<Pagebell> {
    let store = format!("sqlite:{}", directory.join("pagebell.db").display());
    let log = directory.join("pagebell.log");
    pagebell_in_development(OWN, binary, log, core, &[&store])
}

/// Starts `pagebell serve --dev` on `core` with a store, and the options that follow it.
pub(crate) fn pagebell_in_development(
    name: &'static str,
    binary: &Path,
    log: PathBuf,
    core: usize,
    store: &[&str],
) -> anyhow::Result<Pagebell> {
    let mut command = process::pinned(core, binary);
    // The log of every request is a convenience of `--dev`; nobody serves in earnest with it.
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--dev",
        "--access-log=false",
        "--store",
    ]);
    command.args(store);
    let process = ServerProcess::start(&mut command, log)?;
    let address = announced_address(&process).context("pagebell did not start")?;
    let token = process.announced("token ")?;
    let contender = Contender {
        name,
        address,
        process,
    };
    Ok(Pagebell { contender, token })
}

/// Starts the server of this project on `core` as people serve in earnest, on a store that exists;
/// `cache` is the most memory for answers kept at hand, in MiB, where it is not the default.
pub(crate) fn pagebell_on(
    store: &Path,
    binary: &Path,
    log: PathBuf,
    core: usize,
    cache: Option<u32>,
) -> anyhow::Result<Contender> {
    let mut command = process::pinned(core, binary);
    command.args(["serve", "--listen", "127.0.0.1:0", "--store"]);
    command.arg(format!("sqlite:{}", store.display()));
    if let Some(mebibytes) = cache {
        command.args(["--cache-mebibytes", &mebibytes.to_string()]);
    }
    let process = ServerProcess::start(&mut command, log)?;
    let address = announced_address(&process).context("pagebell did not start")?;
    Ok(Contender {
        name: OWN,
        address,
        process,
    })
}

/// Starts a handler on `core` that always gives the same answer as the server of this project.
pub(crate) fn fixed_answer(
    name: &'static str,
    binary: &Path,
    directory: &Path,
    core: usize,
    answer: &Answer,
) -> anyhow::Result<Contender> {
    let body = directory.join("answer.json");
    fs::write(&body, &answer.body).with_context(|| format!("cannot write {}", body.display()))?;
    let mut command = process::pinned(core, binary);
    command.arg("--body").arg(body);
    for (name, value) in &answer.headers {
        if !OWN_HEADERS.contains(&name.as_str()) {
            command.arg("--header").arg(format!("{name}: {value}"));
        }
    }
    let log = directory.join(name).with_extension("log");
    let process = ServerProcess::start(&mut command, log)?;
    let address = announced_address(&process).with_context(|| format!("{name} did not start"))?;
    Ok(Contender {
        name,
        address,
        process,
    })
}

fn announced_address(process: &ServerProcess) -> anyhow::Result<SocketAddr> {
    let address = process.announced("listening on http://")?;
    address
        .parse()
        .with_context(|| format!("it listens on {address}, which is no address"))
}
