//! How much work the readers of untrusted bytes do: in proportion to the length of their input, for
//! any input. A test counts the instructions of each reader on inputs of two lengths.

use bytes::Bytes;
use call_settings::{CallHours, HoursLimits, SettingsField};
use graph_api::availability::AvailabilityRequest;
use graph_api::batch::BatchPlan;
use graph_api::history::HistoryRequest;
use graph_api::{
    FieldSelection, GraphPath, ParameterValue, Parameters, parse_instant, settings_submission,
};
use http::Method;
use jiff::Timestamp;
use pagebell_server::{Conditions, GraphRequest, Origin, Profile};
use serde_json::{Value, json};

use crate::server::Server;

/// A reader: its name and what it does with a text.
pub type Reader = (&'static str, fn(&str));

/// Every reader of bytes that a stranger sends, or that a person writes.
pub const READERS: [Reader; 11] = [
    ("query", query),
    ("form", form),
    ("json", json_body),
    ("multipart", multipart),
    ("fields", fields),
    ("batch", batch),
    ("references", references),
    ("settings", settings),
    ("path", path),
    ("dispatch", dispatch),
    ("hours", hours),
];

/// What an input consists of: a beginning, and a part that is repeated up to its length. Each part
/// begins something that a reader may look for the end of.
const PATTERNS: [(&str, &str); 37] = [
    ("", "a=[&"),
    ("", "a={\"&"),
    ("", "a=1&"),
    ("", "icon_enabled=1&"),
    ("", "&"),
    ("", "="),
    ("", "%"),
    ("", "%41"),
    ("", "%7b"),
    ("", "+"),
    ("", "\u{e9}"),
    ("", " "),
    ("{\"a\":", "["),
    ("{\"a\":[", "1,"),
    ("{\"a\":[", "{},"),
    ("{", "\"a\":1,"),
    ("{\"a\":\"", "\\\\"),
    ("{\"a\":\"", "\\u0041"),
    ("{\"a\":", "9"),
    ("[", "\"call_hours\","),
    ("", "call_hours,"),
    ("", "call_hours{"),
    ("", "a.limit("),
    ("", "a.as(b)."),
    ("", "{result=a:$.b}"),
    ("", "{result="),
    ("", "%7Bresult%3D"),
    ("", "{result=a:$."),
    ("--x\r\n", "--x\r\n"),
    ("--x\r\n", "Content-Disposition: form-data; name=\"a\"\r\n"),
    ("--x\r\nContent-Disposition: form-data; name=\"", "a"),
    (
        "",
        "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n",
    ),
    ("", "Mon-Fri 09:00-17:00; "),
    ("Mon ", "9-10, "),
    ("Mon ", "("),
    ("", "/"),
    ("", "Monday"),
];

/// Gives the reader each pattern in the length.
pub fn read_all_patterns(read: fn(&str), length: usize) {
    for (beginning, part) in PATTERNS {
        let mut input = beginning.to_owned();
        while input.len() < length {
            input.push_str(part);
        }
        read(&input);
    }
}

fn query(text: &str) {
    let parameters = Parameters::from_query(text);
    let _ = parameters.check();
    let _ = HistoryRequest::from_parameters(&parameters);
    let _ = AvailabilityRequest::from_parameters(&parameters, Timestamp::UNIX_EPOCH);
}

fn body(content_type: &str, text: &str) {
    let mut parameters = Parameters::default();
    let body = Bytes::copy_from_slice(text.as_bytes());
    if parameters
        .extend_from_body(Some(content_type), &body)
        .is_ok()
    {
        let _ = parameters.check();
    }
}

fn form(text: &str) {
    body("application/x-www-form-urlencoded", text);
}

fn json_body(text: &str) {
    body("application/json", text);
}

fn multipart(text: &str) {
    body("multipart/form-data; boundary=x", text);
}

fn fields(text: &str) {
    let value = ParameterValue::Text(text.to_owned());
    let _ = FieldSelection::<SettingsField>::from_parameter(Some(&value));
}

fn batch(text: &str) {
    let _ = BatchPlan::from_parameter(&ParameterValue::Text(text.to_owned()));
}

/// References of an operation to an earlier one, which has answered.
fn references(text: &str) {
    let plan = json!([
        { "relative_url": "1", "name": "a" },
        { "relative_url": text, "body": text },
    ]);
    let answer = json!({ "b": [1, 2, 3] });
    if let Ok(plan) = BatchPlan::from_parameter(&ParameterValue::Json(plan)) {
        for operation in plan.operations().iter().flatten() {
            let _ = operation.has_dependencies();
            let _ = operation.resolved(text.len(), |_name| Some(&answer));
        }
    }
}

/// Each field of an update with the text as its value.
fn settings(text: &str) {
    for field in SettingsField::ALL {
        for value in [
            Value::from(text),
            json!({ "timezone_id": text, "weekly_operating_hours": [{ "open_time": text }] }),
            json!({ text: text }),
        ] {
            let members = serde_json::Map::from_iter([(field.name().to_owned(), value)]);
            let parameters = Parameters::from(members);
            let _ = settings_submission(&parameters).validate(HoursLimits::default());
        }
    }
}

fn path(text: &str) {
    let _ = GraphPath::parse(&Method::GET, text);
    let _ = parse_instant(text);
}

/// A whole request of which each part is the text.
fn dispatch(text: &str) {
    let server = Server::new(Profile::Graph);
    let body = Bytes::copy_from_slice(text.as_bytes());
    server.ask(GraphRequest {
        method: &Method::POST,
        path: "/v26.0/1234567890/messenger_call_settings",
        query: text,
        authorization: Some(text),
        content_type: None,
        conditions: Conditions {
            if_match: Some(text).into(),
            revision_at_least: Some(text).into(),
            other: None,
        },
        origin: Origin {
            is_secure: false,
            host: text,
        },
        body: &body,
    });
}

fn hours(text: &str) {
    let _ = CallHours::from_text(text, None, HoursLimits::default());
}
