//! `POST /` with `batch`: many operations in one request.

use std::collections::HashMap;

use bytes::Bytes;
use graph_api::batch::{BatchAnswer, BatchOperation, BatchPlan, write_answers};
use graph_api::{GraphError, GraphVersion, ParameterValue, Parameters};
use serde_json::Value;

use crate::access::Credentials;
use crate::dispatch::{Operation, Pagebell};
use crate::request::{GraphRequest, GraphResponse, Origin, REVISION_AT_LEAST_HEADER};

impl Pagebell {
    /// Runs the operations one after the other, each like a single request. One that fails never
    /// fails its neighbours; those that time is up for are answered with `null` (documented).
    pub(crate) async fn batch(
        &self,
        operation: Operation<'_>,
        version: GraphVersion,
    ) -> Result<Bytes, GraphError> {
        let origin = operation.request.origin;
        let begun = self.surroundings.clock.monotonic();
        let parameters = operation.parameters;
        let credentials = self
            .credentials(operation)?
            .ok_or_else(GraphError::token_missing)?;
        self.authenticate(operation, &credentials).await?;
        operation.body.clone()?;
        let plan = parameters
            .get("batch")
            .ok_or_else(|| GraphError::no_node(true))?;
        let plan = BatchPlan::from_parameter(plan)?;
        let with_headers = wants_headers(parameters)?;

        let mut results: HashMap<&str, Value> = HashMap::new();
        let mut answers = Vec::with_capacity(plan.operations().len());
        for slot in plan.operations() {
            let elapsed = self.surroundings.clock.monotonic().saturating_sub(begun);
            if elapsed >= self.configuration.limits.request_time {
                answers.push(None);
                continue;
            }
            let response = match slot {
                Ok(operation) => {
                    let answer = |name: &str| results.get(name);
                    match operation.resolved(self.configuration.limits.body_bytes, answer) {
                        Ok(resolved) => self.run(&resolved, version, credentials, origin).await,
                        Err(error) => self.refused(&error),
                    }
                }
                Err(error) => self.refused(error),
            };
            let succeeded = response.error.is_none();
            if let Ok(BatchOperation {
                name: Some(name), ..
            }) = slot
                && succeeded
                && let Ok(value) = serde_json::from_slice(&response.body)
            {
                results.insert(name, value);
            }
            let omitted =
                succeeded && matches!(slot, Ok(operation) if operation.omit_response_on_success);
            answers.push((!omitted).then(|| answer_of(&response, with_headers)));
            // Operations may all be answered from memory, without a wait in which others get their turn.
            tokio::task::yield_now().await;
        }
        Ok(Bytes::from(write_answers(&answers)))
    }

    async fn run(
        &self,
        operation: &BatchOperation,
        version: GraphVersion,
        inherited: Credentials<'_>,
        origin: Origin<'_>,
    ) -> GraphResponse {
        let (path, query) = operation
            .relative_url
            .split_once('?')
            .unwrap_or((&operation.relative_url, ""));
        let header = |wanted: &str| {
            let headers = operation.headers.iter();
            headers
                .rev()
                .find(|(name, _value)| name.eq_ignore_ascii_case(wanted))
                .map(|(_name, value)| value.as_str())
        };
        let body = Bytes::from(operation.body.clone().unwrap_or_default());
        let limit = self.configuration.limits.body_bytes;
        if body.len() > limit {
            return self.refused(&GraphError::body_too_large(limit));
        }
        let request = GraphRequest {
            method: &operation.method,
            path,
            query,
            authorization: header("Authorization"),
            content_type: header("Content-Type"),
            if_match: header("If-Match"),
            revision_at_least: header(REVISION_AT_LEAST_HEADER),
            origin,
            body: &body,
        };
        self.measured(request, version, Some(inherited)).await
    }
}

fn answer_of(response: &GraphResponse, with_headers: bool) -> BatchAnswer {
    BatchAnswer {
        code: response.status,
        headers: with_headers.then(|| response.header_pairs()),
        body: String::from_utf8_lossy(&response.body).into_owned(),
    }
}

/// `include_headers`: true where it is absent.
fn wants_headers(parameters: &Parameters) -> Result<bool, GraphError> {
    let Some(value) = parameters.get("include_headers") else {
        return Ok(true);
    };
    match (value, value.as_text()) {
        (ParameterValue::Json(Value::Bool(wanted)), _) => Ok(*wanted),
        (_, Some("true" | "1")) => Ok(true),
        (_, Some("false" | "0")) => Ok(false),
        _ => Err(GraphError::parameter_invalid(
            "include_headers must be a boolean, true or false",
        )),
    }
}
