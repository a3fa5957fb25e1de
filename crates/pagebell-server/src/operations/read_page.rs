//! `GET /{page_id}` and `GET /me`

use call_settings::PageId;
use graph_api::{FieldSelection, GraphError, Node, PageNodePayload};
use settings_store::{PageRecord, StoreError};

use crate::dispatch::{Operation, Pagebell, store_failed};
use crate::request::Answer;

impl Pagebell {
    /// Answers with the Page itself, to whoever has a token that covers it.
    pub(crate) async fn read_page(
        &self,
        operation: Operation<'_>,
        node: Node,
    ) -> Result<Answer, GraphError> {
        let access = self.page_access(operation, node).await?;
        let selection = FieldSelection::from_parameters(operation.parameters)?;
        let preconditions = self.preconditions(operation)?;
        let page_id = access.page(node, self.configuration())?;
        access.check_covers(page_id)?;
        let record = self.page_record(operation, page_id).await?;
        preconditions.check(record.revision)?;
        let page = PageNodePayload {
            name: record.name,
            id: page_id.to_string(),
        };
        Ok(Answer::from(page.to_json(&selection)))
    }

    /// What the store has of a Page that must exist.
    pub(crate) async fn page_record(
        &self,
        operation: Operation<'_>,
        page_id: PageId,
    ) -> Result<PageRecord, GraphError> {
        self.find_or_create_record(page_id)
            .await
            .map_err(|error| store_failed(&error, operation.trace))?
            .ok_or_else(|| GraphError::object_missing(operation.method, &page_id.to_string()))
    }

    /// What the store has of a Page; where Pages are created on first use, this is one.
    async fn find_or_create_record(
        &self,
        page_id: PageId,
    ) -> Result<Option<PageRecord>, StoreError> {
        let found = self.store.page(page_id).await?;
        if found.is_some() || !self.configuration.create_pages {
            return Ok(found);
        }
        self.create_page(page_id).await?;
        self.store.page(page_id).await
    }
}
