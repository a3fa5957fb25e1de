//! The versions of all that is measured or measured with.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::programs;
use crate::workspace::Workspace;

/// The first line that a program prints when asked for its version.
pub(crate) fn first_line(program: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    // nginx names its version on standard error, and wrk fails after naming its own.
    let output = Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// The versions of what every set of measurements uses.
pub(crate) fn always(pagebell: &Path) -> anyhow::Result<Vec<String>> {
    let nginx = first_line(&programs::find("nginx")?, &["-v"])?;
    let wrk = first_line(&programs::find("wrk")?, &["-v"])?;
    let wrk = wrk.split(" Copyright").next().unwrap_or_default();
    Ok(vec![
        first_line(pagebell, &["--version"])?,
        nginx.trim_start_matches("nginx version: ").to_owned(),
        wrk.to_owned(),
    ])
}

/// The versions of crates, as the workspace has them locked.
pub(crate) fn crates(workspace: &Workspace, names: &[&str]) -> anyhow::Result<Vec<String>> {
    let path = workspace.root.join("Cargo.lock");
    let lock =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    names
        .iter()
        .map(|name| {
            let version = locked(&lock, name)
                .with_context(|| format!("there is no {name} in {}", path.display()))?;
            Ok(format!("{name} {version}"))
        })
        .collect()
}

fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("\nname = \"{name}\"\nversion = \""))?;
    rest.split_once('"').map(|(version, _)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_version_is_found_by_the_whole_name() {
        let lock = "[[package]]\nname = \"axum-core\"\nversion = \"0.5.2\"\n\n\
                    [[package]]\nname = \"axum\"\nversion = \"0.8.9\"\n";
        assert_eq!(locked(lock, "axum"), Some("0.8.9"));
        assert_eq!(locked(lock, "core"), None);
    }
}
