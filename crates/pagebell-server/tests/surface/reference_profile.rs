//! The published page to the letter.

use http::Method;
use serde_json::json;

use crate::harness::{Harness, PATH};

const ALL_THREE: &str = "access_token=all&oauth_token=all";

#[tokio::test]
async fn all_three_credentials_are_needed() {
    let harness = Harness::reference().await;
    let get = async |query: &str, token: &str| {
        let address = format!("{PATH}?{query}");
        harness.ask(Method::GET, &address, token, None, "").await
    };
    assert_eq!(get(ALL_THREE, "all").await.response.status, 200);
    for (query, token, code) in [
        ("access_token=all", "all", 190),
        ("oauth_token=all", "all", 190),
        (ALL_THREE, "", 190),
        ("access_token=all&oauth_token=one", "all", 190),
        ("", "", 190),
    ] {
        assert_eq!(
            get(query, token).await.codes(),
            (400, code, None),
            "{query} {token}"
        );
    }
}

#[tokio::test]
async fn errors_are_flat_and_statuses_are_three() {
    let harness = Harness::reference().await;
    let answer = harness
        .ask(
            Method::GET,
            "/v26.0/bakery/messenger_call_settings",
            "all",
            None,
            "",
        )
        .await;
    assert_eq!(answer.response.status, 400);
    assert_eq!(answer.json["code"], 803);
    assert!(answer.json.get("error").is_none());

    let address = format!("{PATH}?access_token=bare&oauth_token=bare");
    let answer = harness.ask(Method::GET, &address, "bare", None, "").await;
    assert_eq!(answer.codes(), (403, 230, None));
}

#[tokio::test]
async fn nothing_but_the_two_endpoints_exists() {
    let harness = Harness::reference().await;
    for (method, path) in [
        (Method::POST, "/v26.0"),
        (Method::POST, "/"),
        (Method::GET, "/v26.0/debug_token"),
        (Method::DELETE, PATH),
        (Method::GET, "/v26.0/1234567890"),
    ] {
        let address = format!("{path}?{ALL_THREE}&batch=%5B%5D&input_token=all");
        let answer = harness.ask(method, &address, "all", None, "").await;
        assert_eq!(answer.response.status, 400, "{path}");
    }
}

#[tokio::test]
async fn updates_work() {
    let harness = Harness::reference().await;
    let address = format!("{PATH}?{ALL_THREE}");
    let json = Some("application/json");
    let answer = harness.ask(Method::POST, &address, "all", json, "{}").await;
    assert_eq!(answer.json, json!({ "result": "success" }));
}
