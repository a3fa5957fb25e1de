//! PostgreSQL as a contender: a cluster of its own, and pgbench as its load.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use temporary_postgres::{ACCOUNT, Cluster, PACKAGE, PROGRAM_FOLDER, Setup};

use crate::bench::process;
use crate::bench::versions;
use crate::bench::work::{Figures, Load, Work};
use crate::command;
use crate::programs::Program;

/// PostgreSQL 15, which Debian keeps off the path.
pub(crate) const PROGRAMS: [Program; 1] = [Program {
    name: "/usr/lib/postgresql/15/bin/initdb",
    check: None,
    packages: &[PACKAGE],
}];

/// Connections that a busy server surely accepts in a second.
const CONNECTED_PER_SECOND: u32 = 100;
const CONTENDER: &str = "PostgreSQL 15";

/// The pool of pages holds all that is asked for; everything else is as PostgreSQL ships it.
const CONFIGURATION: &str = "
max_connections = 300
shared_buffers = 512MB
";

/// Where pgbench works.
const DATABASE: &str = "postgres";

/// Where this project's server keeps its own tables.
const SERVER_DATABASE: &str = "pagebell";

/// A thousand Pages, each with a document of about 600 bytes.
const SCHEMA: [&str; 3] = [
    "CREATE TABLE page (page_id bigint PRIMARY KEY, revision bigint NOT NULL, document text NOT NULL)",
    "INSERT INTO page SELECT page_id, 0, repeat('p', 600) FROM generate_series(1, 1000) AS page_id",
    "VACUUM ANALYZE page",
];

const UPSERT: &str = r"\set page random(1, 1000)
\set salt random(100000, 999999)
INSERT INTO page (page_id, revision, document) VALUES (:page, 1, :document::text || :salt::text)
ON CONFLICT (page_id) DO UPDATE SET revision = page.revision + 1, document = excluded.document;
";

const SELECT: &str = r"\set page random(1, 1000)
SELECT document FROM page WHERE page_id = :page;
";

/// A running cluster; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Postgres {
    cluster: Cluster,
    /// Where the scripts and logs of pgbench go.
    directory: PathBuf,
}

impl Postgres {
    /// Makes a cluster in `directory`, which its account must be able to reach, and starts it on
    /// `core`.
    pub(crate) fn start(directory: &Path, core: usize) -> anyhow::Result<Self> {
        let setup = Setup {
            core: Some(core),
            configuration: CONFIGURATION.to_owned(),
            ..Setup::default()
        };
        let cluster = Cluster::start_in(directory, setup)?;
        for statement in SCHEMA {
            cluster.query(DATABASE, statement)?;
        }
        cluster.query(DATABASE, &format!("CREATE DATABASE {SERVER_DATABASE}"))?;
        let postgres = Self {
            directory: cluster.folder().to_owned(),
            cluster,
        };
        write_scripts(&postgres.directory)?;
        Ok(postgres)
    }

    /// The store that it is for this project's server.
    pub(crate) fn store(&self) -> String {
        self.cluster.address(SERVER_DATABASE)
    }

    /// Durable updates of single rows.
    pub(crate) fn upserts(&self, connections: u32) -> Box<dyn Work> {
        self.work("upsert", "upsert.sql", connections)
    }

    /// Reads of single rows by their key.
    pub(crate) fn selects(&self, connections: u32) -> Box<dyn Work> {
        self.work("select", "select.sql", connections)
    }

    fn work(&self, name: &'static str, script: &str, connections: u32) -> Box<dyn Work> {
        Box::new(Transactions {
            name,
            script: self.directory.join(script),
            directory: self.directory.clone(),
            connections,
        })
    }

    /// Stops the cluster in good order.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.cluster.stop()?)
    }
}

/// The version of PostgreSQL.
pub(crate) fn versions() -> anyhow::Result<Vec<String>> {
    let line = versions::first_line(&program("postgres"), &["--version"])?;
    Ok(vec![line])
}

fn write_scripts(directory: &Path) -> anyhow::Result<()> {
    fs::write(directory.join("upsert.sql"), UPSERT)?;
    fs::write(directory.join("select.sql"), SELECT)?;
    Ok(())
}

fn program(name: &str) -> PathBuf {
    Path::new(PROGRAM_FOLDER).join(name)
}

/// A script of pgbench's, run again and again by each of its clients.
#[derive(Debug)]
struct Transactions {
    name: &'static str,
    script: PathBuf,
    directory: PathBuf,
    connections: u32,
}

impl Work for Transactions {
    fn name(&self) -> &str {
        self.name
    }

    fn contender(&self) -> &'static str {
        CONTENDER
    }

    fn connections(&self) -> u32 {
        self.connections
    }

    fn run(&self, load: Load) -> anyhow::Result<Figures> {
        let logs = tempfile::tempdir_in(&self.directory)?;
        let mut pgbench = process::pinned(load.cores.load, &program("pgbench"));
        // Through the socket in the file system, which is faster than loopback.
        pgbench
            .args(["--username", ACCOUNT, "--host"])
            .arg(&self.directory);
        pgbench.args(["--no-vacuum", "--protocol", "prepared", "--jobs", "1"]);
        pgbench.args(["--client", &self.connections.to_string()]);
        // Its clock runs while it connects, each client to a new process; the rate leaves that out.
        let connecting = self.connections.div_ceil(CONNECTED_PER_SECOND);
        pgbench.args(["--time", &(load.seconds + connecting).to_string()]);
        pgbench
            .arg("--define")
            .arg(format!("document={}", "d".repeat(594)));
        pgbench
            .arg("--log")
            .arg("--log-prefix")
            .arg(logs.path().join("log"));
        pgbench.arg("--file").arg(&self.script).arg(DATABASE);
        let output = command::output(&mut pgbench)?;
        let mut latencies = Vec::new();
        for entry in fs::read_dir(logs.path())? {
            latencies.extend(read_latencies(&fs::read_to_string(entry?.path())?)?);
        }
        Figures::of(latencies, rate(&output)?).context("pgbench did nothing")
    }
}

/// Transactions a second; one that failed is an error.
fn rate(output: &str) -> anyhow::Result<f64> {
    let value = |name| {
        output
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().split(' ').next())
            .with_context(|| format!("pgbench printed no line {name:?}:\n{output}"))
    };
    let failed = value("number of failed transactions:")?;
    if failed != "0" {
        bail!("{failed} transactions failed:\n{output}");
    }
    Ok(value("tps =")?.parse()?)
}

/// The latencies in pgbench's log, where they stand third in a line, in microseconds.
fn read_latencies(log: &str) -> anyhow::Result<Vec<Duration>> {
    log.lines()
        .map(|line| {
            let latency = line.split(' ').nth(2).and_then(|field| field.parse().ok());
            let latency = latency.with_context(|| format!("pgbench logged {line:?}"))?;
            Ok(Duration::from_micros(latency))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "pgbench (15.14 (Debian 15.14-0+deb12u1))
number of transactions actually processed: 9876
number of failed transactions: 0 (0.000%)
latency average = 12.958 ms
tps = 4938.915625 (without initial connection time)
";

    #[test]
    fn the_rate_is_found_unless_transactions_failed() -> anyhow::Result<()> {
        assert!((rate(OUTPUT)? - 4_938.915_625).abs() < 1e-9);
        assert!(rate(&OUTPUT.replace(": 0 (", ": 1 (")).is_err());
        assert!(rate("").is_err());
        Ok(())
    }

    #[test]
    fn latencies_are_the_third_field() -> anyhow::Result<()> {
        let log = "0 1 4370 0 1763845200 123456\n1 1 5 0 1763845200 123457\n";
        assert_eq!(read_latencies(log)?, [4370, 5].map(Duration::from_micros));
        assert!(read_latencies("0 1 skipped 0 1 1").is_err());
        Ok(())
    }
}
