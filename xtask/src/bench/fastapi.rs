//! A small service by FastAPI and SQLite as a contender: what people would write themselves.

use std::net::TcpStream;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::bench::contender::Contender;
use crate::bench::lineup::{self, Lineup};
use crate::bench::process::{self, ServerProcess};
use crate::bench::versions;
use crate::programs::Program;
use crate::setup;
use crate::workspace::Workspace;

/// What the service needs.
pub(crate) const PROGRAMS: [Program; 1] = [setup::PYTHON];

const VERSIONS: &str = "import platform, sqlite3
from importlib.metadata import version
names = ['fastapi', 'uvicorn', 'pydantic']
own = [f'Python {platform.python_version()} with SQLite {sqlite3.sqlite_version}']
print(', '.join([f'{name} {version(name)}' for name in names] + own))";

/// Installs the service's packages, starts it on `core` and gives it the Page of the others.
pub(crate) fn start(
    workspace: &Workspace,
    directory: &Path,
    core: usize,
    lineup: &Lineup,
) -> anyhow::Result<Contender> {
    let service = workspace.root.join("bench/fastapi");
    setup::install_python_packages(&environment(workspace), &service.join("requirements.txt"))?;
    let address = process::free_address()?;
    let mut command = process::pinned(core, &python(workspace));
    command
        .args(["-m", "uvicorn", "service:app", "--no-access-log"])
        .args(["--host", "127.0.0.1", "--port", &address.port().to_string()])
        .current_dir(&service)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SERVICE_STORE", directory.join("fastapi.db"))
        .env("SERVICE_TOKEN", &lineup.token);
    let mut process = ServerProcess::start(&mut command, directory.join("fastapi.log"))?;
    process
        .wait_until(|| TcpStream::connect(address).is_ok())
        .context("the FastAPI service did not start")?;
    let contender = Contender {
        name: "FastAPI + SQLite",
        address,
        process,
    };
    lineup::configure(&contender, &lineup.token)?;
    lineup.check_answer(&contender)?;
    Ok(contender)
}

/// The versions of what the service is made of.
pub(crate) fn versions(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let line = versions::first_line(&python(workspace), &["-c", VERSIONS])?;
    Ok(vec![line])
}

fn python(workspace: &Workspace) -> PathBuf {
    environment(workspace).join("bin/python")
}

fn environment(workspace: &Workspace) -> PathBuf {
    workspace.target_directory.join("bench-venv")
}
