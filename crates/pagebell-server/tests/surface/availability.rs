//! `GET /{page_id}/messenger_call_availability`

use std::time::Duration;

use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Answer, Harness, MONDAYS};

const EDGE: &str = "/v26.0/1234567890/messenger_call_availability";

fn body(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.response.body).unwrap()
}

/// A server whose Page takes audio calls on Mondays, 09:00 to 17:00 in Paris. Its clock stands at
/// 17:00 of a Monday there.
async fn mondays() -> Harness {
    let harness = Harness::new().await;
    let answer = harness.post(&format!("{{\"call_hours\":{MONDAYS}}}")).await;
    assert_eq!(answer.response.status, 200);
    harness
}

#[tokio::test]
async fn now_and_at_another_time() {
    let harness = mondays().await;
    assert_snapshot!(body(&harness.get(EDGE).await), @r#"{"data":[{"accepting_calls":false,"medium":"audio","reason":"outside_call_hours","ring_target":"META","icon_visible":true,"at":"2025-11-24T16:00:00Z","local_time":"2025-11-24T17:00:00+01:00","timezone_id":"Europe/Paris","next_open":"2025-12-01T09:00:00+01:00"}]}"#);
    for at in [
        "2026-03-30T09:30:00%2B02:00",
        "2026-03-30T09:30:00+02:00",
        "1774855800",
    ] {
        let answer = harness.get(&format!("{EDGE}?at={at}")).await;
        let open = &answer.json["data"][0];
        assert_eq!(open["accepting_calls"], true, "{at}");
        assert_eq!(open["at"], "2026-03-30T07:30:00Z", "{at}");
        assert_eq!(open["open_until"], "2026-03-30T17:00:00+02:00", "{at}");
        assert_eq!(open.get("next_open"), None, "{at}");
    }
}

#[tokio::test]
async fn the_clock_of_the_server_decides_what_now_is() {
    let harness = mondays().await;
    let six_days_and_sixteen_hours = Duration::from_hours(6 * 24 + 16);
    harness.clock.advance(six_days_and_sixteen_hours);
    let answer = harness
        .get(&format!("{EDGE}?fields=accepting_calls,open_until"))
        .await;
    assert_snapshot!(body(&answer), @r#"{"data":[{"accepting_calls":true,"open_until":"2025-12-01T17:00:00+01:00"}]}"#);
}

#[tokio::test]
async fn intervals_are_listed_up_to_until() {
    let harness = mondays().await;
    let span = "at=2026-03-23T12:00:00Z&until=2026-04-06T12:00:00Z";
    let answer = harness
        .get(&format!("{EDGE}?{span}&fields=intervals"))
        .await;
    assert_snapshot!(body(&answer), @r#"{"data":[{"intervals":[{"start":"2026-03-23T13:00:00+01:00","end":"2026-03-23T17:00:00+01:00"},{"start":"2026-03-30T09:00:00+02:00","end":"2026-03-30T17:00:00+02:00"},{"start":"2026-04-06T09:00:00+02:00","end":"2026-04-06T14:00:00+02:00"}]}]}"#);
}

#[tokio::test]
async fn media_that_are_off_and_no_hours() {
    let harness = Harness::new().await;
    let video = harness.get(&format!("{EDGE}?medium=video")).await;
    assert_snapshot!(body(&video), @r#"{"data":[{"accepting_calls":false,"medium":"video","reason":"video_disabled","ring_target":"META","icon_visible":true,"at":"2025-11-24T16:00:00Z","local_time":"2025-11-24T16:00:00+00:00"}]}"#);
    let audio = harness
        .get(&format!("{EDGE}?until=2025-11-25T00:00:00Z"))
        .await;
    assert_snapshot!(body(&audio), @r#"{"data":[{"accepting_calls":true,"medium":"audio","reason":"open","ring_target":"META","icon_visible":true,"at":"2025-11-24T16:00:00Z","local_time":"2025-11-24T16:00:00+00:00","intervals":[{"start":"2025-11-24T16:00:00+00:00","end":"2025-11-25T00:00:00+00:00"}]}]}"#);
}

#[tokio::test]
async fn an_update_counts_at_once() {
    let harness = mondays().await;
    let accepting = async || {
        let answer = harness.get(EDGE).await;
        answer.json["data"][0]["accepting_calls"].clone()
    };
    assert_eq!(accepting().await, false);
    harness.post("{\"call_hours\":null}").await;
    assert_eq!(accepting().await, true);
    harness.post("{\"audio_enabled\":false}").await;
    assert_eq!(accepting().await, false);
}

#[tokio::test]
async fn it_needs_what_a_read_needs() {
    let harness = mondays().await;
    let codes = async |token: &str, address: &str| {
        let answer = harness.ask(Method::GET, address, token, None, "").await;
        answer.codes()
    };
    let unknown = "/v26.0/5555/messenger_call_availability";
    assert_eq!(codes("", EDGE).await, (400, 104, None));
    assert_eq!(codes("nobody", EDGE).await, (400, 190, None));
    assert_eq!(codes("other", EDGE).await, (403, 200, None));
    assert_eq!(codes("bare", EDGE).await, (403, 230, None));
    assert_eq!(codes("all", unknown).await, (400, 100, Some(33)));
    // What is wrong with the parameters is told to callers that are known, before the Page is.
    let wrong = format!("{EDGE}?at=noon");
    assert_eq!(codes("nobody", &wrong).await, (400, 190, None));
    assert_eq!(codes("other", &wrong).await, (400, 100, None));
    let me = "/me/messenger_call_availability";
    assert_eq!(
        harness
            .ask(Method::GET, me, "one", None, "")
            .await
            .response
            .status,
        200
    );
}

#[tokio::test]
async fn mistakes_are_named() {
    let harness = mondays().await;
    for (query, message) in [
        (
            "medium=fax",
            "Param medium must be one of {audio, video} - got \"fax\"",
        ),
        ("at=2026-03-29", "Param at must have an offset from UTC"),
        ("at=1774746000000", "milliseconds are to be divided by 1000"),
        ("until=2020-01-01T00:00:00Z", "Param until must be after at"),
        (
            "until=2030-01-01T00:00:00Z",
            "must be at most 366 days after at",
        ),
        (
            "fields=open",
            "nonexisting field (open) on node type (MessengerCallAvailability)",
        ),
        ("fields=medium{x}", "nonexisting field (medium{x})"),
    ] {
        let answer = harness.get(&format!("{EDGE}?{query}")).await;
        assert_eq!(answer.codes(), (400, 100, None), "{query}");
        assert!(
            answer.message().contains(message),
            "{query}: {}",
            answer.message()
        );
    }
    let answer = harness.ask(Method::POST, EDGE, "all", None, "").await;
    assert_eq!(answer.codes(), (400, 100, Some(33)));
    assert_eq!(answer.error()["error_user_msg"], "This path takes GET.");
}

#[tokio::test]
async fn it_stands_in_batches() {
    let harness = mondays().await;
    let url = "1234567890/messenger_call_availability?at=2026-03-30T09:30:00%2B02:00&fields=reason";
    let batch = json!({ "batch": [{ "method": "GET", "relative_url": url }] }).to_string();
    let answer = harness
        .ask(Method::POST, "/", "all", Some("application/json"), &batch)
        .await;
    let inner: Value = serde_json::from_str(answer.json[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(inner, json!({ "data": [{ "reason": "open" }] }));
}

#[tokio::test]
async fn the_reference_profile_does_not_have_it() {
    let harness = Harness::reference().await;
    let address = format!("{EDGE}?access_token=all&oauth_token=all");
    let answer = harness.get(&address).await;
    assert_eq!(answer.codes(), (400, 100, None));
    assert!(
        answer
            .message()
            .contains("nonexisting field (messenger_call_availability)")
    );
    let way_out = answer.error()["error_user_msg"].as_str().unwrap();
    assert_eq!(
        way_out,
        "This server has the edges messenger_call_settings of a Page."
    );
}
