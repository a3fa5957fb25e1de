//! `POST /{page_id}/messenger_call_settings`

use std::sync::Arc;

use bytes::Bytes;

use call_settings::{PageId, SettingsUpdate};
use graph_api::{FieldSelection, GraphError, Node, TraceIds, check_names, settings_submission};
use settings_store::{Author, Revision, SettingsWrite, StoreError, WriteOutcome};

use crate::access::{Access, READ_SCOPE};
use crate::dispatch::{Operation, Pagebell, store_failed};
use crate::request::Answer;

/// The answer to an update that asks for no fields.
const SUCCESS: &[u8] = br#"{"result":"success"}"#;

impl Pagebell {
    /// Answers an update after it is on disk. Either all of it is stored or nothing.
    pub(crate) async fn update_settings(
        &self,
        operation: Operation<'_>,
        node: Node,
    ) -> Result<Answer, GraphError> {
        let parameters = operation.parameters;
        let access = self.page_access(operation, node).await?;
        let selection = match FieldSelection::from_parameters(parameters)? {
            FieldSelection::All => None,
            some @ FieldSelection::Some(_) => Some(some),
        };
        check_names(parameters)?;
        let update = settings_submission(parameters)
            .validate(self.configuration.hours_limits)
            .map_err(|violations| GraphError::parameters_invalid(&violations))?;
        let preconditions = self.preconditions(operation)?;
        let page_id = access.page(node, self.configuration())?;
        access.check_permits(page_id, READ_SCOPE)?;
        if preconditions.least > Revision::default() {
            // A revision that was reached stays reached, so the write need not look again.
            let copy = self
                .page_copy_at_least(operation, page_id, preconditions.least)
                .await?;
            preconditions.check_reached(copy.revision)?;
        }

        let outcome = self
            .write_settings(
                &access,
                page_id,
                update,
                preconditions.revision,
                operation.trace,
            )
            .await
            .map_err(|error| store_failed(&error, operation.trace))?;
        match outcome {
            WriteOutcome::Stored(written) => {
                let body = match &selection {
                    None => Bytes::from_static(SUCCESS),
                    Some(selection) => {
                        let copy = self.copies.prepare(&written.record);
                        copy.answers.update_result(selection)
                    }
                };
                Ok(Answer {
                    body,
                    revision: Some(written.record.revision),
                })
            }
            WriteOutcome::PageMissing => Err(GraphError::object_missing(
                operation.method,
                &page_id.to_string(),
            )),
            WriteOutcome::RevisionMismatch { found } => {
                Err(GraphError::revision_mismatch(found.get()))
            }
        }
    }

    /// Hands an update to the store, in the name of a token.
    pub(crate) async fn write_settings(
        &self,
        access: &Access,
        page_id: PageId,
        update: SettingsUpdate,
        expected_revision: Option<Revision>,
        trace: &TraceIds,
    ) -> Result<WriteOutcome, StoreError> {
        let write = SettingsWrite {
            page_id,
            update,
            defaults: Arc::clone(&self.default_settings),
            expected_revision,
            create_page: self.configuration.create_pages,
            author: Author {
                token_id: Some(access.token.token_id),
                app_id: access.token.app_id,
            },
            at: self.surroundings.clock.now(),
            trace_id: trace.request_id().to_owned(),
        };
        let begun = self.copies.begin_write();
        let outcome = self.store.update_settings(write).await?;
        self.copies.decided(begun, page_id, &outcome);
        Ok(outcome)
    }
}
