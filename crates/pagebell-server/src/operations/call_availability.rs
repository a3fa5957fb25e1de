//! `GET /{page_id}/messenger_call_availability` (ours)

use call_settings::at_whole_second;
use graph_api::availability::{
    AvailabilityField, AvailabilityRequest, MessengerCallAvailabilityPayload,
};
use graph_api::{FieldSelection, GraphError, Node};

use crate::access::READ_SCOPE;
use crate::dispatch::{Operation, Pagebell, name_of, only_get};
use crate::request::Answer;

impl Pagebell {
    /// Answers whether a Page takes a call. It needs what a read needs.
    pub(crate) async fn call_availability(
        &self,
        operation: Operation<'_>,
        node: Node,
    ) -> Result<Answer, GraphError> {
        only_get(operation, &name_of(node))?;
        let access = self.page_access(operation, node).await?;
        let parameters = operation.parameters;
        let selection = FieldSelection::from_parameters(parameters)?;
        let now = at_whole_second(self.surroundings.clock.now());
        let mut request = AvailabilityRequest::from_parameters(parameters, now)?;
        if !selection.includes(AvailabilityField::Intervals) {
            request.until = None;
        }
        let preconditions = self.preconditions(operation)?;
        let page_id = access.page(node, self.configuration())?;
        access.check_permits(page_id, READ_SCOPE)?;
        let copy = self.page_copy(operation, page_id, preconditions).await?;
        let answer = MessengerCallAvailabilityPayload::new(copy.answers.companion(), &request);
        Ok(Answer {
            body: answer.list(&selection),
            revision: Some(copy.revision),
        })
    }
}
