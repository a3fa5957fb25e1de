//! Conditions on the revision of a Page: held on every edge, never ignored.

use http::Method;
use pagebell_server::{Conditions, ReceivedHeader};
use serde_json::{Value, json};

use crate::harness::{Harness, PATH};

const AVAILABILITY: &str = "/v26.0/1234567890/messenger_call_availability";
const HISTORY: &str = "/v26.0/1234567890/messenger_call_settings_history";

/// Each edge of a Page with a method that it takes.
const EDGES: [(Method, &str); 4] = [
    (Method::GET, PATH),
    (Method::POST, PATH),
    (Method::GET, AVAILABILITY),
    (Method::GET, HISTORY),
];

fn if_match(header: ReceivedHeader<'_>) -> Conditions<'_> {
    Conditions {
        if_match: header,
        ..Conditions::default()
    }
}

fn at_least(header: ReceivedHeader<'_>) -> Conditions<'_> {
    Conditions {
        revision_at_least: header,
        ..Conditions::default()
    }
}

/// A server whose Page is at revision 1, with the button hidden.
async fn at_revision_1() -> Harness {
    let harness = Harness::new().await;
    harness.post("{\"icon_enabled\":false}").await;
    harness
}

#[tokio::test]
async fn they_are_held_on_every_edge() {
    let harness = at_revision_1().await;
    for (method, path) in EDGES {
        for (conditions, status) in [
            (if_match(ReceivedHeader::Text("1")), 200),
            (if_match(ReceivedHeader::Text("*")), 200),
            (if_match(ReceivedHeader::Text("99")), 412),
            (if_match(ReceivedHeader::Text("\"\"\"1")), 400),
            (if_match(ReceivedHeader::Text("")), 400),
            (if_match(ReceivedHeader::Unreadable), 400),
            (if_match(ReceivedHeader::Repeated), 400),
            (at_least(ReceivedHeader::Text("1")), 200),
            (at_least(ReceivedHeader::Text("0")), 200),
            (at_least(ReceivedHeader::Text("99")), 412),
            (at_least(ReceivedHeader::Text("*")), 400),
            (at_least(ReceivedHeader::Text("")), 400),
            (at_least(ReceivedHeader::Unreadable), 400),
            (at_least(ReceivedHeader::Repeated), 400),
        ] {
            let body = if status == 200 {
                "{}"
            } else {
                "{\"audio_enabled\":false}"
            };
            let answer = harness.ask_if(method.clone(), path, conditions, body).await;
            assert_eq!(
                answer.response.status, status,
                "{method} {path} {conditions:?}"
            );
        }
    }
    assert_eq!(
        harness.settings().await["audio_enabled"],
        true,
        "no unmet condition has let an update through"
    );
}

#[tokio::test]
async fn other_conditions_of_http_are_refused_where_something_changes() {
    let harness = at_revision_1().await;
    let conditions = Conditions {
        other: Some("if-unmodified-since"),
        ..Conditions::default()
    };
    for (method, path) in EDGES {
        let answer = harness.ask_if(method.clone(), path, conditions, "{}").await;
        let status = if method == Method::GET { 200 } else { 400 };
        assert_eq!(answer.response.status, status, "{method} {path}");
    }
    let answer = harness.ask_if(Method::POST, PATH, conditions, "{}").await;
    assert!(answer.message().contains("if-unmodified-since"));
}

#[tokio::test]
async fn a_batch_has_none_of_its_own() {
    let harness = at_revision_1().await;
    let batch = json!({ "batch": [{ "relative_url": "1234567890/messenger_call_settings" }] });
    for conditions in [
        if_match(ReceivedHeader::Text("1")),
        at_least(ReceivedHeader::Text("1")),
        Conditions {
            other: Some("if-none-match"),
            ..Conditions::default()
        },
    ] {
        let answer = harness
            .ask_if(Method::POST, "/", conditions, &batch.to_string())
            .await;
        assert_eq!(answer.codes(), (400, 100, None), "{conditions:?}");
    }
}

#[tokio::test]
async fn headers_of_an_operation_are_read_or_refused() {
    let harness = at_revision_1().await;
    let cases = [
        (json!(["If-Match: 99"]), 412),
        (json!([{ "name": "if-match", "value": "99" }]), 412),
        (json!(["Pagebell-Revision-At-Least: 99"]), 412),
        (json!(["If-Match: *", "If-Match: 99"]), 400),
        (json!(["If-Match: 99\u{e9}"]), 400),
        (json!(["If-None-Match: *"]), 400),
        (json!(["If-Match\0: 99"]), 400),
        (json!(["\u{130}f-Match: 99"]), 400),
        (json!(["Content-Encoding: gzip"]), 415),
        (json!({ "If-Match": "99" }), 400),
        (json!("If-Match: 99"), 400),
        (json!(["If-Match 99"]), 400),
        (json!([{ "name": "If-Match" }]), 400),
        (json!([{ "name": "If-Match", "value": 99 }]), 400),
        (json!(["Content-Type: a", "Content-Type: b"]), 400),
        (
            json!(["Authorization: Bearer all", "Authorization: Bearer one"]),
            400,
        ),
        (json!(["If-Match: 1", "Accept: */*"]), 200),
        (Value::Null, 200),
    ];
    for (headers, status) in cases {
        let body = if status == 200 {
            ""
        } else {
            "audio_enabled=false"
        };
        let operation = json!({
            "method": "POST", "relative_url": "1234567890/messenger_call_settings",
            "body": body, "headers": headers,
        });
        let batch = json!({ "batch": [operation] }).to_string();
        let answer = harness
            .ask(Method::POST, "/", "all", Some("application/json"), &batch)
            .await;
        assert_eq!(answer.json[0]["code"], status, "{headers}: {}", answer.json);
    }
    assert_eq!(harness.settings().await["audio_enabled"], true);
}
