//! `GET /{page_id}/messenger_call_settings`

use call_settings::PageId;
use graph_api::{FieldSelection, GraphError, Node};
use settings_store::{NewPage, Revision, StoreError};

use crate::access::READ_SCOPE;
use crate::conditions::Preconditions;
use crate::copies::PageCopy;
use crate::dispatch::{Operation, Pagebell, store_failed};
use crate::request::Answer;

impl Pagebell {
    /// Answers a read. A body is ignored (reference: its own sample sends one).
    pub(crate) async fn read_settings(
        &self,
        operation: Operation<'_>,
        node: Node,
    ) -> Result<Answer, GraphError> {
        let access = self.page_access(operation, node).await?;
        let selection = FieldSelection::from_parameters(operation.parameters)?;
        let preconditions = self.preconditions(operation)?;
        let page_id = access.page(node, self.configuration())?;
        access.check_permits(page_id, READ_SCOPE)?;
        let copy = self.page_copy(operation, page_id, preconditions).await?;
        Ok(Answer {
            body: copy.answers.into_list(&selection),
            revision: Some(copy.revision),
        })
    }

    /// The cached entry of a Page that must exist and meet the conditions of the request.
    pub(crate) async fn page_copy(
        &self,
        operation: Operation<'_>,
        page_id: PageId,
        preconditions: Preconditions,
    ) -> Result<PageCopy, GraphError> {
        let least = preconditions.revision_to_read();
        let copy = self.page_copy_at_least(operation, page_id, least).await?;
        preconditions.check(copy.revision)?;
        Ok(copy)
    }

    /// The cached entry of a Page that must exist, at this revision or a later one if there is one.
    pub(crate) async fn page_copy_at_least(
        &self,
        operation: Operation<'_>,
        page_id: PageId,
        least: Revision,
    ) -> Result<PageCopy, GraphError> {
        self.find_or_create(page_id, least)
            .await
            .map_err(|error| store_failed(&error, operation.trace))?
            .ok_or_else(|| GraphError::object_missing(operation.method, &page_id.to_string()))
    }

    /// The copy of a Page; where Pages are created on first use, this is one.
    async fn find_or_create(
        &self,
        page_id: PageId,
        least: Revision,
    ) -> Result<Option<PageCopy>, StoreError> {
        let found = self.copies.page(&*self.store, page_id, least).await?;
        if found.is_some() || !self.configuration.create_pages {
            return Ok(found);
        }
        self.create_page(page_id).await?;
        self.copies.page(&*self.store, page_id, least).await
    }

    /// Adds a Page on its first use.
    pub(crate) async fn create_page(&self, page_id: PageId) -> Result<(), StoreError> {
        let page = NewPage {
            page_id,
            name: None,
            at: self.surroundings.clock.now(),
        };
        self.store.add_page(page).await?;
        Ok(())
    }
}
