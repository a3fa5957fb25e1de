//! `GET`

use http::Method;
use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{Harness, MONDAYS, PAGE, PATH};

fn body(answer: &crate::harness::Answer) -> &str {
    std::str::from_utf8(&answer.response.body).unwrap()
}

#[tokio::test]
async fn a_page_that_was_never_configured_has_the_defaults() {
    let harness = Harness::new().await;
    let answer = harness.get(PATH).await;
    assert_eq!(answer.response.status, 200);
    assert_snapshot!(body(&answer), @r#"{"data":[{"audio_enabled":true,"icon_enabled":true,"video_enabled":false,"call_routing":{"ring_target":"META"}}]}"#);
}

#[tokio::test]
async fn all_fields_come_as_they_were_set() {
    let harness = Harness::new().await;
    harness
        .post(&format!(
            "{{\"call_hours\":{MONDAYS},\"call_routing\":{{\"ring_target\":\"PARTNERS\"}}}}"
        ))
        .await;
    let answer = harness.get(PATH).await;
    assert_snapshot!(body(&answer), @r#"{"data":[{"audio_enabled":true,"icon_enabled":true,"video_enabled":false,"call_routing":{"ring_target":"PARTNERS"},"call_hours":{"timezone_id":"Europe/Paris","weekly_operating_hours":[{"day_of_week":"MONDAY","open_time":"0900","close_time":"1700"}]}}]}"#);
}

#[tokio::test]
async fn fields_select_and_order() {
    let harness = Harness::new().await;
    harness.post(&format!("{{\"call_hours\":{MONDAYS}}}")).await;
    for (fields, expected) in [
        ("", json!(harness.settings().await).to_string()),
        ("icon_enabled", "{\"icon_enabled\":true}".to_owned()),
        (
            "video_enabled,%20audio_enabled",
            "{\"video_enabled\":false,\"audio_enabled\":true}".to_owned(),
        ),
        (
            "call_hours{timezone_id}",
            "{\"call_hours\":{\"timezone_id\":\"Europe/Paris\"}}".to_owned(),
        ),
        (
            "call_hours%7Bweekly_operating_hours%7Bclose_time,day_of_week%7D%7D",
            "{\"call_hours\":{\"weekly_operating_hours\":[{\"close_time\":\"1700\",\"day_of_week\":\"MONDAY\"}]}}"
                .to_owned(),
        ),
        (
            "[\"audio_enabled\",\"icon_enabled\"]",
            "{\"audio_enabled\":true,\"icon_enabled\":true}".to_owned(),
        ),
    ] {
        let answer = harness.get(&format!("{PATH}?fields={fields}")).await;
        if fields.is_empty() {
            assert_eq!(answer.json["data"][0].to_string(), expected);
        } else {
            assert_eq!(body(&answer), format!("{{\"data\":[{expected}]}}"), "{fields}");
        }
    }
}

#[tokio::test]
async fn a_field_without_a_value_is_left_out() {
    let harness = Harness::new().await;
    let answer = harness.get(&format!("{PATH}?fields=call_hours")).await;
    assert_eq!(answer.json, json!({ "data": [{}] }));
}

#[tokio::test]
async fn versions_are_served_and_named() {
    let harness = Harness::new().await;
    for (prefix, served) in [
        ("/v20.0", "v20.0"),
        ("/v23.0", "v23.0"),
        ("/v26.0", "v26.0"),
        ("/v3.2", "v20.0"),
        ("", "v26.0"),
    ] {
        let answer = harness
            .get(&format!("{prefix}/{PAGE}/messenger_call_settings"))
            .await;
        assert_eq!(answer.response.status, 200, "{prefix}");
        assert_eq!(answer.response.version.name(), served, "{prefix}");
    }
}

#[tokio::test]
async fn bodies_and_unknown_parameters_are_ignored() {
    let harness = Harness::new().await;
    for body in [
        "{}",
        "{\"fields\":\"bogus\",\"access_token\":\"x\"}",
        "]broken[",
    ] {
        let address = format!("{PATH}?summary=true&locale=de_DE&id=7");
        let json = Some("application/json");
        let answer = harness.ask(Method::GET, &address, "all", json, body).await;
        assert_eq!(answer.response.status, 200, "{body}");
    }
}

#[tokio::test]
async fn me_is_the_one_page_of_the_token() {
    let harness = Harness::new().await;
    let me = "/v26.0/me/messenger_call_settings";
    let get = async |token| harness.ask(Method::GET, me, token, None, "").await;
    assert_eq!(get("one").await.response.status, 200);
    for (token, part) in [("all", "all Pages"), ("two", "2 Pages")] {
        let answer = get(token).await;
        assert_eq!(answer.codes(), (400, 100, None));
        assert!(answer.message().contains(part), "{}", answer.message());
    }
    let answer = get("").await;
    assert_eq!(answer.codes(), (400, 2500, None));
}

#[tokio::test]
async fn pages_are_created_on_first_use_where_that_is_wanted() {
    let harness = Harness::with(pagebell_server::Configuration {
        create_pages: true,
        ..pagebell_server::Configuration::default()
    })
    .await;
    let answer = harness.get("/v26.0/4711/messenger_call_settings").await;
    assert_eq!(answer.response.status, 200);
    let answer = harness
        .ask(
            Method::POST,
            "/v26.0/4712/messenger_call_settings",
            "all",
            None,
            "audio_enabled=0",
        )
        .await;
    assert_eq!(answer.json, json!({ "result": "success" }));
}
