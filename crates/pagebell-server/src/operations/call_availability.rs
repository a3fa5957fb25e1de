//! `GET /{page_id}/messenger_call_availability` (ours)

use call_settings::at_whole_second;
use graph_api::availability::{
    AvailabilityField, AvailabilityRequest, MessengerCallAvailabilityPayload,
};
use graph_api::{FieldSelection, GraphError, Node};
use jiff::SignedDuration;

use crate::access::READ_SCOPE;
use crate::dispatch::{Operation, Pagebell, name_of, only_get, too_many_waiting};
use crate::request::Answer;

/// The longest span whose intervals are listed where the request runs: those of a month are found
/// and written in less than a millisecond, however many there are a day.
const LONGEST_SHORT_SPAN: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Whether the answer is long enough to be made elsewhere than on a thread of the runtime.
fn is_long(request: &AvailabilityRequest) -> bool {
    request
        .until
        .is_some_and(|until| until.duration_since(request.at) > LONGEST_SHORT_SPAN)
}

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
        let revision = Some(copy.revision);
        let write = move || {
            MessengerCallAvailabilityPayload::new(copy.answers.companion(), &request)
                .list(&selection)
        };
        let body = if is_long(&request) {
            let written = self.offloaded.others.run(async move { write() }).await;
            written.map_err(too_many_waiting)?
        } else {
            write()
        };
        Ok(Answer { body, revision })
    }
}
