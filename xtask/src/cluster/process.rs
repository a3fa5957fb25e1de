//! Processes of a cluster, and how to tell one of ours from a stranger with the same id.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::command;

/// What the system adds to the name of a directory that was removed.
const REMOVED: &[u8] = b" (deleted)";
const POLL: Duration = Duration::from_millis(20);

/// What identifies a process: ids are used again, but not with the same moment of birth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) id: u32,
    /// In ticks since the system started.
    born: u64,
}

/// A line of `/proc/ID/stat`, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Status {
    state: char,
    parent: u32,
    born: u64,
}

/// A process that was started here.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) name: String,
    child: Child,
    identity: Identity,
    log: PathBuf,
}

impl Identity {
    /// The process that has this id now.
    pub(crate) fn of(id: u32) -> anyhow::Result<Self> {
        let status = status(id).with_context(|| format!("there is no process {id}"))?;
        Ok(Self {
            id,
            born: status.born,
        })
    }

    /// Whether it still runs; one that ended and was not waited for does not.
    pub(crate) fn is_alive(&self) -> bool {
        status(self.id).is_some_and(|status| status.born == self.born && status.state != 'Z')
    }

    /// Sends a signal, if it still runs.
    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.id).ok().and_then(Pid::from_raw);
        match pid {
            Some(pid) if self.is_alive() => match kill_process(pid, signal) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
                Err(error) => Err(error).with_context(|| format!("process {}", self.id)),
            },
            _ => Ok(()),
        }
    }

    /// Waits until it has ended; whether it has.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        let begun = Instant::now();
        while self.is_alive() {
            if begun.elapsed() > limit {
                return false;
            }
            thread::sleep(POLL);
        }
        true
    }

    /// Asks it to end, and insists after a while.
    pub(crate) fn end(&self, patience: Duration) -> anyhow::Result<()> {
        self.signal(Signal::TERM)?;
        // One that is stopped would not hear it.
        self.signal(Signal::CONT)?;
        if !self.wait(patience) {
            self.signal(Signal::KILL)?;
            if !self.wait(patience) {
                bail!("process {} does not end", self.id);
            }
        }
        Ok(())
    }

    /// All processes of the system.
    pub(crate) fn all() -> anyhow::Result<Vec<Self>> {
        Ok(statuses()?
            .map(|(id, Status { born, .. })| Self { id, born })
            .collect())
    }

    /// The processes that it started and that still run.
    pub(crate) fn children(&self) -> anyhow::Result<Vec<Self>> {
        Ok(statuses()?
            .filter(|(_, status)| status.parent == self.id)
            .map(|(id, Status { born, .. })| Self { id, born })
            .collect())
    }

    /// Whether its working directory is this one, or was until that was removed.
    pub(crate) fn works_in(&self, folder: &Path) -> bool {
        let Ok(found) = fs::read_link(format!("/proc/{}/cwd", self.id)) else {
            return false;
        };
        let found = found.as_os_str().as_bytes();
        found.strip_suffix(REMOVED).unwrap_or(found) == folder.as_os_str().as_bytes()
    }
}

impl Process {
    /// Starts a command; what it writes is added to `log`.
    pub(crate) fn start(name: &str, command: &mut Command, log: PathBuf) -> anyhow::Result<Self> {
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot run `{}`", command::describe(command)))?;
        let identity = Identity::of(child.id())?;
        Ok(Self {
            name: name.to_owned(),
            child,
            identity,
            log,
        })
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// All that it and those before it under its name have written.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until `ready` says so.
    pub(crate) fn wait_until(
        &mut self,
        limit: Duration,
        ready: impl Fn() -> bool,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !ready() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || begun.elapsed() > limit {
                let log = self.log();
                let lines: Vec<&str> = log.lines().collect();
                let last = lines[lines.len().saturating_sub(8)..].join("\n");
                bail!(
                    "{} is not ready ({ended:?}); its log ends with:\n{last}",
                    self.name
                );
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Asks it to end, which it has to do in good order.
    pub(crate) fn end(&mut self, patience: Duration) -> anyhow::Result<()> {
        self.identity.signal(Signal::TERM)?;
        let begun = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("{} ended with {status}", self.name),
                None if begun.elapsed() > patience => bail!("{} does not end", self.name),
                None => thread::sleep(POLL),
            }
        }
    }

    /// Ends it at once, and waits until it is gone.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

/// All processes of the system that did not end while they were counted.
fn statuses() -> anyhow::Result<impl Iterator<Item = (u32, Status)>> {
    let entries = fs::read_dir("/proc")?.filter_map(Result::ok);
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(ids.filter_map(|id| Some((id, status(id)?))))
}

fn status(id: u32) -> Option<Status> {
    parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// The name of the program comes second, in brackets, and may hold anything.
fn parse(line: &str) -> Option<Status> {
    let (_, rest) = line.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    Some(Status {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        born: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_understood_whatever_the_program_is_called() {
        let line = "42 (a) S 1 (b) T 7 42 42 0 -1 4194560 1 0 0 0 2 1 0 0 20 0 1 0 998877 1 2 3";
        let expected = Status {
            state: 'T',
            parent: 7,
            born: 998_877,
        };
        assert_eq!(parse(line), Some(expected));
    }

    #[test]
    fn a_process_is_found_in_a_directory_that_was_removed_under_it() {
        let folder = tempfile::tempdir().unwrap();
        let (data, log) = (folder.path().join("data"), folder.path().join("log"));
        fs::create_dir(&data).unwrap();
        let mut sleep = Command::new("sleep");
        let mut process =
            Process::start("sleep", sleep.arg("600").current_dir(&data), log).unwrap();
        assert!(process.identity().works_in(&data));
        fs::remove_dir(&data).unwrap();
        assert!(process.identity().works_in(&data));
        assert!(!process.identity().works_in(folder.path()));
        let mut all = Identity::all().unwrap();
        all.retain(|process| process.works_in(&data));
        assert_eq!(all, [process.identity().clone()]);
        process.kill().unwrap();
    }

    #[test]
    fn a_stranger_with_the_same_id_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut sleep = Command::new("sleep");
        let log = folder.path().join("log");
        let mut process = Process::start("sleep", sleep.arg("600"), log).unwrap();
        let stranger = Identity {
            born: process.identity().born + 1,
            ..process.identity().clone()
        };
        assert!(!stranger.is_alive());
        stranger.signal(Signal::KILL).unwrap();
        assert!(process.identity().is_alive());
        process.identity().end(Duration::from_secs(5)).unwrap();
        assert!(!process.identity().is_alive());
        process.kill().unwrap();
    }
}
