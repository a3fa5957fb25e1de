//! `POST /{page_id}/messenger_call_settings`

use std::sync::Arc;

use bytes::Bytes;
use graph_api::{FieldSelection, GraphError, Node, settings_submission};
use settings_store::{Author, SettingsWrite, WriteOutcome};

use crate::access::READ_SCOPE;
use crate::dispatch::{Operation, Pagebell, store_failed};

impl Pagebell {
    /// Answers an update after it is on disk. Either all of it is stored or nothing.
    pub(crate) async fn update_settings(
        &self,
        operation: Operation<'_>,
        node: Node,
    ) -> Result<Bytes, GraphError> {
        let parameters = operation.parameters;
        let access = self.page_access(operation, node).await?;
        let selection = match FieldSelection::from_parameter(parameters.get("fields"))? {
            FieldSelection::All => None,
            some @ FieldSelection::Some(_) => Some(some),
        };
        let update = settings_submission(parameters)
            .validate(self.configuration.hours_limits)
            .map_err(|violations| GraphError::parameters_invalid(&violations))?;
        let page_id = access.page(node)?;
        access.check_permits(page_id, READ_SCOPE)?;

        let write = SettingsWrite {
            page_id,
            update,
            defaults: Arc::clone(&self.default_settings),
            expected_revision: None,
            create_page: self.configuration.create_pages,
            author: Author {
                token_id: Some(access.token.token_id),
                app_id: access.token.app_id,
            },
            at: self.surroundings.clock.now(),
            trace_id: operation.trace.request_id().to_owned(),
        };
        let outcome = self
            .store
            .update_settings(write)
            .await
            .map_err(|error| store_failed(&error, operation.trace))?;
        match outcome {
            WriteOutcome::Stored(written) => {
                let copy = self.copies.prepare(written.record.settings.as_ref());
                Ok(copy.prepared.update_result(selection.as_ref()))
            }
            WriteOutcome::PageMissing => Err(GraphError::object_missing(
                operation.method,
                &page_id.to_string(),
            )),
            WriteOutcome::RevisionMismatch { .. } => {
                tracing::error!(
                    trace_id = operation.trace.request_id(),
                    "the store refused a revision that was not asked for"
                );
                Err(GraphError::unknown())
            }
        }
    }
}
