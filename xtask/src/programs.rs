//! Programs that chores call: finding them, and installing missing ones on Debian.

use std::env;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::command;

/// A program that a chore calls, and the Debian packages that bring it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Arguments that must succeed for the program to be complete, where being there is not enough.
    pub(crate) check: Option<&'static [&'static str]>,
    pub(crate) packages: &'static [&'static str],
}

impl Program {
    fn is_usable(&self) -> bool {
        match (find(self.name), self.check) {
            (Err(_), _) => false,
            (Ok(_), None) => true,
            (Ok(path), Some(arguments)) => command::succeeds(Command::new(path).args(arguments)),
        }
    }
}

/// The path of a program on `PATH` or in the administrators' folders, which ordinary users of
/// Debian do not have on theirs.
pub(crate) fn find(name: &str) -> anyhow::Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let administration = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(administration)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
        .with_context(|| format!("the program {name} is not installed"))
}

/// Installs the packages of those programs that are missing.
pub(crate) fn install_missing(programs: &[Program]) -> anyhow::Result<()> {
    let missing = missing(programs);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|program| program.packages)
        .copied()
        .collect();
    let names = names(&missing);
    println!("missing: {names}; installing {}", packages.join(" "));

    let advice = || {
        format!(
            "these programs are missing: {names}; install the packages: {}",
            packages.join(" ")
        )
    };
    if find("apt-get").is_err() {
        bail!("there is no apt-get here, and {}", advice());
    }
    command::run(as_root()?.args(["apt-get", "update", "-q"])).with_context(advice)?;
    let mut install = as_root()?;
    install.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    install.args(["install", "-y", "-q", "--no-install-recommends"]);
    command::run(install.args(&packages)).with_context(advice)?;

    let still_missing = self::missing(programs);
    if !still_missing.is_empty() {
        bail!(
            "still missing after the installation: {}",
            self::names(&still_missing)
        );
    }
    Ok(())
}

/// A command that runs its arguments as root, by way of `sudo` for everybody else.
fn as_root() -> anyhow::Result<Command> {
    if rustix::process::geteuid().is_root() {
        return Ok(Command::new("env"));
    }
    let sudo = find("sudo").context("installing packages takes root or sudo")?;
    let mut command = Command::new(sudo);
    if !io::stdin().is_terminal() {
        command.arg("-n");
    }
    Ok(command)
}

fn missing(programs: &[Program]) -> Vec<Program> {
    programs
        .iter()
        .filter(|program| !program.is_usable())
        .copied()
        .collect()
}

fn names(programs: &[Program]) -> String {
    let names: Vec<&str> = programs.iter().map(|program| program.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_its_check_counts_as_missing() {
        let complete = Program {
            name: "sh",
            check: Some(&["-c", "exit 0"]),
            packages: &[],
        };
        let broken = Program {
            check: Some(&["-c", "exit 1"]),
            ..complete
        };
        let absent = Program {
            name: "a-program-nobody-has",
            ..complete
        };
        let missing = missing(&[complete, broken, absent]);
        assert_eq!(names(&missing), "sh, a-program-nobody-has");
    }
}
