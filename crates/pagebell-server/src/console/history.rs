//! The history of a Page for people.

use call_settings::{CallSettings, PageId};
use graph_api::PageMessengerCallSettingsPayload;
use settings_store::{HistoryEntry, Revision, StoreError};

use super::changes::{self, Change};
use crate::dispatch::Pagebell;

const ENTRIES: usize = 25;

/// An entry.
#[derive(Debug)]
pub(crate) struct HistoryRow {
    pub(crate) revision: u64,
    pub(crate) changed_at: String,
    pub(crate) author: String,
    pub(crate) changes: Vec<Change>,
    /// The Page had no settings of its own before.
    pub(crate) is_first: bool,
    /// What brings these settings back, as the API takes it; `None`: the Page was removed then.
    pub(crate) restores: Option<String>,
}

/// A part of a history.
#[derive(Debug)]
pub(crate) struct HistoryPart {
    pub(crate) rows: Vec<HistoryRow>,
    /// Where older entries begin.
    pub(crate) older: Option<u64>,
}

impl Pagebell {
    pub(crate) async fn history_part(
        &self,
        page_id: PageId,
        before: Option<u64>,
    ) -> Result<HistoryPart, StoreError> {
        let mut entries = self
            .store
            .history(page_id, before.map(Revision::new), ENTRIES + 1)
            .await?;
        let has_older = entries.len() > ENTRIES;
        entries.truncate(ENTRIES);
        Ok(HistoryPart {
            older: entries
                .last()
                .map(|last| last.revision.get())
                .filter(|_| has_older),
            rows: entries
                .iter()
                .map(|entry| self.history_row(entry))
                .collect(),
        })
    }

    /// The settings that a Page had at a revision; `None`: its history does not tell.
    pub(super) async fn settings_at(
        &self,
        page_id: PageId,
        revision: Revision,
    ) -> Result<Option<CallSettings>, StoreError> {
        let default: &CallSettings = &self.default_settings;
        if revision == Revision::default() {
            return Ok(Some(default.clone()));
        }
        let entry = self.entry_at(page_id, revision).await?;
        Ok(entry.map(|entry| entry.after.unwrap_or_else(|| default.clone())))
    }

    /// Who made a revision and when, in words; `None`: the history does not tell.
    pub(super) async fn change_to(
        &self,
        page_id: PageId,
        revision: Revision,
    ) -> Result<Option<String>, StoreError> {
        let entry = self.entry_at(page_id, revision).await?;
        Ok(entry.map(|entry| format!("{} at {}", author(&entry), changed_at(&entry))))
    }

    async fn entry_at(
        &self,
        page_id: PageId,
        revision: Revision,
    ) -> Result<Option<HistoryEntry>, StoreError> {
        // A revision comes from a header: the highest number has none after it.
        let before = revision.get().checked_add(1).map(Revision::new);
        let newest = self.store.history(page_id, before, 1).await?;
        Ok(newest
            .into_iter()
            .next()
            .filter(|entry| entry.revision == revision))
    }

    fn history_row(&self, entry: &HistoryEntry) -> HistoryRow {
        let default: &CallSettings = &self.default_settings;
        let before = entry.before.as_ref().unwrap_or(default);
        let after = entry.after.as_ref().unwrap_or(default);
        HistoryRow {
            revision: entry.revision.get(),
            changed_at: changed_at(entry),
            author: author(entry),
            changes: changes::between(before, after),
            is_first: entry.before.is_none(),
            restores: entry.after.as_ref().map(restoring),
        }
    }
}

fn author(entry: &HistoryEntry) -> String {
    match (entry.author.token_id, entry.author.app_id) {
        (Some(token), Some(app)) => format!("token {token} of app {app}"),
        (Some(token), None) => format!("token {token}"),
        (None, _) => "the command line".to_owned(),
    }
}

fn changed_at(entry: &HistoryEntry) -> String {
    entry
        .changed_at
        .strftime("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

/// The update that makes settings what they were, also where they had no hours.
fn restoring(settings: &CallSettings) -> String {
    let payload = PageMessengerCallSettingsPayload::from(settings);
    let mut value = serde_json::to_value(&payload).expect("plain structs serialize");
    if settings.call_hours.is_none() {
        value["call_hours"] = serde_json::Value::Null;
    }
    value.to_string()
}
