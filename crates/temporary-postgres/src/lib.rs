//! A PostgreSQL cluster of one's own, for tests and measurements.
//!
//! It is made from the programs of Debian's package `postgresql-15`, listens on a socket in its own
//! folder and, where asked, on a port of 127.0.0.1, and is stopped and removed when it is dropped.
//! PostgreSQL refuses to be root: then it runs as the account `postgres`, which the package makes.

use std::fmt::Write as _;
use std::fs::{self, File, Permissions};
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The account that the server runs as, and its user in the database.
pub const ACCOUNT: &str = "postgres";

/// Where Debian keeps the programs, off the path.
pub const PROGRAM_FOLDER: &str = "/usr/lib/postgresql/15/bin";

/// Debian's package with the programs.
pub const PACKAGE: &str = "postgresql-15";

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a cluster is to be.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Whether it also listens on a free port of 127.0.0.1.
    pub tcp: bool,
    /// The only core that it runs on; `None`: any.
    pub core: Option<usize>,
    /// Lines for `postgresql.conf`, after ours.
    pub configuration: String,
}

/// A cluster that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The programs are not installed.
    #[error("{program} is missing: apt-get install {PACKAGE}, or run `cargo xtask test` once")]
    Missing {
        /// The program.
        program: String,
    },
    /// A program failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program.
        program: String,
        /// What it printed.
        output: String,
    },
    /// A file or a process is not to be had.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        error: io::Error,
    },
}

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    server: Option<Child>,
    folder: PathBuf,
    port: u16,
    setup: Setup,
    /// Removed with the cluster.
    own_folder: Option<TempDir>,
}

impl Cluster {
    /// Makes and starts a cluster in a temporary folder.
    pub fn start(setup: Setup) -> Result<Self, ClusterError> {
        let parent = tempfile::tempdir().map_err(|error| system("no temporary folder", error))?;
        // The account has to reach what is in it.
        fs::set_permissions(parent.path(), Permissions::from_mode(0o755))
            .map_err(|error| system("the temporary folder", error))?;
        let mut cluster = Self::start_in(parent.path(), setup)?;
        cluster.own_folder = Some(parent);
        Ok(cluster)
    }

    /// Makes and starts a cluster in the folder `postgres` of this one, which the account must be
    /// able to reach; it is left behind.
    pub fn start_in(parent: &Path, setup: Setup) -> Result<Self, ClusterError> {
        let folder = parent.join("postgres");
        let in_folder = |error| system(&folder.display().to_string(), error);
        fs::create_dir(&folder).map_err(in_folder)?;
        if let Some((user, group)) = account()? {
            chown(&folder, Some(user), Some(group)).map_err(in_folder)?;
        }
        let data = folder.join("data");
        let mut initialise = unprivileged("initdb", None)?;
        initialise.arg("-D").arg(&data).current_dir(&folder);
        initialise.args(["--username", ACCOUNT, "--auth", "trust", "--no-sync"]);
        initialise.args(["--locale", "C", "--encoding", "UTF8"]);
        output(&mut initialise)?;
        let port = if setup.tcp { free_port()? } else { 5432 };
        let mut cluster = Self {
            server: None,
            folder,
            port,
            setup,
            own_folder: None,
        };
        cluster.configure()?;
        cluster.resume()?;
        Ok(cluster)
    }

    fn configure(&self) -> Result<(), ClusterError> {
        let path = self.folder.join("data/postgresql.conf");
        let in_file = |error| system(&path.display().to_string(), error);
        let mut text = fs::read_to_string(&path).map_err(in_file)?;
        let addresses = if self.setup.tcp { "127.0.0.1" } else { "" };
        let folder = self.folder.display();
        // Every commit is on disk before it is acknowledged.
        let _a_string_takes_all = write!(
            text,
            "\nlisten_addresses = '{addresses}'\nport = {}\nunix_socket_directories = '{folder}'\n\
             fsync = on\nsynchronous_commit = on\n{}\n",
            self.port, self.setup.configuration
        );
        fs::write(&path, text).map_err(in_file)
    }

    /// Starts the server of the cluster, which must not be running, and waits until it answers.
    pub fn resume(&mut self) -> Result<(), ClusterError> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))
            .map_err(|error| system("the log of PostgreSQL", error))?;
        let errors = log
            .try_clone()
            .map_err(|error| system("the log of PostgreSQL", error))?;
        let mut server = unprivileged("postgres", self.setup.core)?;
        server.arg("-D").arg(self.folder.join("data"));
        server.current_dir(&self.folder).stdout(log).stderr(errors);
        let mut child = server
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| system("PostgreSQL does not start", error))?;
        let begun = now();
        loop {
            if self.query("postgres", "SELECT 1").is_ok() {
                break;
            }
            let ended = child
                .try_wait()
                .map_err(|error| system("PostgreSQL", error))?;
            if ended.is_some() || begun.elapsed() > PATIENCE {
                let _it_may_have_ended = child.kill();
                let _it_has_ended = child.wait();
                return Err(ClusterError::Failed {
                    program: "postgres".to_owned(),
                    output: self.log(),
                });
            }
            pause();
        }
        self.server = Some(child);
        Ok(())
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The folder with the socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The port, of the socket and of 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process of the server while it runs.
    pub fn process(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// The address of a database, as a store is named: by the port where there is one, by the socket
    /// otherwise.
    pub fn address(&self, database: &str) -> String {
        if self.setup.tcp {
            return format!("postgres://{ACCOUNT}@127.0.0.1:{}/{database}", self.port);
        }
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{ACCOUNT}@{folder}:{}/{database}", self.port)
    }

    /// Writes a file into the cluster's folder that nobody but the server may read; its path.
    pub fn write_private(&self, name: &str, content: &str) -> Result<PathBuf, ClusterError> {
        let path = self.folder.join(name);
        let in_file = |error| system(&path.display().to_string(), error);
        fs::write(&path, content).map_err(in_file)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(in_file)?;
        if let Some((user, group)) = account()? {
            chown(&path, Some(user), Some(group)).map_err(in_file)?;
        }
        Ok(path)
    }

    /// Runs SQL in a database; what it returned, columns separated by `|`.
    pub fn query(&self, database: &str, sql: &str) -> Result<String, ClusterError> {
        let mut psql = Command::new(program("psql")?);
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        psql.args(["-v", "ON_ERROR_STOP=1", "--username", ACCOUNT, "--host"]);
        psql.arg(&self.folder)
            .args(["--port", &self.port.to_string()]);
        psql.args(["--command", sql, database]);
        let output = output(&mut psql)?;
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned())
    }

    /// Sends the server a signal: `INT` ends it at once but in order, `QUIT` without, `KILL` kills.
    pub fn signal(&self, signal: Signal) -> Result<(), ClusterError> {
        let Some(pid) = self.process().and_then(pid) else {
            return Ok(());
        };
        kill_process(pid, signal).map_err(|error| system("PostgreSQL", error.into()))
    }

    /// Waits until the server has ended.
    pub fn wait(&mut self) -> Result<(), ClusterError> {
        if let Some(mut server) = self.server.take() {
            server.wait().map_err(|error| system("PostgreSQL", error))?;
        }
        Ok(())
    }

    /// Ends the server in order and waits for that.
    pub fn stop(&mut self) -> Result<(), ClusterError> {
        self.signal(Signal::INT)?;
        self.wait()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _nobody_is_left_to_tell = self.stop();
        self.own_folder.take();
    }
}

fn pid(process: u32) -> Option<Pid> {
    i32::try_from(process).ok().and_then(Pid::from_raw)
}

fn system(what: &str, error: io::Error) -> ClusterError {
    ClusterError::System {
        what: what.to_owned(),
        error,
    }
}

/// A program of the package.
pub fn program(name: &str) -> Result<PathBuf, ClusterError> {
    let path = Path::new(PROGRAM_FOLDER).join(name);
    if path.exists() {
        Ok(path)
    } else {
        Err(ClusterError::Missing {
            program: path.display().to_string(),
        })
    }
}

/// A program of the package that runs as the account and ends with this process.
/// It has one core to itself where that is asked.
fn unprivileged(name: &str, core: Option<usize>) -> Result<Command, ClusterError> {
    let mut command = setpriv()?;
    // The signal last: a change of the account takes it back.
    command.args(["--pdeathsig", "INT"]);
    if let Some(core) = core {
        command.args(["taskset", "--cpu-list", &core.to_string()]);
    }
    command.arg(program(name)?);
    Ok(command)
}

/// Runs the rest of its arguments as the account, where this process is root.
pub fn setpriv() -> Result<Command, ClusterError> {
    let mut command = Command::new("setpriv");
    if account()?.is_some() {
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--init-groups"]);
    }
    Ok(command)
}

/// The user and group of the account; nothing when this process is unprivileged itself.
pub fn account() -> Result<Option<(u32, u32)>, ClusterError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let id = |flag| {
        let output = output(Command::new("id").args([flag, ACCOUNT]))?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        text.parse().map_err(|_error| ClusterError::Failed {
            program: "id".to_owned(),
            output: text,
        })
    };
    Ok(Some((id("-u")?, id("-g")?)))
}

fn output(command: &mut Command) -> Result<Output, ClusterError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| system(&name, error))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(ClusterError::Failed {
        program: name,
        output: String::from_utf8_lossy(&output.stderr)
            .trim_end()
            .to_owned(),
    })
}

/// A port that nobody listens on now.
fn free_port() -> Result<u16, ClusterError> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| system("no free port", error))
}

#[allow(clippy::disallowed_methods, reason = "a program is waited for")]
fn pause() {
    thread::sleep(Duration::from_millis(20));
}

#[allow(clippy::disallowed_methods, reason = "a program is waited for")]
fn now() -> Instant {
    Instant::now()
}
