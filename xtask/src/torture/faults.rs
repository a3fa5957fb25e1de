//! Faults of the disk: the preloaded library, and the orders it follows.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::command;
use crate::programs::{self, Program};
use crate::workspace::Workspace;

const SOURCE: &str = include_str!("../../faults/faults.c");

const COMPILER: Program = Program {
    name: "cc",
    check: None,
    packages: &["gcc", "libc6-dev"],
};

/// How many rules there can be at once.
const RULES: usize = 8;
/// A rule is eight numbers: action, files, operation, remaining, parameter, hits, first hit, spare.
const WORDS: usize = 8;
const WORD: usize = size_of::<u64>();

/// An operation of the program on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// `fsync`, `fdatasync`
    Sync = 1,
    /// `write` and its kin, and whatever changes the length of a file
    Write = 2,
    /// `read` and its kin
    Read = 3,
}

/// Files of the store and standard error, any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Files(u64);

impl Files {
    pub(crate) const DATABASE: Self = Self(1);
    pub(crate) const LOG: Self = Self(2);
    pub(crate) const DATABASE_AND_LOG: Self = Self(3);
    /// These two and the index of the log, which grows with it.
    pub(crate) const ALL: Self = Self(7);
    /// The program's own log.
    pub(crate) const STDERR: Self = Self(8);
    /// The store and the program's log, as on one disk.
    pub(crate) const ALL_AND_STDERR: Self = Self(15);
}

/// What happens instead of, or before, an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// It fails with this error number.
    Fail(rustix::io::Errno),
    /// It takes so many microseconds more.
    Slow(u64),
    /// Half of it is done, and the count says so.
    Short,
    /// Nothing of it is done, and it succeeds: a disk that lies.
    Drop,
    /// Half of it is done, and it fails with this error number.
    Tear(rustix::io::Errno),
}

/// A fault: what happens to which operations, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) call: Call,
    pub(crate) files: Files,
    pub(crate) action: Action,
    /// How often; `None`: until it is taken away.
    pub(crate) times: Option<u64>,
}

/// How a fault has struck so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Struck {
    pub(crate) times: u64,
    /// When it first did, on the clock of the run; 0: never.
    pub(crate) first: u64,
}

/// The library, and the file with its orders.
#[derive(Debug)]
pub(crate) struct Faults {
    library: PathBuf,
    orders_path: PathBuf,
    orders: File,
}

/// Compiles the library into a folder.
pub(crate) fn compile(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    programs::install_missing(&[COMPILER])?;
    let folder = workspace.target_directory.join("torture");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let source = folder.join("faults.c");
    fs::write(&source, SOURCE).with_context(|| format!("cannot write {}", source.display()))?;
    let library = folder.join("libfaults.so");
    let mut compiler = Command::new("cc");
    compiler.args([
        "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
    ]);
    compiler.arg(&library).arg(&source).arg("-ldl");
    command::run(&mut compiler)?;
    Ok(library)
}

impl Faults {
    /// No faults yet.
    pub(crate) fn new(library: PathBuf, folder: &Path) -> anyhow::Result<Self> {
        let orders_path = folder.join("orders");
        let orders = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&orders_path)
            .with_context(|| format!("cannot create {}", orders_path.display()))?;
        orders.write_all_at(&[0; RULES * WORDS * WORD], 0)?;
        Ok(Self {
            library,
            orders_path,
            orders,
        })
    }

    /// Has a server load the library.
    pub(crate) fn preload(&self, command: &mut Command, database: &Path) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("PAGEBELL_FAULTS", &self.orders_path)
            .env("PAGEBELL_FAULTS_DATABASE", database);
    }

    /// Lets faults begin. Those before end.
    pub(crate) fn begin(&self, faults: &[Fault]) -> anyhow::Result<()> {
        assert!(faults.len() <= RULES, "the library knows no more rules");
        self.end()?;
        self.orders.write_all_at(&[0; RULES * WORDS * WORD], 0)?;
        for (rule, fault) in faults.iter().enumerate() {
            let (action, parameter) = match fault.action {
                Action::Fail(error) => (1, error.raw_os_error().unsigned_abs().into()),
                Action::Slow(microseconds) => (2, microseconds),
                Action::Short => (3, 0),
                Action::Drop => (4, 0),
                Action::Tear(error) => (5, error.raw_os_error().unsigned_abs().into()),
            };
            let remaining = fault.times.unwrap_or(u64::MAX);
            let rest = [fault.files.0, fault.call as u64, remaining, parameter, 0, 0];
            for (word, value) in rest.into_iter().enumerate() {
                self.write(rule, word + 1, value)?;
            }
            // The action switches the rule on, so it comes last.
            self.write(rule, 0, action)?;
        }
        Ok(())
    }

    /// Ends all faults; how they struck can still be read.
    pub(crate) fn end(&self) -> anyhow::Result<()> {
        (0..RULES).try_for_each(|rule| self.write(rule, 0, 0))
    }

    /// How all faults together have struck since they began.
    pub(crate) fn struck(&self) -> anyhow::Result<Struck> {
        let mut all = Struck::default();
        for rule in 0..RULES {
            let (times, first) = (self.read(rule, 5)?, self.read(rule, 6)?);
            all.times += times;
            if first > 0 && (all.first == 0 || first < all.first) {
                all.first = first;
            }
        }
        Ok(all)
    }

    fn write(&self, rule: usize, word: usize, value: u64) -> anyhow::Result<()> {
        let place = place(rule, word);
        Ok(self.orders.write_all_at(&value.to_ne_bytes(), place)?)
    }

    fn read(&self, rule: usize, word: usize) -> anyhow::Result<u64> {
        let mut bytes = [0; WORD];
        self.orders.read_exact_at(&mut bytes, place(rule, word))?;
        Ok(u64::from_ne_bytes(bytes))
    }
}

fn place(rule: usize, word: usize) -> u64 {
    ((rule * WORDS + word) * WORD) as u64
}
