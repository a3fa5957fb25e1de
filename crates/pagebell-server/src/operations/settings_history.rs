//! `GET /{page_id}/messenger_call_settings_history` (ours)

use std::sync::Arc;

use call_settings::{CallSettings, PageId};
use graph_api::history::{HistoryEntryPayload, HistoryPage, HistoryPosition, HistoryRequest};
use graph_api::{Edge, FieldSelection, GraphError, GraphVersion, Node};
use settings_store::{HistoryEntry, Revision, SettingsStore, StoreError};

use crate::access::READ_SCOPE;
use crate::dispatch::{Operation, Pagebell, name_of, only_get, store_failed, too_many_waiting};
use crate::request::Answer;

impl Pagebell {
    /// Answers what became of the settings of a Page. It needs what a read needs.
    pub(crate) async fn settings_history(
        &self,
        operation: Operation<'_>,
        version: GraphVersion,
        node: Node,
    ) -> Result<Answer, GraphError> {
        only_get(operation, &name_of(node))?;
        let access = self.page_access(operation, node).await?;
        let selection = FieldSelection::from_parameters(operation.parameters)?;
        let request = HistoryRequest::from_parameters(operation.parameters)?;
        let preconditions = self.preconditions(operation)?;
        let page_id = access.page(node, self.configuration())?;
        access.check_permits(page_id, READ_SCOPE)?;
        let copy = self.page_copy(operation, page_id, preconditions).await?;
        let origin = operation.request.origin;
        let edge = Edge::MessengerCallSettingsHistory.name();
        let address = format!("{origin}/{version}/{page_id}/{edge}");
        let revision = copy.revision;
        let store = Arc::clone(&self.store);
        let defaults = Arc::clone(&self.default_settings);
        let reading = async move {
            let page = history_page(&*store, &defaults, page_id, request, revision).await?;
            Ok(page.list(&selection, &address, request.limit))
        };
        let read = self.offloaded.others.run(reading).await;
        let body = read
            .map_err(too_many_waiting)?
            .map_err(|error: StoreError| store_failed(&error, operation.trace))?;
        Ok(Answer {
            body,
            revision: Some(revision),
        })
    }
}

/// A page of the history of a Page that is at the revision `newest`. Revisions are numbers
/// without gaps, so entries can be counted from any of them.
async fn history_page(
    store: &dyn SettingsStore,
    defaults: &CallSettings,
    page_id: PageId,
    request: HistoryRequest,
    newest: Revision,
) -> Result<HistoryPage, StoreError> {
    let limit = request.limit;
    let below = match request.position {
        HistoryPosition::Newest => None,
        HistoryPosition::After(revision) => Some(revision),
        HistoryPosition::Before(revision) => {
            let first = revision.saturating_add(limit as u64);
            Some(first.saturating_add(1))
        }
    };
    let mut entries = store
        .history(page_id, below.map(Revision::new), limit + 1)
        .await?;
    let mut has_older = entries.len() > limit;
    entries.truncate(limit);
    if let HistoryPosition::Before(revision) = request.position {
        let count = entries.len();
        entries.retain(|entry| entry.revision.get() > revision);
        has_older |= entries.len() < count;
    }
    let has_newer = entries.first().is_some_and(|first| first.revision < newest);
    Ok(HistoryPage {
        has_newer,
        has_older,
        entries: entries
            .iter()
            .map(|entry| history_entry(entry, defaults))
            .collect(),
    })
}

fn history_entry(entry: &HistoryEntry, defaults: &CallSettings) -> HistoryEntryPayload {
    let mut payload = HistoryEntryPayload::new(
        entry.revision.get(),
        entry.changed_at,
        entry.before.as_ref(),
        entry.after.as_ref(),
        defaults,
    );
    payload.token_id = entry.author.token_id.map(|id| id.to_string());
    payload.app_id = entry.author.app_id.map(|id| id.to_string());
    payload.fbtrace_id.clone_from(&entry.trace_id);
    payload
}
