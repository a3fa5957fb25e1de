//! `/control/clock`

use std::time::Duration;

use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Answer, Harness, MONDAYS, PATH};

const CLOCK: &str = "/control/clock";

async fn steer(harness: &Harness, command: Value) -> Answer {
    let json = Some("application/json");
    harness
        .ask(Method::POST, CLOCK, "operator", json, &command.to_string())
        .await
}

async fn now(harness: &Harness) -> String {
    let answer = harness.ask(Method::GET, CLOCK, "operator", None, "").await;
    answer.json["now"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_is_set_frozen_advanced_and_reset() {
    let harness = Harness::steerable().await;
    let hour = Duration::from_hours(1);
    assert_eq!(now(&harness).await, "2025-11-24T16:00:00Z");

    let answer = steer(&harness, json!({ "set": "2026-03-29T01:59:00+01:00" })).await;
    assert_snapshot!(answer.json, @r#"{"now":"2026-03-29T00:59:00Z","frozen":false,"steered":true}"#);
    harness.clock.advance(hour);
    assert_eq!(now(&harness).await, "2026-03-29T01:59:00Z", "it runs on");

    let answer = steer(&harness, json!({ "freeze": true, "advance": "1m" })).await;
    assert_snapshot!(answer.json, @r#"{"now":"2026-03-29T02:00:00Z","frozen":true,"steered":true}"#);
    harness.clock.advance(hour);
    assert_eq!(
        now(&harness).await,
        "2026-03-29T02:00:00Z",
        "it stands still"
    );
    steer(&harness, json!({ "advance": 90 })).await;
    assert_eq!(
        now(&harness).await,
        "2026-03-29T02:01:30Z",
        "it still stands still"
    );
    steer(&harness, json!({})).await;
    assert_eq!(
        now(&harness).await,
        "2026-03-29T02:01:30Z",
        "nothing asked, nothing done"
    );

    steer(&harness, json!({ "freeze": false })).await;
    harness.clock.advance(hour);
    assert_eq!(
        now(&harness).await,
        "2026-03-29T03:01:30Z",
        "it runs on from there"
    );

    let answer = steer(&harness, json!({ "reset": true })).await;
    assert_snapshot!(answer.json, @r#"{"now":"2025-11-24T19:00:00Z","frozen":false,"steered":false}"#);
}

#[tokio::test]
async fn forms_and_queries_do_too() {
    let harness = Harness::steerable().await;
    let form = Some("application/x-www-form-urlencoded");
    let body = "set=1774746000&freeze=1";
    let answer = harness
        .ask(Method::POST, CLOCK, "operator", form, body)
        .await;
    assert_eq!(answer.json["now"], "2026-03-29T01:00:00Z");
    let address = format!("{CLOCK}?advance=2d&access_token=operator");
    let answer = harness.ask(Method::POST, &address, "", None, "").await;
    assert_eq!(answer.json["now"], "2026-03-31T01:00:00Z");
}

#[tokio::test]
async fn everything_asks_this_clock() {
    let harness = Harness::steerable().await;
    harness.post(&format!("{{\"call_hours\":{MONDAYS}}}")).await;
    steer(
        &harness,
        json!({ "set": "2026-03-30T12:00:00Z", "freeze": true }),
    )
    .await;

    let answer = harness
        .get("/v26.0/1234567890/messenger_call_availability")
        .await;
    assert_eq!(answer.json["data"][0]["at"], "2026-03-30T12:00:00Z");
    assert_eq!(answer.json["data"][0]["accepting_calls"], true);

    // The token lived for an hour from the machine's time on.
    let answer = harness.ask(Method::GET, PATH, "brief", None, "").await;
    assert_eq!(answer.codes(), (400, 190, Some(463)));

    harness.post("{\"icon_enabled\":false}").await;
    let page_id = call_settings::PageId::new(crate::harness::PAGE);
    let store: &dyn settings_store::SettingsStore = &*harness.store;
    let history = store.history(page_id, None, 1).await.unwrap();
    assert_eq!(history[0].changed_at.to_string(), "2026-03-30T12:00:00Z");

    steer(&harness, json!({ "reset": true })).await;
    let answer = harness.ask(Method::GET, PATH, "brief", None, "").await;
    assert_eq!(answer.response.status, 200);
}

#[tokio::test]
async fn operators_cannot_lock_themselves_out() {
    let harness = Harness::steerable().await;
    let brief = settings_store::TokenRecord {
        token_id: settings_store::TokenId::new(99),
        hash: settings_store::TokenHash::of("brief-operator"),
        app_id: None,
        coverage: settings_store::Coverage::AllPages,
        scopes: vec!["pagebell_operator".to_owned()],
        issued_at: pagebell_server::Clock::now(&*harness.clock),
        expires_at: Some(pagebell_server::Clock::now(&*harness.clock) + Duration::from_hours(1)),
        revoked_at: None,
    };
    settings_store::SettingsStore::put_token(&*harness.store, brief)
        .await
        .unwrap();
    for body in ["advance=2h", "reset=true"] {
        let answer = harness
            .ask(Method::POST, CLOCK, "brief-operator", None, body)
            .await;
        assert_eq!(answer.response.status, 200, "{body}");
    }
    harness.clock.advance(Duration::from_hours(2));
    let answer = harness
        .ask(Method::GET, CLOCK, "brief-operator", None, "")
        .await;
    assert_eq!(
        answer.codes(),
        (400, 190, Some(463)),
        "by the machine's time"
    );
}

#[tokio::test]
async fn it_is_for_operators_of_servers_that_allow_it() {
    let harness = Harness::steerable().await;
    let codes = async |harness: &Harness, token: &str| {
        let answer = harness
            .ask(Method::POST, CLOCK, token, None, "freeze=true")
            .await;
        answer.codes()
    };
    assert_eq!(codes(&harness, "").await, (400, 104, None));
    assert_eq!(codes(&harness, "nobody").await, (400, 190, None));
    assert_eq!(codes(&harness, "all").await, (403, 230, None));
    let app = format!("1|{}", crate::harness::SECRET);
    assert_eq!(codes(&harness, &app).await, (403, 230, None));

    let fixed = Harness::new().await;
    assert_eq!(codes(&fixed, "operator").await, (403, 10, None));
    assert_eq!(codes(&fixed, "all").await, (403, 230, None));
    let answer = fixed.ask(Method::GET, CLOCK, "operator", None, "").await;
    assert!(
        answer.error()["error_user_msg"]
            .as_str()
            .unwrap()
            .contains("--dev")
    );
}

#[tokio::test]
async fn mistakes_change_nothing() {
    let harness = Harness::steerable().await;
    for command in [
        json!({ "set": "2026-03-29" }),
        json!({ "advance": "soon" }),
        json!({ "advance": "-1h" }),
        json!({ "advance": "9000y" }),
        json!({ "advance": 9_000_000_000_000_i64 }),
        json!({ "set": "2026-03-29T00:00:00Z", "frozen": true }),
        json!({ "reset": true, "freeze": true }),
    ] {
        let answer = steer(&harness, command.clone()).await;
        assert_eq!(answer.codes(), (400, 100, None), "{command}");
        assert_eq!(now(&harness).await, "2025-11-24T16:00:00Z", "{command}");
    }
    let answer = harness
        .ask(Method::GET, "/control/clocks", "operator", None, "")
        .await;
    assert_eq!(answer.codes(), (400, 2500, None));
    let address = format!("{CLOCK}?set=0");
    let answer = harness
        .ask(Method::GET, &address, "operator", None, "")
        .await;
    assert_eq!(answer.codes(), (400, 100, None), "a GET steers nothing");
    let answer = harness
        .ask(Method::DELETE, CLOCK, "operator", None, "")
        .await;
    assert_eq!(answer.codes(), (400, 100, Some(33)));
    // Not in a batch: that would steer the clock of its own neighbours.
    let batch = json!({ "batch": [{ "method": "POST", "relative_url": "control/clock" }] });
    let json = Some("application/json");
    let answer = harness
        .ask(Method::POST, "/", "operator", json, &batch.to_string())
        .await;
    assert_eq!(answer.json[0]["code"], 400);
}
