//! The server under attack.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::server::{self as process, ServerProcess};

/// The Page that `--dev` makes, on its edge.
pub(crate) const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";

/// A running server with a store of its own.
#[derive(Debug)]
pub(crate) struct Victim {
    process: ServerProcess,
    pub(crate) target: Target,
    log: PathBuf,
}

/// What is known of a server to those who call it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Victim {
    /// Starts the server on a core.
    pub(crate) fn start(
        binary: &Path,
        directory: &Path,
        core: usize,
        options: &[&str],
    ) -> anyhow::Result<Self> {
        let store = format!("sqlite:{}", directory.join("pagebell.db").display());
        let mut command = process::pinned(core, binary);
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0"]);
        // As in earnest, where only failures are logged.
        command.args(["--access-log=false", "--store", &store]);
        command.args(options);
        let log = directory.join("pagebell.log");
        let process = ServerProcess::start(&mut command, log.clone())?;
        let address = process.announced("listening on http://")?;
        let address = address
            .parse()
            .with_context(|| format!("it listens on {address}, which is no address"))?;
        let token = process.announced("token ")?;
        Ok(Self {
            process,
            target: Target { address, token },
            log,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// How much is in its log.
    pub(crate) fn log_bytes(&self) -> anyhow::Result<u64> {
        Ok(fs::metadata(&self.log)?.len())
    }

    pub(crate) fn last_words(&self) -> String {
        self.process.last_words()
    }

    /// Stops it; an end in any other way is an error.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        let status = self.process.stop()?;
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Target {
    /// A request as text; one with a body is a POST of JSON.
    pub(crate) fn request(&self, address: &str, body: Option<&str>) -> String {
        let token = &self.token;
        let head = format!("{address} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n");
        match body {
            None => format!("GET {head}\r\n"),
            Some(body) => format!(
                "POST {head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        }
    }
}
