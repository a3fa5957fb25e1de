//! `GET /{page_id}/messenger_call_settings`

use call_settings::PageId;
use graph_api::{FieldSelection, GraphError, Node};
use settings_store::{NewPage, Revision, StoreError};

use crate::access::READ_SCOPE;
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
        let selection = FieldSelection::from_parameter(operation.parameters.get("fields"))?;
        let page_id = access.page(node)?;
        access.check_permits(page_id, READ_SCOPE)?;
        let least = self.revision_of(
            "Pagebell-Revision-At-Least",
            operation.request.revision_at_least,
        )?;
        let least = least.unwrap_or_default();
        let copy = self.page_copy_at_least(operation, page_id, least).await?;
        if copy.revision < least {
            let (found, least) = (copy.revision.get(), least.get());
            return Err(GraphError::revision_not_reached(found, least));
        }
        Ok(Answer {
            body: copy.answers.into_list(&selection),
            revision: Some(copy.revision),
        })
    }

    /// What is at hand of a Page that must exist.
    pub(crate) async fn page_copy(
        &self,
        operation: Operation<'_>,
        page_id: PageId,
    ) -> Result<PageCopy, GraphError> {
        self.page_copy_at_least(operation, page_id, Revision::default())
            .await
    }

    /// The same, at this revision or a later one if there is one.
    async fn page_copy_at_least(
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
        let page = NewPage {
            page_id,
            name: None,
            at: self.surroundings.clock.now(),
        };
        self.store.add_page(page).await?;
        self.copies.page(&*self.store, page_id, least).await
    }
}
