//! `pagebell import`.

mod line;

use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use call_settings::{CallSettings, HoursLimits};
use pagebell_server::Surroundings;
use settings_store::{Imported, ImportedPage, PagesImport, SettingsStore};

use super::{ImportOptions, counted};
use crate::administration::OpenStore;
use crate::failure::Failure;
use crate::store_location::Opening;
use crate::{logging, system};

/// How many Pages share one transaction: enough to make its sync cheap, few enough that a server on
/// the same store waits for a fraction of a second.
const PORTION: usize = 10_000;

/// How many portions may wait to be stored while the next one is read.
const WAITING_PORTIONS: usize = 2;

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Lines that could be read, or why the next one could not.
type Portion = Result<Vec<ImportedPage>, Failure>;

pub(crate) fn import(options: &ImportOptions) -> Result<(), Failure> {
    let file = options
        .file
        .as_deref()
        .filter(|file| *file != Path::new("-"));
    let input: Box<dyn BufRead + Send> = match file {
        Some(path) => Box::new(BufReader::new(File::open(path).map_err(|error| {
            Failure::Options(format!("cannot read {}: {error}", path.display()))
        })?)),
        None => Box::new(BufReader::new(stdin())),
    };
    let name = file.map_or_else(|| "stdin".to_owned(), |path| path.display().to_string());
    let configured = options.store.config.read()?;
    let limits = options.limits.limits(&configured)?;
    let default_settings = options.default_settings.clone();
    let defaults = default_settings.or(&configured.default_settings).settings();
    let store = OpenStore::new(&options.store.location(), Opening::MayBeFirst)?;
    let (sender, portions) = sync_channel(WAITING_PORTIONS);
    // Reading lines takes about as long as storing them, so each has a thread.
    std::thread::scope(|scope| {
        scope.spawn(move || read(input, &name, limits, &sender));
        store.run(async |store| {
            let surroundings = system::surroundings();
            let mut imported = Imported::default();
            let stored =
                store_portions(store, &surroundings, defaults, portions, &mut imported).await;
            tell(&imported)?;
            stored
        })
    })
}

async fn store_portions(
    store: &dyn SettingsStore,
    surroundings: &Surroundings,
    defaults: CallSettings,
    portions: Receiver<Portion>,
    imported: &mut Imported,
) -> Result<(), Failure> {
    let clock = &surroundings.clock;
    let defaults = Arc::new(defaults);
    let mut told = clock.monotonic();
    for portion in portions {
        let pages = portion?;
        let one = store
            .import_pages(PagesImport {
                pages,
                defaults: Arc::clone(&defaults),
                at: clock.now(),
            })
            .await?;
        imported.added += one.added;
        imported.changed += one.changed;
        imported.unchanged += one.unchanged;
        if clock.monotonic().saturating_sub(told) >= TELL_EVERY {
            told = clock.monotonic();
            logging::write_notice(&format!("{} so far", counted(all(imported), "Page")));
        }
    }
    Ok(())
}

/// Reads until the end, a line that cannot be read, or nobody wants more.
fn read(
    mut input: Box<dyn BufRead + Send>,
    name: &str,
    limits: HoursLimits,
    portions: &SyncSender<Portion>,
) {
    let mut pages = Vec::with_capacity(PORTION);
    let mut text = Vec::new();
    let mut number: u64 = 0;
    let failure = loop {
        text.clear();
        number += 1;
        match input.read_until(b'\n', &mut text) {
            Ok(0) => break None,
            Ok(_) => {}
            Err(error) => {
                break Some(Failure::Options(format!("cannot read {name}: {error}")));
            }
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        match line::parse(&text, limits) {
            Ok(page) => pages.push(page),
            Err(reason) => {
                break Some(Failure::Refused(format!(
                    "{name}, line {number}: {reason}; the lines before it are imported: mend it and \
                     import all again, which leaves alone what is there already"
                )));
            }
        }
        if pages.len() == PORTION
            && portions
                .send(Ok(std::mem::replace(
                    &mut pages,
                    Vec::with_capacity(PORTION),
                )))
                .is_err()
        {
            return;
        }
    };
    let _nobody_wants_more = portions.send(Ok(pages));
    if let Some(failure) = failure {
        let _nobody_wants_more = portions.send(Err(failure));
    }
}

fn all(imported: &Imported) -> u64 {
    imported.added + imported.changed + imported.unchanged
}

fn tell(imported: &Imported) -> Result<(), Failure> {
    let Imported {
        added,
        changed,
        unchanged,
    } = imported;
    writeln!(
        stdout(),
        "imported {}: {added} added, {changed} changed, {unchanged} as they were",
        counted(all(imported), "Page")
    )?;
    Ok(())
}
