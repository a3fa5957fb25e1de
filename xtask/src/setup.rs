//! What the conformance suite needs: programs, a Python environment and Node modules.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::bench::postgres;
use crate::command;
use crate::programs::{self, Program};
use crate::workspace::Workspace;

/// The interpreter, with what it takes to make environments.
pub(crate) const PYTHON: Program = Program {
    name: "python3",
    // Debian ships `venv` without `ensurepip`, and then no environment can be made.
    check: Some(&["-c", "import ensurepip, venv"]),
    packages: &["python3", "python3-venv"],
};

/// What runs JavaScript.
pub(crate) const NODE: Program = Program {
    name: "node",
    check: None,
    packages: &["nodejs"],
};

/// What installs Node modules.
pub(crate) const NPM: Program = Program {
    name: "npm",
    check: None,
    packages: &["npm"],
};

/// What runs PHP, with its extension for HTTP: 15 MB installed.
const PHP: Program = Program {
    name: "php",
    check: Some(&["-r", "exit(extension_loaded('curl') ? 0 : 1);"]),
    packages: &["php-cli", "php-curl"],
};

/// What runs Ruby: 28 MB installed.
const RUBY: Program = Program {
    name: "ruby",
    check: Some(&["-e", "require 'json'; require 'net/http'"]),
    packages: &["ruby"],
};

const PROGRAMS: &[Program] = &[
    PYTHON,
    NODE,
    NPM,
    PHP,
    RUBY,
    Program {
        name: "chromium",
        check: None,
        packages: &["chromium"],
    },
    postgres::PROGRAMS[0],
    Program {
        name: "valgrind",
        check: None,
        packages: &["valgrind"],
    },
    Program {
        name: "curl",
        check: None,
        packages: &["curl"],
    },
    Program {
        name: "openssl",
        check: None,
        packages: &["openssl"],
    },
];

/// Installs everything; what is up to date already is left alone.
pub(crate) fn setup(workspace: &Workspace) -> anyhow::Result<()> {
    programs::install_missing(PROGRAMS)?;
    let conformance = workspace.root.join("conformance");
    install_python_packages(
        &conformance_environment(workspace),
        &conformance.join("requirements.txt"),
    )?;
    install_node_modules(&conformance)
}

/// The interpreter of the conformance suite's own environment.
pub(crate) fn conformance_python(workspace: &Workspace) -> PathBuf {
    conformance_environment(workspace).join("bin/python")
}

fn conformance_environment(workspace: &Workspace) -> PathBuf {
    workspace.target_directory.join("conformance-venv")
}

/// Makes the Python environment that has the listed packages.
pub(crate) fn install_python_packages(
    environment: &Path,
    requirements: &Path,
) -> anyhow::Result<()> {
    let python = environment.join("bin/python");
    let stamp = Stamp::new(requirements, environment.join("requirements.sha256"))?;

    // An environment does not survive the upgrade of the interpreter it was made from.
    let runs = command::succeeds(Command::new(&python).args(["-c", ""]));
    if runs && stamp.is_current()? {
        println!("Python packages: up to date");
        return Ok(());
    }
    if !runs {
        let mut create = Command::new("python3");
        create.args(["-m", "venv", "--clear"]).arg(environment);
        command::run(&mut create)?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet"]);
    install.args(["--disable-pip-version-check", "-r"]);
    command::run(install.arg(requirements))?;
    stamp.write()
}

/// Installs the Node modules that the `package-lock.json` of a folder lists.
pub(crate) fn install_node_modules(folder: &Path) -> anyhow::Result<()> {
    let stamp = Stamp::new(
        &folder.join("package-lock.json"),
        folder.join("node_modules/.package-lock.sha256"),
    )?;
    if stamp.is_current()? {
        println!("Node modules: up to date");
        return Ok(());
    }
    command::run(Command::new("npm").arg("ci").current_dir(folder))?;
    stamp.write()
}

/// Remembers which content of a list of packages was installed last.
///
/// The stamp lies inside the folder it vouches for, so that removing the folder removes it.
#[derive(Debug)]
struct Stamp {
    path: PathBuf,
    digest: String,
}

impl Stamp {
    fn new(list: &Path, path: PathBuf) -> anyhow::Result<Self> {
        let content = fs::read(list).with_context(|| format!("cannot read {}", list.display()))?;
        let mut digest = String::new();
        for byte in Sha256::digest(&content) {
            write!(digest, "{byte:02x}")?;
        }
        Ok(Self { path, digest })
    }

    fn is_current(&self) -> anyhow::Result<bool> {
        match fs::read_to_string(&self.path) {
            Ok(installed) => Ok(installed == self.digest),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => {
                Err(error).with_context(|| format!("cannot read {}", self.path.display()))
            }
        }
    }

    fn write(&self) -> anyhow::Result<()> {
        fs::write(&self.path, &self.digest)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_current_until_the_list_changes() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let list = folder.path().join("requirements.txt");
        let path = folder.path().join("stamp");
        fs::write(&list, "pytest==1")?;

        let stamp = Stamp::new(&list, path.clone())?;
        assert!(!stamp.is_current()?);
        stamp.write()?;
        assert!(Stamp::new(&list, path.clone())?.is_current()?);

        fs::write(&list, "pytest==2")?;
        assert!(!Stamp::new(&list, path)?.is_current()?);
        Ok(())
    }
}
