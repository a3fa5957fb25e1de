//! Stores of few and of many Pages: reads of any Page, start-up and memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::Run;
use crate::bench::contender::{self, Contender};
use crate::bench::exchange::{Request, exchange};
use crate::bench::lineup::authorization;
use crate::bench::load::{Expected, Workload};
use crate::bench::memory::Memory;
use crate::bench::pages;
use crate::bench::report;
use crate::bench::rounds::{self, Outcome};
use crate::bench::start_up::{self, StartUps};
use crate::bench::stores::{self, Label, Store};
use crate::bench::work::Work;

const CONNECTIONS: u32 = 64;
/// The most memory for answers kept at hand where little is allowed, in MiB.
pub(crate) const SMALL_CACHE: u32 = 16;
const SCRIPT: &str = include_str!("../get_pages.lua");
/// How many answers are compared.
const COMPARED: u32 = 1000;
/// A prime, so that what is compared is spread over the whole store and no period of the settings
/// hides from it.
const STRIDE: u64 = 999_983;

/// What was measured of one store beside the rate of reads.
#[derive(Debug)]
pub(crate) struct SizeFigures {
    pub(crate) label: Label,
    /// How long the import of all Pages took, where this run made it.
    pub(crate) import: Option<Duration>,
    pub(crate) start_ups: StartUps,
    /// Before the first request.
    pub(crate) idle: Memory,
    /// After GETs of one Page.
    pub(crate) after_reads_of_one: Memory,
    /// After GETs of any Page, in every round.
    pub(crate) after_reads_of_all: Memory,
    /// After GETs of any Page, with [`SMALL_CACHE`].
    pub(crate) with_small_cache: Memory,
}

/// A store and the server on it.
#[derive(Debug)]
struct Served {
    store: Store,
    contender: Contender,
    start_ups: StartUps,
    idle: Memory,
    after_reads_of_one: Memory,
    with_small_cache: Memory,
}

/// The work's name in the report, which tells the stores apart.
pub(crate) fn name(pages: u32) -> String {
    format!("GET, any of {} Pages", report::thousands(pages.into()))
}

/// Provides the stores in `folder`, and measures each.
pub(super) fn measure(
    run: &Run<'_>,
    folder: &Path,
    directory: &Path,
) -> anyhow::Result<(Vec<Outcome>, Vec<SizeFigures>)> {
    let script = directory.join("get_pages.lua");
    fs::write(&script, SCRIPT).with_context(|| format!("cannot write {}", script.display()))?;
    let stores = run
        .pages
        .iter()
        .map(|count| stores::provide(&run.binaries.pagebell, folder, *count))
        .collect::<anyhow::Result<Vec<Store>>>()?;
    let served = stores
        .into_iter()
        .map(|store| serve(run, directory, &script, store))
        .collect::<anyhow::Result<Vec<Served>>>()?;
    let works: Vec<Box<dyn Work>> = served
        .iter()
        .map(
            |Served {
                 store, contender, ..
             }| {
                let work = work(contender, store, &script, store.label.pages);
                Box::new(work) as Box<dyn Work>
            },
        )
        .collect();
    let outcomes = rounds::measure(run.plan, &works)?;

    let mut figures = Vec::new();
    for served in served {
        figures.push(SizeFigures {
            label: served.store.label.clone(),
            import: served.store.import,
            after_reads_of_all: Memory::of(served.contender.process.id())?,
            start_ups: served.start_ups,
            idle: served.idle,
            after_reads_of_one: served.after_reads_of_one,
            with_small_cache: served.with_small_cache,
        });
        served.contender.stop()?;
    }
    Ok((outcomes, figures))
}

/// Times starts, then starts the server that is measured on the store.
fn serve(run: &Run<'_>, directory: &Path, script: &Path, store: Store) -> anyhow::Result<Served> {
    let pages = store.label.pages;
    let cores = run.plan.load.cores;
    let binary = &run.binaries.pagebell;
    let log = directory.join(format!("pagebell-{pages}.log"));
    eprintln!("starting on a store of {pages} Pages");
    let start_ups = start_up::measure(binary, &store, cores, &log, run.starts)?;
    let start =
        |cache| contender::pagebell_on(&store.path, binary, log.clone(), cores.server, cache);
    let small = start(Some(SMALL_CACHE))?;
    work(&small, &store, script, pages).run(run.plan.load)?;
    let with_small_cache = Memory::of(small.process.id())?;
    small.stop()?;

    let contender = start(None)?;
    let process = contender.process.id();
    let mut served = Served {
        idle: Memory::of(process)?,
        after_reads_of_one: Memory::of(process)?,
        with_small_cache,
        start_ups,
        contender,
        store,
    };
    // The first Page alone.
    work(&served.contender, &served.store, script, 1).run(run.plan.load)?;
    served.after_reads_of_one = Memory::of(process)?;
    served.compare()?;
    Ok(served)
}

/// GETs of any of the first `pages` Pages.
fn work(contender: &Contender, store: &Store, script: &Path, pages: u32) -> Workload {
    Workload {
        name: name(store.label.pages),
        contender: contender.name,
        address: contender.address,
        target: "/",
        headers: vec![authorization(&store.label.token)],
        script: Some(script.to_owned()),
        arguments: vec![pages.to_string()],
        connections: CONNECTIONS,
        operations: 1,
        expected: Expected::Success,
    }
}

impl Served {
    /// Checks that Pages of the whole store have the settings that were imported.
    fn compare(&self) -> anyhow::Result<()> {
        let pages = self.store.label.pages;
        let authorization = authorization(&self.store.label.token);
        for number in 0..COMPARED.min(pages) {
            let index = u32::try_from(u64::from(number) * STRIDE % u64::from(pages))?;
            let target = format!("/v26.0/{}/messenger_call_settings", pages::page_id(index));
            let request = Request {
                target: &target,
                authorization: &authorization,
                body: None,
            };
            let answer = exchange(self.contender.address, request)?;
            let expected = pages::answer(index);
            if answer.body != expected.as_bytes() {
                bail!(
                    "{target} answers {} in place of {expected}",
                    String::from_utf8_lossy(&answer.body)
                );
            }
        }
        Ok(())
    }
}
