//! Batches, read and run.

use bytes::Bytes;
use graph_api::batch::{BatchOperation, BatchPlan, MAX_BATCH_OPERATIONS};
use graph_api::{GraphPath, Node, ParameterValue, Route};
use http::{HeaderName, HeaderValue, Method};
use pagebell_server::{Conditions, GraphRequest, GraphResponse, Origin, Profile};
use serde_json::Value;

use crate::envelope::{check_error, checked};
use crate::server::Server;

const TOKEN: &str = "Bearer all";
/// Where operations of a batch find no version of their own.
const VERSIONED_ROOT: &str = "/v26.0";

/// Reads and runs a batch; the input is the text of the parameter `batch`.
///
/// A batch that can be read has one answer for each operation, each in the form of an answer of its
/// own. A batch that only reads answers what the same requests answer one by one.
pub fn batch(input: &[u8]) {
    let text = String::from_utf8_lossy(input).into_owned();
    let plan = BatchPlan::from_parameter(&ParameterValue::Text(text.clone()));
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("batch", &text)
        .finish();
    let body = Bytes::from(body);
    let server = Server::new(Profile::Graph);
    let response = server.ask(GraphRequest {
        content_type: Some("application/x-www-form-urlencoded"),
        body: &body,
        ..request(&Method::POST, VERSIONED_ROOT)
    });
    let json = checked(&response, Profile::Graph);
    let plan = match plan {
        Ok(plan) => plan,
        Err(error) => {
            check_error(&error.standard_error(&response.trace));
            assert_eq!(response.error, Some(error.id()));
            return;
        }
    };
    let operations = plan.operations();
    assert!((1..=MAX_BATCH_OPERATIONS).contains(&operations.len()));
    let answers = json.as_array().expect("a batch is answered with an array");
    assert_eq!(answers.len(), operations.len());
    for answer in answers {
        if !answer.is_null() {
            check_answer(answer);
        }
    }
    let only_reads = operations.iter().flatten().all(is_plain_read);
    for (slot, answer) in operations.iter().zip(answers) {
        match slot {
            Err(error) => {
                assert_eq!(answer["code"], error.entry().status);
            }
            Ok(operation) if only_reads && !operation.omit_response_on_success => {
                check_same_alone(&server, operation, answer);
            }
            Ok(_) => {}
        }
    }
}

fn request<'a>(method: &'a Method, path: &'a str) -> GraphRequest<'a> {
    static EMPTY: Bytes = Bytes::new();
    GraphRequest {
        method,
        path,
        query: "",
        authorization: Some(TOKEN),
        content_type: None,
        conditions: Conditions::default(),
        origin: Origin {
            is_secure: false,
            host: "pagebell.test",
        },
        body: &EMPTY,
    }
}

/// Checks that an element of the answer is an answer: headers that can be sent, a body of JSON.
pub(crate) fn check_answer(answer: &Value) {
    let code = answer["code"].as_u64().expect("an answer has a code");
    let body = answer["body"].as_str().expect("an answer has a body");
    let body: Value = serde_json::from_str(body).expect("the body is JSON");
    assert_eq!(code != 200, body.get("error").is_some(), "{answer}");
    assert!(code < 500, "{answer}");
    if let Some(headers) = answer["headers"].as_array() {
        for header in headers {
            let name = header["name"].as_str().expect("a header has a name");
            let value = header["value"].as_str().expect("a header has a value");
            assert!(HeaderName::try_from(name).is_ok(), "{name:?}");
            assert!(HeaderValue::from_str(value).is_ok(), "{value:?}");
        }
    }
}

/// Whether an operation does nothing but read one Page, with the token of the batch and without the
/// answers of others.
fn is_plain_read(operation: &BatchOperation) -> bool {
    let url = operation.relative_url.as_str();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let route = GraphPath::parse(&operation.method, path).map(|path| path.route);
    let is_read = matches!(route, Ok(Route::Edge(Node::Page(_), _)));
    let lower = url.to_ascii_lowercase();
    is_read
        && operation.method == Method::GET
        && operation.headers.is_empty()
        && !query.contains("token")
        && !query.contains("method")
        && !query.contains('%')
        && !lower.contains("result")
        && operation.resolved(usize::MAX, |_name| None).is_ok()
}

fn check_same_alone(server: &Server, operation: &BatchOperation, answer: &Value) {
    let url = operation.relative_url.as_str();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let alone: GraphResponse = server.ask(GraphRequest {
        query,
        ..request(&Method::GET, path)
    });
    assert_eq!(answer["code"], alone.status, "{url}");
    let body = answer["body"].as_str().map(str::as_bytes);
    assert_eq!(body, Some(&*alone.body), "{url}");
}
