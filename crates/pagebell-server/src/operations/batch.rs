//! `POST /` with `batch`: many operations in one request.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use call_settings::PageId;
use futures_util::future::join_all;
use graph_api::batch::{BatchAnswer, BatchOperation, BatchPlan, OperationSlot, write_answers};
use graph_api::{
    Edge, GraphError, GraphPath, GraphVersion, Node, ParameterValue, Parameters, Route,
};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::access::Credentials;
use crate::conditions::{Conditions, ReceivedHeader};
use crate::dispatch::{Operation, Pagebell};
use crate::operations::batch_answers::AnswerRoom;
use crate::request::{GraphRequest, GraphResponse, Origin};

/// What the operations of a batch have in common.
#[derive(Clone, Copy)]
struct Batch<'a> {
    version: GraphVersion,
    credentials: Credentials<'a>,
    origin: Origin<'a>,
    /// When the batch began, by the monotonic clock.
    begin: Duration,
    /// Held by the one operation that may take a thread for long: a batch takes one place among
    /// such requests, however many of its operations are of this kind.
    long_turn: &'a Mutex<()>,
    /// What the answers may hold.
    room: &'a AnswerRoom,
}

/// An operation of a batch, with its values in place of its references, and its position.
type Resolved<'a> = (usize, Cow<'a, BatchOperation>);

impl Pagebell {
    /// Runs the operations, each like a single request. One that fails never fails its neighbours;
    /// those that time is up for are answered with `null` (documented).
    ///
    /// Operations on different Pages run side by side, so that their updates share commits. Those
    /// on one Page keep their order, and one that refers to an earlier operation, or whose path
    /// names no Page by its id, runs after all before it and before all behind it.
    pub(crate) async fn batch(
        &self,
        operation: Operation<'_>,
        version: GraphVersion,
    ) -> Result<Bytes, GraphError> {
        let begin = self.surroundings.clock.monotonic();
        let parameters = operation.parameters;
        let credentials = self
            .credentials(operation)?
            .ok_or_else(GraphError::token_missing)?;
        self.authenticate(operation, &credentials).await?;
        operation.body.clone()?;
        self.refuse_conditions(operation, "a batch; give it to the operations on that Page")?;
        let plan = parameters
            .get("batch")
            .ok_or_else(|| GraphError::no_node(true))?;
        let plan = BatchPlan::from_parameter(plan)?;
        let with_headers = wants_headers(parameters)?;
        let long_turn = Mutex::new(());
        let room = AnswerRoom::new(self);
        let batch = Batch {
            version,
            credentials,
            origin: operation.request.origin,
            begin,
            long_turn: &long_turn,
            room: &room,
        };

        let slots = plan.operations();
        let mut responses: Vec<Option<GraphResponse>> = vec![None; slots.len()];
        let mut results: HashMap<&str, Value> = HashMap::new();
        // The answers of the operations before this position are among the results.
        let mut kept = 0;
        let mut group: BTreeMap<PageId, Vec<Resolved<'_>>> = BTreeMap::new();
        for (position, slot) in slots.iter().enumerate() {
            let operation = match slot {
                Ok(operation) => operation,
                Err(error) => {
                    responses[position] = Some(self.refused(error));
                    continue;
                }
            };
            if let Some(page_id) = page_alone(operation) {
                let chain = group.entry(page_id).or_default();
                chain.push((position, Cow::Borrowed(operation)));
                continue;
            }
            self.run_group(batch, std::mem::take(&mut group), &mut responses)
                .await;
            keep_results(
                &slots[kept..position],
                &responses[kept..position],
                &mut results,
            );
            kept = position;
            let limit = self.configuration.limits.body_bytes;
            match operation.resolved(limit, |name| results.get(name)) {
                Ok(resolved) => {
                    let chain = vec![(position, Cow::Owned(resolved))];
                    self.run_chain(batch, chain, &mut |position, response| {
                        responses[position] = response;
                    })
                    .await;
                }
                Err(error) => responses[position] = Some(self.refused(&error)),
            }
        }
        self.run_group(batch, group, &mut responses).await;
        let answers: Vec<_> = slots
            .iter()
            .zip(responses)
            .map(|(slot, response)| {
                let response = response?;
                let omitted = response.error.is_none()
                    && matches!(slot, Ok(operation) if operation.omit_response_on_success);
                (!omitted).then(|| answer_of(response, with_headers))
            })
            .collect();
        Ok(Bytes::from(write_answers(&answers)))
    }

    /// Runs the operations of several Pages side by side, those of each Page in their order.
    async fn run_group(
        &self,
        batch: Batch<'_>,
        group: BTreeMap<PageId, Vec<Resolved<'_>>>,
        responses: &mut [Option<GraphResponse>],
    ) {
        let chains = group.into_values().map(|chain| async move {
            let mut found = Vec::with_capacity(chain.len());
            self.run_chain(batch, chain, &mut |position, response| {
                found.push((position, response));
            })
            .await;
            found
        });
        for (position, response) in join_all(chains).await.into_iter().flatten() {
            responses[position] = response;
        }
    }

    /// Runs operations one after the other. The response is `None` where time was up before.
    async fn run_chain(
        &self,
        batch: Batch<'_>,
        chain: Vec<Resolved<'_>>,
        answered: &mut (dyn FnMut(usize, Option<GraphResponse>) + Send),
    ) {
        for (position, operation) in chain {
            let now = self.surroundings.clock.monotonic();
            let is_time_up =
                now.saturating_sub(batch.begin) >= self.configuration.limits.request_time;
            let response = if is_time_up {
                None
            } else {
                let _turn = if may_take_long(&operation) {
                    Some(batch.long_turn.lock().await)
                } else {
                    None
                };
                let response = self.run(batch, position, &operation).await;
                Some(match batch.room.take(&operation, &response) {
                    Ok(()) => response,
                    Err(error) => self.refused(&error),
                })
            };
            answered(position, response);
            // Operations may all be answered from memory, without a wait in which other requests
            // get their turn.
            tokio::task::yield_now().await;
        }
    }

    async fn run(
        &self,
        batch: Batch<'_>,
        position: usize,
        operation: &BatchOperation,
    ) -> GraphResponse {
        let (path, query) = operation
            .relative_url
            .split_once('?')
            .unwrap_or((&operation.relative_url, ""));
        let mut conditions = Conditions::default();
        let mut authorization = ReceivedHeader::Absent;
        let mut content_type = ReceivedHeader::Absent;
        for (name, value) in &operation.headers {
            let value = Some(value.as_str()).filter(|value| value.is_ascii());
            if name.eq_ignore_ascii_case("authorization") {
                authorization.add(value);
            } else if name.eq_ignore_ascii_case("content-type") {
                content_type.add(value);
            } else if name.eq_ignore_ascii_case("content-encoding") {
                let encoding = value.unwrap_or("that is no text");
                if !encoding.eq_ignore_ascii_case("identity") {
                    return self.refused(&GraphError::encoded_body(encoding));
                }
            } else {
                conditions.add(name, || value);
            }
        }
        let own_token = operation.access_token.as_ref();
        let own_token = own_token.map(|token| format!("Bearer {token}"));
        if let Some(own_token) = &own_token {
            authorization.add(Some(own_token));
        }
        let authorization = match authorization {
            ReceivedHeader::Absent => None,
            ReceivedHeader::Text(value) => Some(value),
            ReceivedHeader::Unreadable => return self.refused(&GraphError::token_unknown()),
            ReceivedHeader::Repeated => {
                return self.refused(&GraphError::tokens_differ(
                    "Authorization and access_token of an operation",
                ));
            }
        };
        let content_type = match content_type {
            ReceivedHeader::Absent => None,
            ReceivedHeader::Text(value) => Some(value),
            ReceivedHeader::Unreadable | ReceivedHeader::Repeated => {
                return self.refused(&GraphError::batch_operation_invalid(
                    position,
                    "[headers] must have Content-Type once, with a value in ASCII",
                ));
            }
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
            authorization,
            content_type,
            conditions,
            origin: batch.origin,
            body: &body,
        };
        self.measured(request, batch.version, Some(batch.credentials))
            .await
    }
}

/// The Page that an operation is about, if its path names one by its id and it refers to no other
/// operation.
fn page_alone(operation: &BatchOperation) -> Option<PageId> {
    if operation.has_dependencies() {
        return None;
    }
    let path = operation.relative_url.split('?').next()?;
    match GraphPath::parse(&operation.method, path).ok()?.route {
        Route::Edge(Node::Page(page_id), _) => Some(page_id),
        _ => None,
    }
}

/// Whether an operation may be among those that run off the threads of the runtime. Looked at
/// roughly: one that is taken for such an operation only waits for its turn.
fn may_take_long(operation: &BatchOperation) -> bool {
    let path = operation.relative_url.split('?').next().unwrap_or_default();
    match GraphPath::parse(&operation.method, path).map(|path| path.route) {
        Ok(Route::Edge(_, Edge::MessengerCallAvailability)) => {
            let body = operation.body.as_deref().unwrap_or_default();
            operation.relative_url.contains("until") || body.contains("until")
        }
        Ok(Route::Edge(_, Edge::MessengerCallSettingsHistory) | Route::DebugToken) => true,
        _ => false,
    }
}

/// Keeps the answers of the named operations that succeeded, for later ones to refer to.
fn keep_results<'a>(
    slots: &'a [OperationSlot],
    responses: &[Option<GraphResponse>],
    results: &mut HashMap<&'a str, Value>,
) {
    for (slot, response) in slots.iter().zip(responses) {
        if let Ok(BatchOperation {
            name: Some(name), ..
        }) = slot
            && let Some(response) = response
            && response.error.is_none()
            && let Ok(value) = serde_json::from_slice(&response.body)
        {
            results.insert(name, value);
        }
    }
}

fn answer_of(response: GraphResponse, with_headers: bool) -> BatchAnswer {
    BatchAnswer {
        code: response.status,
        headers: with_headers.then(|| response.header_pairs()),
        // Without a copy where the bytes are nobody else's.
        body: String::from_utf8(response.body.into())
            .unwrap_or_else(|no_text| String::from_utf8_lossy(no_text.as_bytes()).into_owned()),
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
