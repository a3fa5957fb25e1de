//! `pagebell migrate`: everything from one store into another.

use std::collections::BTreeMap;
use std::io::{Write, stderr, stdout};
use std::time::Duration;

use call_settings::PageId;
use settings_store::{Inventory, SettingsStore};

use super::{MigrateOptions, counted};
use crate::administration::OpenStore;
use crate::failure::Failure;
use crate::store_location::Opening;
use crate::system;

/// How many Pages are moved with one transaction.
const PORTION: usize = 1000;

/// How often the progress is told.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// How many conflicts are named.
const MOST_NAMED: usize = 10;

pub(crate) fn migrate(options: &MigrateOptions) -> Result<(), Failure> {
    if options.from == options.to {
        return Err(Failure::Options(
            "--from and --to name the same store".to_owned(),
        ));
    }
    let source = OpenStore::new(&options.from, Opening::Existing)?;
    source.run_with(&options.to, Opening::MayBeFirst, async |source, target| {
        copy_access(source, target).await?;
        let conflicts = copy_pages(source, target).await?;
        if !conflicts.is_empty() {
            return Err(Failure::Refused(conflict(&conflicts)));
        }
        let (wanted, found) = (take_inventory(source).await?, take_inventory(target).await?);
        if wanted.checksum() != found.checksum() {
            return Err(Failure::Refused(format!(
                "the stores differ: {} there, {} here; if the source was changed meanwhile, run the \
                 same command again, and stop its servers before the last time; if the target had \
                 something of its own, migrate into an empty one",
                in_words(&wanted),
                in_words(&found)
            )));
        }
        writeln!(
            stdout(),
            "migrated and compared: {}, checksum {}",
            in_words(&found),
            &found.checksum()[..16]
        )?;
        Ok(())
    })
}

/// Apps and tokens; those that are there just so are left alone.
async fn copy_access(
    source: &dyn SettingsStore,
    target: &dyn SettingsStore,
) -> Result<(), Failure> {
    for app in source.apps().await? {
        if target.app(app.app_id).await?.as_ref() != Some(&app) {
            target.put_app(app).await?;
        }
    }
    let present: BTreeMap<_, _> = target
        .tokens()
        .await?
        .into_iter()
        .map(|token| (token.hash, token))
        .collect();
    for token in source.tokens().await? {
        if present.get(&token.hash) != Some(&token) {
            target.put_token(token).await?;
        }
    }
    Ok(())
}

/// Pages with their history; those that were changed in the target since.
async fn copy_pages(
    source: &dyn SettingsStore,
    target: &dyn SettingsStore,
) -> Result<Vec<PageId>, Failure> {
    let clock = system::surroundings().clock;
    let mut told = clock.monotonic();
    let mut conflicts = Vec::new();
    let (mut written, mut unchanged) = (0, 0);
    let mut after = None;
    loop {
        let pages = source.whole_pages(after, PORTION).await?;
        let Some(last) = pages.last() else { break };
        after = Some(last.record.page_id);
        let moved = target.put_whole_pages(pages).await?;
        written += moved.written;
        unchanged += moved.unchanged;
        conflicts.extend(moved.conflicts);
        if clock.monotonic().saturating_sub(told) >= TELL_EVERY {
            told = clock.monotonic();
            writeln!(
                stderr(),
                "{} so far, up to {}",
                counted(written + unchanged, "Page"),
                after.map(|page_id| page_id.to_string()).unwrap_or_default()
            )?;
        }
    }
    writeln!(
        stderr(),
        "{} written, {unchanged} there already; comparing",
        counted(written, "Page")
    )?;
    Ok(conflicts)
}

async fn take_inventory(store: &dyn SettingsStore) -> Result<Inventory, Failure> {
    let mut inventory = Inventory::default();
    let mut after = None;
    loop {
        let pages = store.whole_pages(after, PORTION).await?;
        let Some(last) = pages.last() else { break };
        after = Some(last.record.page_id);
        for page in &pages {
            inventory.add_page(page);
        }
    }
    for app in store.apps().await? {
        inventory.add_app(&app);
    }
    for token in store.tokens().await? {
        inventory.add_token(&token);
    }
    Ok(inventory)
}

fn in_words(inventory: &Inventory) -> String {
    super::in_words(store_sqlite::Contents {
        pages: inventory.pages,
        history_entries: inventory.history_entries,
        apps: inventory.apps,
        tokens: inventory.tokens,
    })
}

fn conflict(page_ids: &[PageId]) -> String {
    let named: Vec<String> = page_ids
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    let more = match page_ids.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{} changed in the target since, and left as they are: {}{more}; migrate into an empty store, \
         or remove these Pages' changes there",
        counted(page_ids.len() as u64, "Page"),
        named.join(", ")
    )
}
