//! `debug_token`.

use http::Method;
use serde_json::json;

use crate::harness::{Harness, SECRET};

async fn look(harness: &Harness, token: &str, query: &str) -> crate::harness::Answer {
    let address = format!("/v26.0/debug_token?{query}");
    harness.ask(Method::GET, &address, token, None, "").await
}

#[tokio::test]
async fn a_token_may_look_at_itself() {
    let harness = Harness::new().await;
    let answer = look(&harness, "of-app", "input_token=of-app").await;
    assert_eq!(
        answer.json,
        json!({ "data": {
            "app_id": "1",
            "application": "App 1",
            "type": "PAGE",
            "data_access_expires_at": 0,
            "expires_at": 0,
            "issued_at": 1_764_000_000,
            "is_valid": true,
            "profile_id": "1234567890",
            "scopes": ["pages_messaging"],
            "granular_scopes": [{ "scope": "pages_messaging", "target_ids": ["1234567890"] }],
        } })
    );
    let answer = look(&harness, "of-app", "input_token=of-app&fields=app_id").await;
    assert_eq!(answer.json, json!({ "data": { "app_id": "1" } }));
}

#[tokio::test]
async fn the_app_and_operators_may_look_too_and_others_not() {
    let harness = Harness::new().await;
    let own = format!("1|{SECRET}");
    assert_eq!(
        look(&harness, &own, "input_token=of-app")
            .await
            .response
            .status,
        200
    );
    assert_eq!(
        look(&harness, &own, "input_token=strict").await.codes(),
        (403, 200, None)
    );
    assert_eq!(
        look(&harness, "operator", "input_token=strict")
            .await
            .response
            .status,
        200
    );
    assert_eq!(
        look(&harness, "one", "input_token=two").await.codes(),
        (403, 200, None)
    );
    let app = look(&harness, &own, &format!("input_token=1%7C{SECRET}")).await;
    assert_eq!(app.json["data"]["type"], "APP");
}

#[tokio::test]
async fn dead_tokens_are_described_not_refused() {
    let harness = Harness::new().await;
    let unknown = look(&harness, "one", "input_token=nobody%27s").await;
    assert_eq!(unknown.json["data"]["is_valid"], false);
    assert_eq!(unknown.json["data"]["error"]["code"], 190);
    harness.clock.advance(std::time::Duration::from_secs(4_000));
    let expired = look(&harness, "operator", "input_token=brief").await;
    assert_eq!(expired.json["data"]["is_valid"], false);
    assert_eq!(expired.json["data"]["error"]["subcode"], 463);
}

#[tokio::test]
async fn what_it_needs() {
    let harness = Harness::new().await;
    assert_eq!(look(&harness, "one", "").await.codes(), (400, 100, None));
    assert_eq!(
        look(&harness, "", "input_token=one").await.codes(),
        (400, 104, None)
    );
    let post = harness
        .ask(Method::POST, "/debug_token", "one", None, "")
        .await;
    assert_eq!(post.codes(), (400, 100, Some(33)));
}
