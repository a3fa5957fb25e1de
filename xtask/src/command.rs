//! Running other programs, with errors that show the command line.

use std::io;
use std::process::{Command, ExitStatus, Output};

use anyhow::{Context as _, bail};

/// Runs a command that shares this program's output; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = started(command, Command::status)?;
    if !status.success() {
        bail!("`{}` ended with {status}", describe(command));
    }
    Ok(())
}

/// Runs a command and returns what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = started(command, Command::output)?;
    if !status.success() {
        bail!(
            "`{}` ended with {status}: {}",
            describe(command),
            String::from_utf8_lossy(&stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Whether a command can be started and succeeds, whatever it prints.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .output()
        .is_ok_and(|output| ExitStatus::success(&output.status))
}

/// The command line as a person would type it, without quoting.
pub(crate) fn describe(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

fn started<T>(
    command: &mut Command,
    start: impl FnOnce(&mut Command) -> io::Result<T>,
) -> anyhow::Result<T> {
    start(command).with_context(|| format!("cannot run `{}`", describe(command)))
}
