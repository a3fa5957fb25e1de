//! `POST /{page_id}/business_messaging_feature_status` (guide)

use graph_api::feature_status::FeatureStatusRequest;
use graph_api::{GraphError, Node};
use http::Method;

use crate::access::READ_SCOPE;
use crate::dispatch::{Operation, Pagebell, name_of};
use crate::request::Answer;

impl Pagebell {
    /// Answers whether a Page may use the features asked for. It changes nothing, and needs what a
    /// read of settings needs.
    pub(crate) async fn feature_status(
        &self,
        operation: Operation<'_>,
        node: Node,
    ) -> Result<Answer, GraphError> {
        if operation.method != Method::POST {
            let name = name_of(node);
            return Err(GraphError::unsupported_method(
                operation.method,
                &name,
                "POST",
            ));
        }
        let access = self.page_access(operation, node).await?;
        let request = FeatureStatusRequest::from_parameters(operation.parameters)?;
        let preconditions = self.preconditions(operation)?;
        let page_id = access.page(node, self.configuration())?;
        access.check_permits(page_id, READ_SCOPE)?;
        let record = self.page_record(operation, page_id).await?;
        preconditions.check(record.revision)?;
        Ok(Answer::from(request.answer(record.calling.eligible)))
    }
}
