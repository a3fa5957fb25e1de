//! Batches.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Harness, PAGE};

const EDGE: &str = "1234567890/messenger_call_settings";

async fn run(harness: &Harness, batch: Value) -> Answer {
    let body = json!({ "batch": batch }).to_string();
    harness
        .ask(
            Method::POST,
            "/v26.0",
            "all",
            Some("application/json"),
            &body,
        )
        .await
}

fn codes(answer: &Answer) -> Vec<i64> {
    let answers = answer.json.as_array().unwrap();
    answers
        .iter()
        .map(|it| it["code"].as_i64().unwrap())
        .collect()
}

fn inner(answer: &Answer, position: usize) -> Value {
    serde_json::from_str(answer.json[position]["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn fifty_operations_and_one_that_fails() {
    let harness = Harness::new().await;
    let mut operations = Vec::new();
    for position in 0..50 {
        operations.push(match position {
            7 => json!({ "method": "POST", "relative_url": EDGE, "body": "audio_enabled=maybe" }),
            even if even % 2 == 0 => json!({ "method": "GET", "relative_url": EDGE }),
            _ => json!({ "method": "POST", "relative_url": EDGE, "body": "audio_enabled=false" }),
        });
    }
    let answer = run(&harness, Value::Array(operations)).await;
    assert_eq!(answer.response.status, 200);
    let mut expected = vec![200; 50];
    expected[7] = 400;
    assert_eq!(codes(&answer), expected);
    assert_eq!(inner(&answer, 0)["data"][0]["audio_enabled"], true);
    assert_eq!(
        inner(&answer, 2)["data"][0]["audio_enabled"],
        false,
        "in their order"
    );
    assert_eq!(inner(&answer, 7)["error"]["code"], 100);
}

#[tokio::test]
async fn every_way_to_send_a_batch() {
    let harness = Harness::new().await;
    let operations = json!([{ "relative_url": EDGE }]);
    let text = operations.to_string();
    let in_json = json!({ "batch": text }).to_string();
    for (address, content_type, body) in [
        (
            "/v26.0/",
            Some("application/x-www-form-urlencoded"),
            format!("batch={text}"),
        ),
        ("/", Some("application/json"), in_json),
        (
            "/v20.0?batch=%5B%7B%22relative_url%22:%221234567890/messenger_call_settings%22%7D%5D",
            None,
            String::new(),
        ),
    ] {
        let answer = harness
            .ask(Method::POST, address, "all", content_type, &body)
            .await;
        assert_eq!(codes(&answer), [200], "{address}");
    }
}

#[tokio::test]
async fn headers_are_an_array_unless_they_are_not_wanted() {
    let harness = Harness::new().await;
    let answer = run(
        &harness,
        json!([{ "relative_url": "404/messenger_call_settings" }]),
    )
    .await;
    let headers = answer.json[0]["headers"].as_array().unwrap();
    assert!(
        headers
            .iter()
            .any(|header| header["name"] == "WWW-Authenticate")
    );
    let body = json!({ "include_headers": false, "batch": [{ "relative_url": EDGE }] });
    let json = Some("application/json");
    let answer = harness
        .ask(Method::POST, "/", "all", json, &body.to_string())
        .await;
    assert_eq!(answer.json[0].get("headers"), None);
}

#[tokio::test]
async fn operations_may_bring_their_own_token() {
    let harness = Harness::new().await;
    let answer = run(
        &harness,
        json!([
            { "relative_url": format!("{EDGE}?access_token=other") },
            { "method": "POST", "relative_url": EDGE, "body": "access_token=one&icon_enabled=false" },
            { "method": "POST", "relative_url": EDGE, "body": "access_token=bare" },
            { "relative_url": EDGE, "access_token": "bare" },
            { "relative_url": EDGE, "access_token": "one" },
            { "relative_url": EDGE, "access_token": "one", "headers": ["Authorization: Bearer all"] },
            { "relative_url": EDGE, "access_token": 5 },
            { "relative_url": EDGE, "Headers": ["If-Match: 99"] },
            { "relative_url": EDGE, "header": ["If-Match: 99"] },
        ]),
    )
    .await;
    assert_eq!(
        codes(&answer),
        [403, 200, 403, 403, 200, 400, 400, 400, 400]
    );
    let no_top_level = harness
        .ask(
            Method::POST,
            "/",
            "",
            Some("application/json"),
            &json!({ "batch": [
            { "relative_url": format!("{EDGE}?access_token=all") },
        ] })
            .to_string(),
        )
        .await;
    assert_eq!(no_top_level.codes(), (400, 104, None));
}

#[tokio::test]
async fn bodies_as_the_node_sdk_writes_them() {
    let harness = Harness::new().await;
    let body = "audio_enabled=true&call_hours={\"timezone_id\":\"Etc/GMT+5\",\
        \"weekly_operating_hours\":[]}&fields=call_hours";
    let answer = run(
        &harness,
        json!([{ "method": "POST", "relative_url": EDGE, "body": body, "attachedFiles": "" }]),
    )
    .await;
    assert_eq!(inner(&answer, 0)["call_hours"]["timezone_id"], "Etc/GMT+5");
}

#[tokio::test]
async fn references_take_values_from_earlier_answers() {
    let harness = Harness::new().await;
    let answer = run(
        &harness,
        json!([
            { "name": "first", "relative_url": EDGE },
            {
                "method": "POST",
                "relative_url": "987/messenger_call_settings",
                "body": "audio_enabled={result=first:$.data.0.video_enabled}&fields=audio_enabled",
            },
            { "name": "bad", "relative_url": "404/messenger_call_settings" },
            { "relative_url": "{result=bad:$.data}/x", "depends_on": "bad" },
        ]),
    )
    .await;
    assert_eq!(codes(&answer), [200, 200, 400, 400]);
    assert_eq!(inner(&answer, 1)["audio_enabled"], false);
    let message = inner(&answer, 3)["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("depends on bad, which failed"),
        "{message}"
    );
}

#[tokio::test]
async fn settings_outside_of_the_body_of_an_operation_are_refused() {
    let harness = Harness::new().await;
    let before = harness.settings().await;
    let operation = |member: &str, value: Value| json!({ "method": "POST", "relative_url": EDGE, member: value });
    let answer = run(
        &harness,
        json!([
            operation("params", json!({ "audio_enabled": false })),
            operation("data", json!("{\"audioEnabled\":false}")),
            operation("audio_enabled", json!(false)),
            operation("attached_files", json!({})),
        ]),
    )
    .await;
    assert_eq!(codes(&answer), [400, 400, 400, 200]);
    for position in 0..3 {
        let message = &inner(&answer, position)["error"]["message"];
        assert!(message.as_str().unwrap().contains("in body"), "{message}");
    }
    assert_eq!(harness.settings().await, before);
}

#[tokio::test]
async fn names_may_be_numbers() {
    let harness = Harness::new().await;
    let answer = run(
        &harness,
        json!([
            { "name": 0, "relative_url": EDGE },
            { "name": 1, "relative_url": EDGE, "depends_on": 0 },
            { "relative_url": "{result=1:$.data.0.x}", "depends_on": [0, 1] },
            { "name": {}, "relative_url": EDGE },
            { "relative_url": EDGE, "depends_on": [-1] },
        ]),
    )
    .await;
    assert_eq!(codes(&answer)[..2], [200, 200]);
    for (position, part) in [(3, "[name] must be a string"), (4, "[depends_on] must be")] {
        let message = &inner(&answer, position)["error"]["message"];
        assert!(message.as_str().unwrap().contains(part), "{message}");
    }
}

#[tokio::test]
async fn answers_are_left_out_only_on_request() {
    let harness = Harness::new().await;
    let answer = run(
        &harness,
        json!([
            { "relative_url": EDGE, "omit_response_on_success": true },
            { "relative_url": "404/x", "omit_response_on_success": true },
            { "name": "a", "relative_url": EDGE },
            { "relative_url": EDGE, "depends_on": "a" },
        ]),
    )
    .await;
    assert_eq!(answer.json[0], Value::Null);
    for position in 1..4 {
        assert!(answer.json[position].is_object(), "{position}");
    }
}

#[tokio::test]
async fn what_is_no_batch() {
    let harness = Harness::new().await;
    let operation = json!({ "relative_url": EDGE });
    let too_many = Value::Array(vec![operation; 51]);
    for (batch, part) in [
        (
            too_many,
            "Too many requests in batch message. Maximum batch size is 50",
        ),
        (
            json!({ "relative_url": EDGE }),
            "batch must be a JSON array of operations - got {",
        ),
        (json!([]), "got an empty one"),
        (
            json!("[broken"),
            "must be a JSON array of operations - got \"[broken\"",
        ),
        (
            json!([{ "relative_url": "{result=x:$.y}" }]),
            "Request 0 cannot depend on an  unresolved request with  name x.",
        ),
    ] {
        let answer = run(&harness, batch).await;
        assert_eq!(answer.codes(), (400, 100, None), "{part}");
        assert!(answer.message().contains(part), "{}", answer.message());
    }
    let answer = harness.ask(Method::POST, "/", "all", None, "").await;
    assert_eq!(answer.message(), "No node specified");
}

#[tokio::test]
async fn a_malformed_operation_spoils_its_own_place_only() {
    let harness = Harness::new().await;
    let answer = run(
        &harness,
        json!([7, { "method": "GET" }, { "relative_url": 7 }, { "method": "G T", "relative_url": EDGE }, { "relative_url": "" }, { "relative_url": EDGE }]),
    )
    .await;
    assert_eq!(codes(&answer), [400, 400, 400, 400, 400, 200]);
    let message = inner(&answer, 1)["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("batch[1][relative_url] is required"),
        "{message}"
    );
}

#[tokio::test]
async fn operations_inherit_the_version_and_may_name_another() {
    let harness = Harness::new().await;
    let batch = json!([
        { "relative_url": EDGE },
        { "relative_url": format!("/v24.0/{PAGE}/messenger_call_settings") },
    ]);
    let body = json!({ "batch": batch }).to_string();
    let answer = harness
        .ask(
            Method::POST,
            "/v21.0/",
            "all",
            Some("application/json"),
            &body,
        )
        .await;
    let versions: Vec<_> = answer
        .json
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|it| it["headers"].as_array().unwrap())
        .filter(|header| header["name"] == "facebook-api-version")
        .map(|header| header["value"].as_str().unwrap())
        .collect();
    assert_eq!(versions, ["v21.0", "v24.0"]);
}

#[tokio::test]
async fn operations_that_time_is_up_for_are_null() {
    let mut configuration = pagebell_server::Configuration::default();
    configuration.limits.request_time = Duration::ZERO;
    let harness = Harness::with(configuration).await;
    let answer = run(
        &harness,
        json!([{ "relative_url": EDGE }, { "relative_url": EDGE }]),
    )
    .await;
    assert_eq!(answer.json, json!([null, null]));
}

#[tokio::test]
async fn an_operation_has_the_body_limit_of_a_single_request() {
    let harness = Harness::new().await;
    let body = format!("note={}", "x".repeat(70_000));
    let answer = run(
        &harness,
        json!([{ "method": "POST", "relative_url": EDGE, "body": body }, { "relative_url": EDGE }]),
    )
    .await;
    assert_eq!(codes(&answer), [413, 200]);
}

#[tokio::test]
async fn references_do_not_make_much_of_little() {
    let harness = Harness::new().await;
    let reference = "{result=a:$}";
    let url = format!("{EDGE}?fields=");
    let operations = json!([
        { "name": "a", "relative_url": EDGE },
        { "relative_url": format!("{url}{}", reference.repeat(5_000)) },
        { "method": "POST", "relative_url": EDGE, "body": reference.repeat(5_000) },
        { "relative_url": format!("{url}{reference}") },
    ]);
    let answer = run(&harness, operations).await;
    assert_eq!(codes(&answer), [200, 413, 413, 400]);
}

#[tokio::test]
async fn a_batch_may_be_posted_to_an_object() {
    let harness = Harness::new().await;
    let batch = json!({ "batch": [{ "relative_url": EDGE }, { "relative_url": "me" }] });
    for address in ["/me", "/v26.0/me", "/v26.0/1234567890/", "/404"] {
        let json = Some("application/json");
        let answer = harness
            .ask(Method::POST, address, "one", json, &batch.to_string())
            .await;
        assert_eq!(codes(&answer), [200, 200], "{address}");
    }
}

#[tokio::test]
async fn the_body_of_a_read_joins_its_query() {
    let harness = Harness::new().await;
    let operations = json!([
        { "method": "GET", "relative_url": EDGE, "body": "fields=icon_enabled&limit=10" },
        { "relative_url": format!("{EDGE}?fields=audio_enabled"), "body": "locale=de" },
        { "relative_url": EDGE, "body": "{\"fields\":[\"video_enabled\"]}" },
        { "relative_url": EDGE, "body": "fields=nothing" },
        { "relative_url": EDGE, "body": "{" },
    ]);
    let answer = run(&harness, operations).await;
    assert_eq!(codes(&answer), [200, 200, 200, 400, 400]);
    assert_eq!(
        inner(&answer, 0),
        json!({ "data": [{ "icon_enabled": true }] })
    );
    assert_eq!(
        inner(&answer, 1),
        json!({ "data": [{ "audio_enabled": true }] })
    );
    assert_eq!(
        inner(&answer, 2),
        json!({ "data": [{ "video_enabled": false }] })
    );
    // A read that stands alone ignores its body (reference).
    let alone = harness
        .ask(
            Method::GET,
            &format!("/{EDGE}"),
            "all",
            Some("application/json"),
            "{\"fields\":[\"video_enabled\"]}",
        )
        .await;
    assert_eq!(alone.json["data"][0].as_object().unwrap().len(), 4);
}

#[tokio::test]
async fn a_batch_within_a_batch_is_refused_on_objects_too() {
    let harness = Harness::new().await;
    let operations = json!([
        { "method": "POST", "relative_url": "me", "body": "batch=[]" },
        { "method": "POST", "relative_url": "", "body": "batch=[]" },
    ]);
    let answer = run(&harness, operations).await;
    assert_eq!(codes(&answer), [400, 400]);
}
