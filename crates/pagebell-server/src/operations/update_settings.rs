//! `POST /{page_id}/messenger_call_settings`

use std::sync::Arc;

use bytes::Bytes;

use call_settings::{PageId, SettingsUpdate, quoted_excerpt};
use graph_api::{FieldSelection, GraphError, Node, TraceIds, settings_submission};
use settings_store::{Author, Revision, SettingsWrite, StoreError, WriteOutcome};

use crate::Profile;
use crate::access::{Access, READ_SCOPE};
use crate::dispatch::{Operation, Pagebell, store_failed};
use crate::request::{Answer, REVISION_HEADER};

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
        let selection = match FieldSelection::from_parameter(parameters.get("fields"))? {
            FieldSelection::All => None,
            some @ FieldSelection::Some(_) => Some(some),
        };
        let update = settings_submission(parameters)
            .validate(self.configuration.hours_limits)
            .map_err(|violations| GraphError::parameters_invalid(&violations))?;
        let expected_revision = self.expected_revision(operation)?;
        let page_id = access.page(node)?;
        access.check_permits(page_id, READ_SCOPE)?;

        let outcome = self
            .write_settings(&access, page_id, update, expected_revision, operation.trace)
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

    /// The revision that `If-Match` names (ours). The published page knows no such header.
    fn expected_revision(&self, operation: Operation<'_>) -> Result<Option<Revision>, GraphError> {
        match operation.request.if_match.map(str::trim) {
            Some("*") => Ok(None),
            text => self.revision_of("If-Match", text),
        }
    }

    /// The revision that a header names (ours). The published page knows no such headers.
    pub(crate) fn revision_of(
        &self,
        header: &str,
        text: Option<&str>,
    ) -> Result<Option<Revision>, GraphError> {
        let Some(text) = text.map(str::trim) else {
            return Ok(None);
        };
        if self.configuration.profile != Profile::Graph {
            return Ok(None);
        }
        let unquoted = text.trim_matches('"');
        let is_number = unquoted.bytes().all(|byte| byte.is_ascii_digit());
        match unquoted.parse() {
            Ok(number) if is_number => Ok(Some(Revision::new(number))),
            _ => Err(GraphError::parameter_invalid(&format!(
                "{header} must be the revision of the header {REVISION_HEADER} - got {}",
                quoted_excerpt(text)
            ))),
        }
    }
}
