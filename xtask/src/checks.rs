//! `cargo xtask test`: every check of the project, step by step.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::workspace::Workspace;
use crate::{command, setup};

/// Options of `cargo xtask test`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Run this step alone; may be given several times
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
}

/// The steps, in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Install what the conformance suite needs
    Setup,
    /// Formatting
    Fmt,
    /// Lints
    Clippy,
    /// Documentation builds without a warning
    Doc,
    /// The release binary, which later steps run
    Build,
    /// Unit, integration and documentation tests
    Test,
    /// The official SDKs and other outside tools against the release binary
    Conformance,
    /// The benchmarks in short: every answer is compared, the figures mean little
    Bench,
    /// Kills, faults of the disk, and whether those that lie are caught; in short
    Torture,
    /// Attacks while others read; in short
    Hostility,
    /// Servers on three database nodes, of which one dies, one stands still and one hands over; in short
    Cluster,
}

/// Runs the chosen steps, or all of them.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let start = Instant::now();
    for step in Step::value_variants() {
        if options.only.is_empty() || options.only.contains(step) {
            run_step(*step, workspace)?;
        }
    }
    println!("\nall steps passed in {}", elapsed(start));
    Ok(())
}

fn run_step(step: Step, workspace: &Workspace) -> anyhow::Result<()> {
    let name = step
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned());
    println!("\n==> {name}");
    let start = Instant::now();
    let result = match step {
        Step::Setup => setup::setup(workspace),
        Step::Fmt => command::run(&mut workspace.cargo(["fmt", "--all", "--check"])),
        Step::Clippy => clippy(workspace),
        Step::Doc => documentation(workspace),
        Step::Build => {
            command::run(&mut workspace.cargo(["build", "--release", "--package", "pagebell"]))
        }
        Step::Test => tests(workspace),
        Step::Conformance => conformance(workspace),
        Step::Bench => chores(workspace, BENCH),
        Step::Torture => chores(workspace, TORTURE),
        Step::Hostility => chores(workspace, HOSTILITY),
        Step::Cluster => chores(workspace, CLUSTER),
    };
    result.with_context(|| format!("step {name} failed after {}", elapsed(start)))?;
    println!("    {name} passed in {}", elapsed(start));
    Ok(())
}

fn clippy(workspace: &Workspace) -> anyhow::Result<()> {
    let mut clippy = workspace.cargo(["clippy", "--workspace", "--all-targets"]);
    command::run(clippy.args(["--", "-D", "warnings"]))
}

fn documentation(workspace: &Workspace) -> anyhow::Result<()> {
    let mut doc = workspace.cargo(["doc", "--workspace", "--no-deps"]);
    command::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

fn tests(workspace: &Workspace) -> anyhow::Result<()> {
    let binary = release_binary(workspace)?;
    let test = |command: &mut Command| {
        command
            .env("PAGEBELL_BINARY", &binary)
            // A snapshot that differs is a failure here, never a new file in the checkout.
            .env("INSTA_UPDATE", "no")
            .env("INSTA_FORCE_PASS", "0");
        command::run(command)
    };
    if command::succeeds(&mut workspace.cargo(["nextest", "--version"])) {
        test(&mut workspace.cargo(["nextest", "run", "--workspace"]))?;
        // Nextest leaves documentation tests to cargo.
        test(&mut workspace.cargo(["test", "--workspace", "--doc"]))
    } else {
        test(&mut workspace.cargo(["test", "--workspace"]))
    }
}

fn conformance(workspace: &Workspace) -> anyhow::Result<()> {
    let binary = release_binary(workspace)?;
    let python = setup::conformance_python(workspace);
    if !python.is_file() {
        bail!("there is no Python environment yet: run `cargo xtask setup`");
    }
    let mut pytest = Command::new(python);
    pytest.args(["-m", "pytest", "conformance", "--binary"]);
    pytest.arg(binary).current_dir(&workspace.root);
    command::run(&mut pytest)
}

/// The short versions of longer chores.
const BENCH: &[&[&str]] = &[&[
    "bench",
    "full",
    "--seconds",
    "1",
    "--warm-up",
    "0",
    "--rounds",
    "1",
    "--connections",
    "64",
    "--starts",
    "3",
    "--pages",
    "1000",
    "--only",
    "reads,writes,sizes",
]];
const TORTURE: &[&[&str]] = &[
    &["torture", "kill", "--rounds", "6"],
    &["torture", "self-test"],
    &["torture", "faults", "--quick"],
];
const HOSTILITY: &[&[&str]] = &[&["hostility", "--short"]];
const CLUSTER: &[&[&str]] = &[&["cluster", "torture", "--short"]];

/// Runs chores of this program on the release binary.
fn chores(workspace: &Workspace, chores: &[&[&str]]) -> anyhow::Result<()> {
    let binary = release_binary(workspace)?;
    for arguments in chores {
        // By way of cargo: the tests may have built this very program anew, in its place.
        let mut chore = workspace.cargo(["xtask"]);
        chore.args(*arguments).arg("--binary").arg(&binary);
        command::run(&mut chore)?;
    }
    Ok(())
}

fn release_binary(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let binary = workspace.release_binary("pagebell");
    if !binary.is_file() {
        bail!("there is no release binary yet: run `cargo xtask test --only build`");
    }
    Ok(binary)
}

fn elapsed(start: Instant) -> String {
    let seconds = start.elapsed().as_secs();
    if seconds < 60 {
        format!("{:.1} s", start.elapsed().as_secs_f64())
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}
