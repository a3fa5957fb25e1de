//! `pagebell migrate`: everything from one store into another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{Write, stdout};
use std::time::Duration;

use call_settings::PageId;
use settings_store::{AppId, Inventory, SettingsStore, TokenId, TokenKey, TokenRecord};

use super::{MigrateOptions, counted};
use crate::administration::OpenStore;
use crate::failure::Failure;
use crate::logging::write_notice;
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
    let clock = system::surroundings().clock;
    let source = OpenStore::new(&options.from, Opening::Reading)?;
    source.run_with(&options.to, Opening::MayBeFirst, async |source, target| {
        // Pages first: the removal of a Page ends what earlier tokens may do with it.
        let mut conflicts = Conflicts {
            pages: copy_pages(source, target).await?,
            ..Conflicts::default()
        };
        copy_apps(source, target, &mut conflicts).await?;
        copy_tokens(source, target, &mut conflicts).await?;
        if !conflicts.is_empty() {
            return Err(Failure::Refused(conflicts.to_string()));
        }
        let start = clock.monotonic();
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
        let seconds = clock.monotonic().saturating_sub(start).as_secs();
        write_notice(&format!("the comparison read both stores in full in {}; another pass takes at least that long, \
             however little has changed",
            counted(seconds, "second")));
        Ok(())
    })
}

/// What was changed in the target since, and is left as it is.
#[derive(Debug, Default)]
struct Conflicts {
    pages: Vec<PageId>,
    apps: Vec<AppId>,
    tokens: Vec<TokenId>,
}

/// Apps; one that is there is left alone, and named where it is another one.
async fn copy_apps(
    source: &dyn SettingsStore,
    target: &dyn SettingsStore,
    conflicts: &mut Conflicts,
) -> Result<(), Failure> {
    for app in source.apps().await? {
        match target.app(app.app_id).await? {
            None => target.put_app(app).await?,
            Some(present) if present == app => {}
            Some(_another) => conflicts.apps.push(app.app_id),
        }
    }
    Ok(())
}

/// Tokens; one that is there is left alone, but for a revocation that it lacks.
async fn copy_tokens(
    source: &dyn SettingsStore,
    target: &dyn SettingsStore,
    conflicts: &mut Conflicts,
) -> Result<(), Failure> {
    let present = target.tokens().await?;
    let by_hash: BTreeMap<_, _> = present.iter().map(|token| (token.hash, token)).collect();
    let ids: BTreeSet<TokenId> = present.iter().map(|token| token.token_id).collect();
    for token in source.tokens().await? {
        match by_hash.get(&token.hash).copied() {
            None if ids.contains(&token.token_id) => conflicts.tokens.push(token.token_id),
            None => target.put_token(token).await?,
            Some(present) if *present == token => {}
            Some(present) => {
                if let (Some(revoked_at), None) = (token.revoked_at, present.revoked_at) {
                    let key = TokenKey::Hash(token.hash);
                    target.revoke_token(key, revoked_at).await?;
                }
                let without_revocation = TokenRecord {
                    revoked_at: None,
                    ..token.clone()
                };
                if *present != without_revocation {
                    conflicts.tokens.push(token.token_id);
                }
            }
        }
    }
    Ok(())
}

/// Pages with their history; returns those that were changed in the target since.
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
            write_notice(&format!(
                "{} so far, up to {}",
                counted(written + unchanged, "Page"),
                after.map(|page_id| page_id.to_string()).unwrap_or_default()
            ));
        }
    }
    write_notice(&format!(
        "{} written, {unchanged} there already; comparing, which reads both stores in full",
        counted(written, "Page")
    ));
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

impl Conflicts {
    fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.apps.is_empty() && self.tokens.is_empty()
    }
}

impl fmt::Display for Conflicts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            ("Page", ids_in_words(&self.pages), self.pages.len()),
            ("app", ids_in_words(&self.apps), self.apps.len()),
            ("token", ids_in_words(&self.tokens), self.tokens.len()),
        ];
        for (kind, ids, count) in kinds.iter().filter(|kind| kind.2 > 0) {
            let counted = counted(*count as u64, kind);
            write!(
                formatter,
                "{counted} changed in the target since, and left as they are: {ids}; "
            )?;
        }
        formatter.write_str("migrate into an empty store, or undo the changes in the target")
    }
}

fn ids_in_words(ids: &[impl ToString]) -> String {
    let named: Vec<String> = ids
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    let more = match ids.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}
