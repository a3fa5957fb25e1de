//! The server under attack: started on the one store of the run, and how long that takes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::command;
use crate::server::{self, ServerProcess};
use crate::torture::faults::Faults;
use crate::torture::http::Connection;
use crate::torture::violation::{Kind, Violation};

/// How long a server may take until it is ready.
const READY_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(1);

/// The store of a run, and the program that serves it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) binary: PathBuf,
    pub(crate) folder: PathBuf,
    /// Whether the program has the command `check`.
    can_check: bool,
    /// How many servers were started: the number of the next log.
    starts: u32,
    /// Whether servers log each request: a convenience of `--dev` that nobody reads here.
    pub(crate) access_log: bool,
}

/// A server that is ready.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: ServerProcess,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    /// From the start of the process to the first 200 of `/readyz`.
    pub(crate) ready_after: Duration,
}

impl Site {
    pub(crate) fn new(binary: PathBuf, folder: PathBuf) -> anyhow::Result<Self> {
        let help = command::output(Command::new(&binary).arg("--help"))?;
        let can_check = help
            .lines()
            .any(|line| line.trim_start().starts_with("check "));
        Ok(Self {
            binary,
            folder,
            can_check,
            starts: 0,
            access_log: false,
        })
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("store.db")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("store.db-wal")
    }

    /// Starts a server and does not wait for it.
    pub(crate) fn spawn(&mut self, faults: Option<&Faults>) -> anyhow::Result<ServerProcess> {
        let mut command = server::guarded(&self.binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--dev"]);
        command.arg(format!("--access-log={}", self.access_log));
        command.arg("--store").arg(location(&self.database()));
        if let Some(faults) = faults {
            faults.preload(&mut command, &self.database());
        }
        self.starts += 1;
        let log = self.folder.join(format!("server-{}.log", self.starts));
        ServerProcess::start(&mut command, log)
    }

    /// Starts a server and waits until it is ready.
    pub(crate) async fn start(&mut self, faults: Option<&Faults>) -> anyhow::Result<Running> {
        let begun = Instant::now();
        let process = self.spawn(faults)?;
        let address = process.announced("listening on http://")?;
        let address: SocketAddr = address.parse().context("it listens on no address")?;
        let token = process.announced("token ")?;
        let mut connection = Connection::open(address, &token).await?;
        while connection.get("/readyz").await?.status != 200 {
            if begun.elapsed() > READY_LIMIT {
                bail!("it is not ready after {} s", READY_LIMIT.as_secs());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(Running {
            process,
            address,
            token,
            ready_after: begun.elapsed(),
        })
    }

    /// Lets the program check the store, where it has a command for that.
    pub(crate) fn check(&self) -> Option<Violation> {
        if !self.can_check {
            return None;
        }
        let mut check = Command::new(&self.binary);
        check
            .args(["check", "--store"])
            .arg(location(&self.database()));
        let error = command::output(&mut check).err()?;
        Some(Violation {
            kind: Kind::Check,
            text: format!("{error:#}"),
        })
    }

    pub(crate) const fn can_check(&self) -> bool {
        self.can_check
    }
}

impl Running {
    /// What the server complained of since its start.
    pub(crate) fn complaints(&self) -> anyhow::Result<Vec<Violation>> {
        let log = self.process.log()?;
        let is_complaint = |line: &&str| {
            [" WARN ", " ERROR ", "panicked", "pagebell: "]
                .iter()
                .any(|sign| line.contains(sign))
        };
        let complaint = |line: &str| Violation {
            kind: Kind::Start,
            text: format!("the restarted server writes: {line}"),
        };
        Ok(log.lines().filter(is_complaint).map(complaint).collect())
    }

    pub(crate) async fn connect(&self) -> anyhow::Result<Connection> {
        Connection::open(self.address, &self.token).await
    }
}

/// Waits until a process ends by itself.
pub(crate) fn wait_for_end(
    process: &mut ServerProcess,
    limit: Duration,
) -> anyhow::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = process.ended()? {
            return Ok(Some(status));
        }
        if begun.elapsed() > limit {
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

fn location(database: &Path) -> String {
    format!("sqlite:{}", database.display())
}
