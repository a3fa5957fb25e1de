//! `pagebell page`

mod set;

use std::io::{BufWriter, Write, stdout};

use call_settings::PageId;
use serde_json::json;
use settings_store::{Added, NewPage, PageRecord, SettingsStore};

use super::{on_store, printable};
use crate::command_line::PageCommand;
use crate::failure::Failure;
use crate::store_location::{Opening, StoreLocation};
use crate::system;

pub(crate) use set::PageSetOptions;

/// How many Pages are read at a time, so that a list of millions needs no memory.
const PORTION: usize = 1_000;

pub(crate) fn run(command: PageCommand) -> Result<(), Failure> {
    let at = system::surroundings().clock.now();
    match command {
        PageCommand::Add {
            page_id,
            name,
            store,
        } => {
            let renamed = name.is_some();
            let page = NewPage { page_id, name, at };
            let added = on_store(&store.location(), Opening::MayBeFirst, async |store| {
                Ok(store.add_page(page).await?)
            })?;
            let what = match added {
                Added::New => "added",
                Added::AlreadyThere if renamed => "was there already and has the new name",
                Added::AlreadyThere => "was there already",
            };
            writeln!(stdout(), "page {page_id} {what}")?;
            Ok(())
        }
        PageCommand::List { json, store } => {
            on_store(&store.location(), Opening::Reading, async |store| {
                let mut output = BufWriter::new(stdout().lock());
                list(store, &mut output, json).await?;
                Ok(output.flush()?)
            })
        }
        PageCommand::Set(options) => set::run(options),
        PageCommand::Remove { page_id, store } => {
            let location = store.location();
            let removed = on_store(&location, Opening::Existing, async |store| {
                Ok(store.remove_page(page_id, at).await?)
            })?;
            if !removed {
                return Err(no_page(page_id, &location));
            }
            writeln!(stdout(), "page {page_id} removed")?;
            Ok(())
        }
    }
}

fn no_page(page_id: PageId, location: &StoreLocation) -> Failure {
    Failure::Refused(format!("there is no page {page_id} in {location}"))
}

async fn list(
    store: &dyn SettingsStore,
    output: &mut dyn Write,
    json: bool,
) -> Result<(), Failure> {
    let mut after = None;
    let mut first = true;
    if !json {
        writeln!(
            output,
            "{:20}  {:>8}  {:8}  NAME",
            "PAGE_ID", "REVISION", "ELIGIBLE"
        )?;
    }
    loop {
        let pages = store.pages(after, PORTION).await?;
        let Some(last) = pages.last() else { break };
        after = Some(last.page_id);
        for page in &pages {
            if json {
                write!(
                    output,
                    "{}{}",
                    if first { "[\n  " } else { ",\n  " },
                    as_json(page)
                )?;
            } else {
                let name = printable(page.name.as_deref().unwrap_or(""));
                let (page_id, revision) = (page.page_id.get(), page.revision.get());
                let eligible = if page.calling.eligible { "yes" } else { "no" };
                let line = format!("{page_id:<20}  {revision:>8}  {eligible:8}  {name}");
                writeln!(output, "{}", line.trim_end())?;
            }
            first = false;
        }
    }
    if json {
        writeln!(output, "{}", if first { "[]" } else { "\n]" })?;
    }
    Ok(())
}

fn as_json(page: &PageRecord) -> serde_json::Value {
    let mut object = json!({
        "page_id": page.page_id.to_string(),
        "name": page.name,
        "revision": page.revision.get(),
        "configured": page.settings.is_some(),
        "eligible": page.calling.eligible,
    });
    if let Some(users) = page.calling.engaged_users {
        object["engaged_users"] = users.into();
    }
    object
}
