//! `cargo xtask fuzz`: libFuzzer on each target of `fuzz/`, one after the other.
//!
//! What a run finds goes to `fuzz/` under the build output: inputs that reach new code to `corpus/`,
//! inputs that break a property to `broken/`. With `--keep`, the smallest set of inputs that reaches
//! as much goes into the checkout, where the tests replay it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::time::Instant;
use std::{fs, iter};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::command;
use crate::programs::{self, Program};
use crate::workspace::Workspace;

/// libFuzzer itself is C++, which cargo-fuzz compiles.
const PROGRAMS: &[Program] = &[Program {
    name: "c++",
    check: None,
    packages: &["g++"],
}];

const CARGO_FUZZ_VERSION: &str = "0.13.2";

/// The longest input that is tried, in bytes: long enough for a batch with a few operations.
const LONGEST_INPUT: usize = 2048;
/// The longest input that is kept in the checkout, in bytes.
const LONGEST_KEPT: usize = 512;
/// How long one input may take, in seconds, on a machine that gives the target little time.
const SLOWEST_INPUT: usize = 60;
/// The most memory of a target, in mebibytes.
const MOST_MEMORY: usize = 1024;

/// Options of `cargo xtask fuzz`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Run this target alone; may be given several times
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
    /// Put the inputs that reach new code into the checkout's corpora, as few as will do
    #[arg(long)]
    keep: bool,
}

/// What came of running one target.
#[derive(Debug)]
struct Outcome {
    target: String,
    figures: Figures,
    /// Inputs that break a property, take too long or too much memory.
    broken: Vec<PathBuf>,
}

/// What libFuzzer says of a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    executions: u64,
    /// Edges of the control flow that were taken.
    edges: u64,
    /// Edges together with how often they were taken and what was compared there.
    features: u64,
    /// Inputs that each reach something of their own.
    inputs: u64,
}

/// Builds the targets, runs them and prints a table.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    programs::install_missing(PROGRAMS)?;
    let tool = cargo_fuzz(workspace)?;
    let mut list = Command::new(&tool);
    list.args(["fuzz", "list", "--fuzz-dir"])
        .arg(workspace.root.join("fuzz"));
    let all = command::output(&mut list)?;
    let targets: Vec<&str> = all
        .lines()
        .filter(|name| options.target.is_empty() || options.target.iter().any(|it| it == name))
        .collect();
    if targets.len() < options.target.len().max(1) {
        bail!(
            "the targets are: {}",
            all.lines().collect::<Vec<_>>().join(", ")
        );
    }
    let folder = workspace.target_directory.join("fuzz");
    build(workspace, &tool, &folder)?;

    let mut outcomes = Vec::new();
    for name in targets {
        let target = Target::new(workspace, &folder, name)?;
        println!("{name}: {} s", options.seconds);
        let outcome = target.run(options.seconds)?;
        if options.keep && outcome.broken.is_empty() {
            target.keep()?;
        }
        outcomes.push(outcome);
    }
    println!("\n{}", table(&outcomes));
    let broken: Vec<String> = outcomes
        .iter()
        .flat_map(|outcome| &outcome.broken)
        .map(|path| path.display().to_string())
        .collect();
    if !broken.is_empty() {
        bail!("these inputs break a property:\n{}", broken.join("\n"));
    }
    Ok(())
}

/// The path of cargo-fuzz, which is installed beside the build output where it is missing.
fn cargo_fuzz(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    if let Ok(path) = programs::find("cargo-fuzz") {
        return Ok(path);
    }
    let root = workspace.target_directory.join("tools");
    let path = root.join("bin/cargo-fuzz");
    if !path.is_file() {
        let mut install = workspace.cargo(["install", "--locked", "cargo-fuzz", "--version"]);
        install.arg(CARGO_FUZZ_VERSION).arg("--root").arg(&root);
        command::run(&mut install)?;
    }
    Ok(path)
}

fn build(workspace: &Workspace, tool: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut build = Command::new(tool);
    build.args(["fuzz", "build", "--features", "libfuzzer"]);
    // Nothing of ours is unsafe: the sanitizer would find faults of the standard library, slowly.
    build.args(["--sanitizer", "none", "--fuzz-dir"]);
    build.arg(workspace.root.join("fuzz"));
    build.arg("--target-dir").arg(folder);
    // Coverage needs flags that a stable compiler only takes so. Optimizing eight programs as wholes
    // would take longer than it saves.
    build.env("RUSTC_BOOTSTRAP", "1");
    build.env("CARGO_PROFILE_RELEASE_LTO", "off");
    build.current_dir(&workspace.root);
    command::run(&mut build)
}

/// One target, and where its files are.
#[derive(Debug)]
struct Target {
    name: String,
    program: PathBuf,
    /// The corpus of the checkout.
    seeds: PathBuf,
    /// The corpus that grows.
    corpus: PathBuf,
    /// Where inputs go that break a property.
    broken: PathBuf,
    dictionary: PathBuf,
}

impl Target {
    fn new(workspace: &Workspace, folder: &Path, name: &str) -> anyhow::Result<Self> {
        let program = programs_folder(folder)?.join(name);
        let target = Self {
            name: name.to_owned(),
            program,
            seeds: workspace.root.join("fuzz/corpus").join(name),
            corpus: folder.join("corpus").join(name),
            broken: folder.join("broken").join(name),
            dictionary: workspace
                .root
                .join(format!("fuzz/dictionaries/{name}.dict")),
        };
        for folder in [&target.seeds, &target.corpus, &target.broken] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        Ok(target)
    }

    /// The program at the lowest priority, so that it only takes time that nobody wants.
    fn command(&self) -> Command {
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(&self.program);
        command.arg(format!("-max_len={LONGEST_INPUT}"));
        command.arg(format!("-rss_limit_mb={MOST_MEMORY}"));
        command.arg(format!("-timeout={SLOWEST_INPUT}"));
        command
    }

    /// Runs for this long. A machine that has no time for the target makes inputs look slow; those
    /// that are not when tried again are forgotten, and the run goes on.
    fn run(&self, seconds: u32) -> anyhow::Result<Outcome> {
        let begun = Instant::now();
        let known = files(&self.broken)?;
        let mut executions = 0;
        loop {
            let left = u64::from(seconds).saturating_sub(begun.elapsed().as_secs());
            let (status, log) = self.run_once(left.max(1))?;
            let mut figures = figures(&log)
                .with_context(|| format!("the target {} tells no figures", self.name))?;
            executions += figures.executions;
            figures.executions = executions;
            let mut broken = files(&self.broken)?;
            broken.retain(|path| !known.contains(path));
            let found = broken.len();
            if !status.success() && found == 0 {
                bail!("the target {} ended with {status}: {log}", self.name);
            }
            for path in &broken {
                if is_slow(path) && self.is_fine(path)? {
                    fs::remove_file(path)?;
                }
            }
            broken.retain(|path| path.exists());
            let has_time = begun.elapsed().as_secs() < u64::from(seconds);
            if has_time && broken.is_empty() && found > 0 {
                continue;
            }
            if !broken.is_empty() {
                let lines: Vec<&str> = log.lines().collect();
                println!("{}", lines[lines.len().saturating_sub(40)..].join("\n"));
            }
            let target = self.name.clone();
            return Ok(Outcome {
                target,
                figures,
                broken,
            });
        }
    }

    /// Runs until the time is over or something is found, and returns what libFuzzer wrote.
    fn run_once(&self, seconds: u64) -> anyhow::Result<(ExitStatus, String)> {
        let mut command = self.command();
        command.arg(format!("-max_total_time={seconds}"));
        command.arg(format!("-dict={}", self.dictionary.display()));
        command.arg(format!("-artifact_prefix={}/", self.broken.display()));
        let Output { status, stderr, .. } = command
            .args([&self.corpus, &self.seeds])
            .output()
            .with_context(|| format!("cannot run `{}`", command::describe(&command)))?;
        Ok((status, String::from_utf8_lossy(&stderr).into_owned()))
    }

    /// Whether an input does no harm, tried alone.
    fn is_fine(&self, input: &Path) -> anyhow::Result<bool> {
        let output = self.command().arg(input).output()?;
        Ok(output.status.success())
    }

    /// Adds to the checkout's corpus what reaches more than it does.
    fn keep(&self) -> anyhow::Result<()> {
        let mut command = self.command();
        // Paths alone, not how often they were taken: that would be ten times as many inputs.
        command.args(["-set_cover_merge=1", "-use_counters=0", "-use_cmp=0"]);
        command.arg(format!("-max_len={LONGEST_KEPT}"));
        let output = command.args([&self.seeds, &self.corpus]).output()?;
        if !output.status.success() {
            bail!(
                "`{}` ended with {}: {}",
                command::describe(&command),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }
}

/// Whether libFuzzer kept an input for the time that it took, by the name it gave it.
fn is_slow(input: &Path) -> bool {
    let name = input.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("timeout-") || name.starts_with("slow-unit-")
}

/// Where cargo-fuzz leaves programs: in the folder of the machine's own platform.
fn programs_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let platform = command::output(Command::new("rustc").args(["--print", "host-tuple"]))?;
    Ok(folder.join(platform.trim()).join("release"))
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths: Result<Vec<_>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    paths.map_err(|error: std::io::Error| error.into())
}

/// The figures of the last line that has some: `#2097152 pulse  cov: 1871 ft: 6534 corp: 904/31Kb
/// lim: 285 exec/s: 14074 rss: 117Mb`. A run that breaks off has no line at its end.
fn figures(log: &str) -> Option<Figures> {
    let line = log
        .lines()
        .rfind(|line| line.starts_with('#') && line.contains(" cov: "))?;
    let number = |text: &str| -> Option<u64> {
        let digits = text.find(|character: char| !character.is_ascii_digit());
        text[..digits.unwrap_or(text.len())].parse().ok()
    };
    let behind = |name: &str| number(line.split_once(name)?.1);
    Some(Figures {
        executions: behind("#")?,
        edges: behind(" cov: ")?,
        features: behind(" ft: ")?,
        inputs: behind(" corp: ")?,
    })
}

fn table(outcomes: &[Outcome]) -> String {
    let head = "| target | executions | edges | features | inputs | broken |\n\
                |---|---:|---:|---:|---:|---:|";
    let rows = outcomes.iter().map(|outcome| {
        let Figures {
            executions,
            edges,
            features,
            inputs,
        } = outcome.figures;
        let (target, broken) = (&outcome.target, outcome.broken.len());
        format!("| {target} | {executions} | {edges} | {features} | {inputs} | {broken} |")
    });
    let lines: Vec<String> = iter::once(head.to_owned()).chain(rows).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_figures_count() {
        let log = "INFO: Seed: 1\n#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb\n\
                   #4096\tpulse  cov: 187 ft: 653 corp: 90/31Kb lim: 285 exec/s: 14074 rss: 117Mb\n\
                   thread panicked\n#1 0x5 in main\n";
        let expected = Figures {
            executions: 4096,
            edges: 187,
            features: 653,
            inputs: 90,
        };
        assert_eq!(figures(log), Some(expected));
        assert_eq!(figures("nothing"), None);
    }
}
