//! Stores of few and of many Pages: reads of any Page, start-up and memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::Run;
use crate::bench::contender::{self, Contender};
use crate::bench::exchange::{Request, exchange};
use crate::bench::fill;
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
/// What an answer kept at hand takes at most in these stores, in bytes.
const BYTES_PER_PAGE: u64 = 1200;
/// A store of more Pages than this is also read with all of them at hand; fewer always are.
const FEW_PAGES: u32 = 10_000;
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
    /// After GETs of any Page.
    pub(crate) after_reads_of_all: Memory,
    /// After GETs of any Page, with [`SMALL_CACHE`].
    pub(crate) with_small_cache: Memory,
    /// With every Page at hand, and the cache that this takes, in MiB; nothing for a small store.
    pub(crate) all_at_hand: Option<(Memory, u32)>,
}

/// A store and the server on it that is compared with those on the others.
#[derive(Debug)]
struct Served {
    contender: Contender,
    work: Workload,
}

/// The work's name in the report, which tells the stores apart.
pub(crate) fn name(pages: u32) -> String {
    format!("GET, any of {} Pages", report::thousands(pages.into()))
}

/// The same with a cache that is too small for all Pages of the store.
pub(crate) fn name_by_default(pages: u32) -> String {
    format!("{}, default cache", name(pages))
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
    let mut outcomes = Vec::new();
    let mut figures = Vec::new();
    let mut served = Vec::new();
    for store in stores {
        let (one, figure) = serve(run, directory, &script, &store, &mut outcomes)?;
        served.push(one);
        figures.push(figure);
    }
    let works: Vec<Box<dyn Work>> = served
        .iter()
        .map(|served| Box::new(served.work.clone()) as Box<dyn Work>)
        .collect();
    outcomes.extend(rounds::measure(run.plan, &works)?);
    for (served, figure) in served.into_iter().zip(&mut figures) {
        if let Some((memory, _)) = &mut figure.all_at_hand {
            *memory = Memory::of(served.contender.process.id())?;
        }
        served.contender.stop()?;
    }
    Ok((outcomes, figures))
}

/// Measures what can be measured of a store by itself, then starts the server that is compared.
fn serve(
    run: &Run<'_>,
    directory: &Path,
    script: &Path,
    store: &Store,
    outcomes: &mut Vec<Outcome>,
) -> anyhow::Result<(Served, SizeFigures)> {
    let pages = store.label.pages;
    let cores = run.plan.load.cores;
    let binary = &run.binaries.pagebell;
    let log = directory.join(format!("pagebell-{pages}.log"));
    eprintln!("starting on a store of {pages} Pages");
    let start_ups = start_up::measure(binary, store, cores, &log, run.starts)?;
    let start =
        |cache| contender::pagebell_on(&store.path, binary, log.clone(), cores.server, cache);
    let small = start(Some(SMALL_CACHE))?;
    work(&small, store, script, pages).run(run.plan.load)?;
    let with_small_cache = Memory::of(small.process.id())?;
    small.stop()?;

    let contender = start(None)?;
    let process = contender.process.id();
    let idle = Memory::of(process)?;
    // The first Page alone.
    work(&contender, store, script, 1).run(run.plan.load)?;
    let after_reads_of_one = Memory::of(process)?;
    compare(&contender, store)?;
    let any = work(&contender, store, script, pages);
    let mut figures = SizeFigures {
        label: store.label.clone(),
        import: store.import,
        start_ups,
        idle,
        after_reads_of_one,
        after_reads_of_all: after_reads_of_one,
        with_small_cache,
        all_at_hand: None,
    };
    if pages <= FEW_PAGES {
        any.run(run.plan.load)?;
        figures.after_reads_of_all = Memory::of(process)?;
        let work = any;
        return Ok((Served { contender, work }, figures));
    }
    let by_default = Workload {
        name: name_by_default(pages),
        ..any
    };
    outcomes.extend(rounds::measure(run.plan, &[Box::new(by_default)])?);
    figures.after_reads_of_all = Memory::of(process)?;
    contender.stop()?;

    let cache = u32::try_from((u64::from(pages) * BYTES_PER_PAGE).div_ceil(1 << 20))?;
    let contender = start(Some(cache))?;
    eprintln!("reading each of {pages} Pages once");
    fill::read_each(contender.address, &authorization(&store.label.token), pages)?;
    compare(&contender, store)?;
    figures.all_at_hand = Some((Memory::of(contender.process.id())?, cache));
    let work = work(&contender, store, script, pages);
    Ok((Served { contender, work }, figures))
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

/// Checks that Pages of the whole store have the settings that were imported.
fn compare(contender: &Contender, store: &Store) -> anyhow::Result<()> {
    let pages = store.label.pages;
    let authorization = authorization(&store.label.token);
    for number in 0..COMPARED.min(pages) {
        let index = u32::try_from(u64::from(number) * STRIDE % u64::from(pages))?;
        let target = format!("/v26.0/{}/messenger_call_settings", pages::page_id(index));
        let request = Request {
            target: &target,
            authorization: &authorization,
            body: None,
        };
        let answer = exchange(contender.address, request)?;
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
