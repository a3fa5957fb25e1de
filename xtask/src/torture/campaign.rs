//! What the rounds of one run share: the store, the clients, and all that is known.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::command;
use crate::torture::client::Diary;
use crate::torture::ledger::Ledger;
use crate::torture::load::Crowd;
use crate::torture::register::{Outcome, Request};
use crate::torture::running::{Running, Site};
use crate::torture::violation::{Kind, Violation};
use crate::workspace::Workspace;

/// Everything of one run.
#[derive(Debug)]
pub(crate) struct Campaign {
    pub(crate) seed: u64,
    pub(crate) random: StdRng,
    pub(crate) runtime: Runtime,
    pub(crate) site: Site,
    pub(crate) crowd: Crowd,
    pub(crate) ledger: Ledger,
    folder: TempDir,
}

/// How many operations of which kind there were.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) acknowledged: u64,
    /// Writes without an answer, or with one that leaves it open.
    pub(crate) open: u64,
    /// Writes that depended on a revision which was no longer the present one.
    pub(crate) mismatched: u64,
    pub(crate) reads: u64,
    pub(crate) refused_reads: u64,
    pub(crate) refused_writes: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, diary: &Diary) {
        self.refused_reads += diary.refused_reads;
        self.refused_writes += diary.refused_writes.len() as u64;
        for record in &diary.records {
            let count = match (record.operation.request, record.operation.outcome) {
                (Request::Read, _) => &mut self.reads,
                (_, Outcome::Done { .. }) => &mut self.acknowledged,
                (_, Outcome::Mismatch { .. }) => &mut self.mismatched,
                (_, Outcome::Unknown) => &mut self.open,
            };
            *count += 1;
        }
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            acknowledged: self.acknowledged + other.acknowledged,
            open: self.open + other.open,
            mismatched: self.mismatched + other.mismatched,
            reads: self.reads + other.reads,
            refused_reads: self.refused_reads + other.refused_reads,
            refused_writes: self.refused_writes + other.refused_writes,
        }
    }
}

/// The release binary: the one named, or one that is built now.
pub(crate) fn binary(workspace: &Workspace, named: Option<&PathBuf>) -> anyhow::Result<PathBuf> {
    if let Some(path) = named {
        // A bare file name would be looked for on PATH.
        return Ok(std::env::current_dir()?.join(path));
    }
    let mut build = workspace.cargo(["build", "--release", "--package", "pagebell"]);
    command::run(&mut build)?;
    Ok(workspace.release_binary("pagebell"))
}

impl Campaign {
    /// A run with a new store in a folder of its own.
    pub(crate) fn new(
        workspace: &Workspace,
        binary: PathBuf,
        seed: u64,
        clients: usize,
        pages: u64,
    ) -> anyhow::Result<Self> {
        // Beside the build output: its disk is a real one, while a temporary folder may be memory.
        let parent = workspace.target_directory.join("torture");
        std::fs::create_dir_all(&parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        let folder = tempfile::Builder::new()
            .prefix("store-")
            .tempdir_in(&parent)?;
        // The library compares paths with what the kernel says of open files.
        let path = folder.path().canonicalize()?;
        let crowd = Crowd::new(clients, pages);
        Ok(Self {
            seed,
            random: StdRng::seed_from_u64(seed),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?,
            site: Site::new(binary, path)?,
            ledger: Ledger::new(&crowd.pages),
            crowd,
            folder,
        })
    }

    /// Starts a server, which has to be clean, and holds it against what was told before.
    pub(crate) fn restart_and_verify(
        &mut self,
        diary: &Diary,
    ) -> anyhow::Result<(Option<Running>, Vec<Violation>)> {
        let mut violations = unexpected(diary);
        let server = match self.runtime.block_on(self.site.start(None)) {
            Ok(server) => server,
            Err(error) => {
                violations.push(Violation {
                    kind: Kind::Start,
                    text: format!("{error:#}"),
                });
                return Ok((None, violations));
            }
        };
        let ledger = &mut self.ledger;
        let found = self.runtime.block_on(async {
            let mut connection = server.connect().await?;
            ledger.verify(&mut connection, &diary.records).await
        })?;
        violations.extend(found);
        violations.extend(server.complaints()?);
        Ok((Some(server), violations))
    }

    /// Reads every history once more from its end to its begin.
    pub(crate) fn verify_whole(&mut self, server: &Running) -> anyhow::Result<Vec<Violation>> {
        let ledger = &self.ledger;
        self.runtime.block_on(async {
            let mut connection = server.connect().await?;
            ledger.verify_whole(&mut connection).await
        })
    }

    /// Fails if there are violations: prints them with the seed, and keeps the store.
    pub(crate) fn refuse(self, violations: &[Violation], round: &str) -> anyhow::Result<Self> {
        if violations.is_empty() {
            return Ok(self);
        }
        for violation in violations.iter().take(10) {
            eprintln!("{violation}");
        }
        let count = violations.len();
        let seed = self.seed;
        let folder = self.folder.keep();
        bail!(
            "{count} violations in {round} with --seed {seed}; the store is kept in {}",
            folder.display()
        );
    }
}

fn unexpected(diary: &Diary) -> Vec<Violation> {
    let violation = |text: &String| Violation {
        kind: Kind::Answer,
        text: text.clone(),
    };
    diary.unexpected.iter().map(violation).collect()
}

/// The seed of a run: the one given, or any.
pub(crate) fn seed(given: Option<u64>) -> u64 {
    given.unwrap_or_else(|| rand::rng().random_range(0..1_000_000_000))
}

/// Milliseconds with one decimal.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}
