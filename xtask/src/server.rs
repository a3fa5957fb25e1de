//! Servers as child processes: pinned to a core, and stopped on every path.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::command;

/// How long a server may take to say that it listens.
const START_LIMIT: Duration = Duration::from_secs(20);
/// How long a server may take to end by itself; the real one drains for up to 10 s.
const STOP_LIMIT: Duration = Duration::from_secs(12);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A command that runs `program` on one core and ends when this process ends.
///
/// Both wrappers replace themselves, so the child's process id is the program's own. The death
/// signal covers the one path no destructor sees: this process being killed.
pub(crate) fn pinned(core: usize, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "taskset", "--cpu-list"]);
    command.arg(core.to_string()).arg(program);
    command
}

/// An address for a server that cannot choose a port itself. Another process could take it before
/// the server does; then the server says so and the run ends with its words.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

/// A command that runs `program` on any core and is killed when the thread that starts it ends.
pub(crate) fn guarded(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// A running server; dropping it stops it and waits for its end.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

impl ServerProcess {
    /// Starts a server whose standard error goes to the file `log`.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> anyhow::Result<Self> {
        let log_file =
            File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .with_context(|| format!("cannot run `{}`", command::describe(command)))?;
        let lines = read_lines(child.stdout.take());
        Ok(Self { child, lines, log })
    }

    /// The rest of the next line of standard output that starts with `prefix`.
    pub(crate) fn announced(&self, prefix: &str) -> anyhow::Result<String> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).map_err(|reason| {
                let reason = match reason {
                    RecvTimeoutError::Timeout => "it takes too long to print",
                    RecvTimeoutError::Disconnected => "it ended without printing",
                };
                anyhow!("{reason} a line `{prefix}...`; {}", self.last_words())
            })?;
            if let Some(rest) = line.strip_prefix(prefix) {
                return Ok(rest.trim().to_owned());
            }
        }
    }

    /// Waits until `ready` says so, for servers that announce nothing.
    pub(crate) fn wait_until(&mut self, ready: impl Fn() -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while !ready() {
            let ended = self.child.try_wait()?.is_some();
            if ended || Instant::now() > deadline {
                bail!("it does not answer; {}", self.last_words());
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// The server's process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the server to end, insists when it takes too long, and returns how it ended.
    pub(crate) fn stop(mut self) -> anyhow::Result<ExitStatus> {
        self.terminate()
    }

    /// Ends the server at once, without any chance to finish something, and waits until it is gone.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// How the server ended, once it has.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// What the server has written to its standard error.
    pub(crate) fn log(&self) -> anyhow::Result<String> {
        fs::read_to_string(&self.log).with_context(|| format!("cannot read {}", self.log.display()))
    }

    fn terminate(&mut self) -> anyhow::Result<ExitStatus> {
        // A process that has ended and was waited for no longer owns its id: never signal it.
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            thread::sleep(POLL_INTERVAL);
        }
        self.child.kill()?;
        Ok(self.child.wait()?)
    }

    /// The end of its log, for errors.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(5)..];
        format!("its log ends with: {}", last.join("\n"))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if let Err(error) = self.terminate() {
            eprintln!("cannot stop process {}: {error:#}", self.child.id());
        }
    }
}

/// Reads lines until the end of the output, also when nobody asks for them any more: a server
/// must not block on, or die of, a pipe that is full or closed.
fn read_lines(stdout: Option<ChildStdout>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = stdout {
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
    }
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_server_is_gone() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("sh");
        command.args(["-c", "echo noise; echo listening on here; exec sleep 600"]);
        let server = ServerProcess::start(&mut command, folder.path().join("log"))?;
        assert_eq!(server.announced("listening on ")?, "here");

        let process = Pid::from_child(&server.child);
        assert!(rustix::process::test_kill_process(process).is_ok());
        drop(server);
        assert!(rustix::process::test_kill_process(process).is_err());
        Ok(())
    }

    #[test]
    fn a_server_that_cannot_start_is_quoted() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("sh");
        command.args(["-c", "echo the port is taken >&2; exit 2"]);
        let server = ServerProcess::start(&mut command, folder.path().join("log"))?;
        let Err(error) = server.announced("listening on ") else {
            bail!("it announced something");
        };
        assert!(error.to_string().contains("the port is taken"), "{error}");
        assert_eq!(server.stop()?.code(), Some(2));
        Ok(())
    }
}
