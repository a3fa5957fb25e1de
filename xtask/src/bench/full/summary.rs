//! What a run says: on the terminal, and between the marks of docs/performance.md.

use std::process::Command;

use super::sizes::SMALL_CACHE;
use super::{Part, Results, Run, findings};
use crate::bench::memory::Memory;
use crate::bench::report::{self, mebibytes, milliseconds, thousands};
use crate::bench::statistics::Series;
use crate::bench::{fastapi, machine, postgres, prism, versions};
use crate::workspace::Workspace;
use crate::{command, document};

const DOCUMENT: &str = "docs/performance.md";

/// The three parts of the document that are figures.
#[derive(Debug)]
pub(super) struct Summary {
    /// Machine, versions, date and command.
    pub(super) run: String,
    /// What follows from the figures, beside the targets.
    pub(super) targets: String,
    /// All figures.
    pub(super) measured: String,
}

pub(super) fn make(
    run: &Run<'_>,
    results: &Results,
    load_average: &str,
) -> anyhow::Result<Summary> {
    let mut measured = report::outcomes(&results.outcomes);
    if !results.sizes.is_empty() {
        measured.push('\n');
        measured.push_str(&stores(results));
        measured.push('\n');
        measured.push_str(&memory(results));
    }
    Ok(Summary {
        run: describe(run, load_average)?,
        targets: report::findings(&findings::make(results)),
        measured,
    })
}

impl Summary {
    /// Puts the figures in place of those of the last run.
    pub(super) fn write(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let path = workspace.root.join(DOCUMENT);
        for (name, figures) in [
            ("run", &self.run),
            ("targets", &self.targets),
            ("measured", &self.measured),
        ] {
            document::replace_figures(&path, name, figures)?;
        }
        println!("written to {DOCUMENT}");
        Ok(())
    }
}

fn describe(run: &Run<'_>, load_average: &str) -> anyhow::Result<String> {
    let mut names = versions::always(&run.binaries.pagebell)?;
    names.extend(versions::crates(
        run.workspace,
        &["hyper", "axum", "tokio"],
    )?);
    for (part, versions) in [
        (Part::Postgres, &postgres::versions as &dyn Fn() -> _),
        (Part::Prism, &|| prism::versions(run.workspace)),
        (Part::Fastapi, &|| fastapi::versions(run.workspace)),
    ] {
        if run.has(part) {
            names.extend(versions()?);
        }
    }
    let date = command::output(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let plan = run.plan;
    Ok(format!(
        "- machine: {}; load average {load_average} before\n\
         - cores: server on {}, load on {}\n\
         - versions: {}\n\
         - date: {}\n\
         - command: `cargo xtask {}`\n\
         - figures: medians of {} rounds of {} s, each after {} s of warm-up",
        machine::describe()?,
        plan.load.cores.server,
        plan.load.cores.load,
        names.join(", "),
        date.trim(),
        arguments.join(" "),
        plan.rounds,
        plan.load.seconds,
        plan.warm_up,
    ))
}

fn stores(results: &Results) -> String {
    let rows = results.sizes.iter().map(|size| {
        let pages = f64::from(size.label.pages);
        // A store that an earlier run made says nothing of this binary's import.
        let (import, rate) = size.import.map_or_else(
            || ("-".to_owned(), "-".to_owned()),
            |import| {
                let seconds = import.as_secs_f64();
                (format!("{seconds:.1} s"), thousands(pages / seconds))
            },
        );
        [
            thousands(pages),
            mebibytes(size.label.bytes),
            import,
            rate,
            milliseconds(size.start_ups.clean.median()),
            spread(&size.start_ups.clean),
            milliseconds(size.start_ups.after_kill.median()),
            spread(&size.start_ups.after_kill),
        ]
    });
    let headings = [
        "Pages",
        "file",
        "import",
        "Pages/s",
        "start to first answer",
        "min-max",
        "after a kill",
        "min-max",
    ];
    report::table(0, headings, rows)
}

fn memory(results: &Results) -> String {
    let rows = results.sizes.iter().flat_map(|size| {
        let small = format!("the same with --cache-mebibytes {SMALL_CACHE}");
        let mut states: Vec<(String, Memory)> = vec![
            ("idle".to_owned(), size.idle),
            ("after GETs of one Page".to_owned(), size.after_reads_of_one),
            ("after GETs of any Page".to_owned(), size.after_reads_of_all),
            (small, size.with_small_cache),
        ];
        if let Some((memory, cache)) = size.all_at_hand {
            let state = format!("all Pages at hand with --cache-mebibytes {cache}");
            states.push((state, memory));
        }
        states.into_iter().map(|(state, memory)| {
            [
                state,
                thousands(size.label.pages.into()),
                mebibytes(memory.anonymous),
                mebibytes(memory.resident),
                mebibytes(memory.peak),
            ]
        })
    });
    let headings = [
        "state",
        "Pages",
        "own (RssAnon)",
        "resident (VmRSS)",
        "peak (VmHWM)",
    ];
    report::table(1, headings, rows)
}

fn spread(series: &Series) -> String {
    format!(
        "{}-{}",
        milliseconds(series.least()),
        milliseconds(series.most())
    )
}
