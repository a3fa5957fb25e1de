//! `GET /{page_id}/messenger_call_availability` (ours)

use graph_api::availability::{AvailabilityRequest, MessengerCallAvailabilityPayload};
use graph_api::{FieldSelection, GraphError, Node};
use http::Method;
use jiff::Timestamp;

use crate::access::READ_SCOPE;
use crate::dispatch::{Operation, Pagebell, name_of};
use crate::request::Answer;

impl Pagebell {
    /// Answers whether a Page takes a call. It needs what a read needs.
    pub(crate) async fn call_availability(
        &self,
        operation: Operation<'_>,
        node: Node,
    ) -> Result<Answer, GraphError> {
        if operation.method != Method::GET {
            return Err(GraphError::unsupported_method(
                operation.method,
                &name_of(node),
                "GET",
            ));
        }
        let access = self.page_access(operation, node).await?;
        let parameters = operation.parameters;
        let selection = FieldSelection::from_parameter(parameters.get("fields"))?;
        let request = AvailabilityRequest::from_parameters(parameters, self.present_second())?;
        let page_id = access.page(node)?;
        access.check_permits(page_id, READ_SCOPE)?;
        let copy = self.page_copy(operation, page_id).await?;
        let answer = MessengerCallAvailabilityPayload::new(&copy.answers.availability, &request);
        Ok(Answer {
            body: answer.list(&selection),
            revision: Some(copy.revision),
        })
    }

    /// The present instant in whole seconds, as call hours know no finer times.
    fn present_second(&self) -> Timestamp {
        let now = self.surroundings.clock.now();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }
}
