//! `POST`

use call_settings::{CallSettings, HoursLimits, PageId, RingTarget};
use http::Method;
use pagebell_server::Configuration;
use serde_json::{Value, json};
use settings_store::{SettingsStore, TokenId};

use crate::harness::{Harness, MONDAYS, PAGE, PATH};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const JSON: Option<&str> = Some("application/json");

#[tokio::test]
async fn each_field_is_replaced_and_the_others_stay() {
    let harness = Harness::new().await;
    let hours: Value = serde_json::from_str(MONDAYS).unwrap();
    let mut expected = harness.settings().await;
    for (field, value) in [
        ("audio_enabled", json!(false)),
        ("icon_enabled", json!(false)),
        ("video_enabled", json!(true)),
        ("call_routing", json!({ "ring_target": "PARTNERS" })),
        ("call_hours", hours),
        ("audio_enabled", json!(true)),
    ] {
        let answer = harness.post(&json!({ field: value }).to_string()).await;
        assert_eq!(answer.json, json!({ "result": "success" }), "{field}");
        expected[field] = value;
        assert_eq!(harness.settings().await, expected, "{field}");
    }
}

#[tokio::test]
async fn every_encoding_means_the_same() {
    let hours = MONDAYS;
    let encoded: String = form_encoded(&[("icon_enabled", "false"), ("call_hours", hours)]);
    let boundary = "multipart/form-data; boundary=b";
    let multipart = format!(
        "--b\r\nContent-Disposition: form-data; name=\"icon_enabled\"\r\n\r\n0\r\n\
         --b\r\nContent-Disposition: form-data; name=\"call_hours\"\r\n\r\n{hours}\r\n--b--\r\n"
    );
    let json = format!("{{\"icon_enabled\":false,\"call_hours\":{hours}}}");
    let bare = format!("icon_enabled=0&call_hours={hours}");
    let mut answers = Vec::new();
    for (query, content_type, body) in [
        (String::new(), JSON, json.clone()),
        (String::new(), FORM, encoded.clone()),
        (String::new(), FORM, bare),
        (String::new(), FORM, json),
        (String::new(), Some(boundary), multipart),
        (format!("?{encoded}"), None, String::new()),
    ] {
        let harness = Harness::new().await;
        let address = format!("{PATH}{query}");
        let answer = harness
            .ask(Method::POST, &address, "all", content_type, &body)
            .await;
        assert_eq!(answer.json, json!({ "result": "success" }), "{body}");
        answers.push(harness.settings().await);
    }
    assert_eq!(answers[0]["icon_enabled"], false);
    assert!(answers.iter().all(|settings| *settings == answers[0]));
}

fn form_encoded(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    pairs.join("&")
}

#[tokio::test]
async fn fields_stand_beside_the_result() {
    let harness = Harness::new().await;
    for (body, expected) in [
        (
            json!({ "audio_enabled": false, "fields": "audio_enabled,call_hours" }),
            json!({ "result": "success", "audio_enabled": false }),
        ),
        (
            json!({ "fields": ["call_routing"], "id": "1234567890" }),
            json!({ "result": "success", "call_routing": { "ring_target": "META" } }),
        ),
        (json!({ "fields": "" }), json!({ "result": "success" })),
    ] {
        assert_eq!(harness.post(&body.to_string()).await.json, expected);
    }
}

#[tokio::test]
async fn nothing_sent_changes_nothing_and_succeeds() {
    let harness = Harness::new().await;
    for body in ["", "{}"] {
        assert_eq!(
            harness.post(body).await.json,
            json!({ "result": "success" })
        );
    }
    let page = harness
        .store
        .page(PageId::new(PAGE))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(page.settings, None);
}

#[tokio::test]
async fn blanks_are_no_json() {
    let harness = Harness::new().await;
    for body in [" \n", "\u{c}"] {
        let answer = harness.post(body).await;
        assert_eq!(answer.codes(), (400, 100, None), "{body:?}");
    }
}

#[tokio::test]
async fn hours_are_cleared_by_null_and_closed_by_an_empty_week() {
    let harness = Harness::new().await;
    harness.post(&format!("{{\"call_hours\":{MONDAYS}}}")).await;
    let closed = "{\"call_hours\":{\"timezone_id\":\"UTC\",\"weekly_operating_hours\":[]}}";
    harness.post(closed).await;
    let hours = harness.settings().await["call_hours"].clone();
    assert_eq!(
        hours,
        json!({ "timezone_id": "UTC", "weekly_operating_hours": [] })
    );
    harness.post("{\"call_hours\":null}").await;
    assert_eq!(harness.settings().await.get("call_hours"), None);

    harness.post(closed).await;
    harness
        .ask(Method::POST, PATH, "all", FORM, "call_hours=null")
        .await;
    assert_eq!(harness.settings().await.get("call_hours"), None);
}

#[tokio::test]
async fn a_day_may_stand_more_often_where_that_is_allowed() {
    let twice = json!({ "call_hours": { "timezone_id": "us/pacific", "weekly_operating_hours": [
        { "day_of_week": "monday", "open_time": "0900", "close_time": "1200" },
        { "day_of_week": "Monday", "open_time": "1300", "close_time": "1700" },
    ] } })
    .to_string();
    let strict = Harness::new().await;
    assert_eq!(strict.post(&twice).await.codes(), (400, 100, None));
    let lenient = Harness::with(Configuration {
        hours_limits: HoursLimits::new(2).unwrap(),
        ..Configuration::default()
    })
    .await;
    assert_eq!(lenient.post(&twice).await.response.status, 200);
    let hours = lenient.settings().await["call_hours"].clone();
    assert_eq!(
        hours["timezone_id"], "US/Pacific",
        "an alias stays the alias"
    );
    assert_eq!(hours["weekly_operating_hours"][1]["day_of_week"], "MONDAY");
}

#[tokio::test]
async fn defaults_are_what_an_update_starts_from() {
    let harness = Harness::with(Configuration {
        default_settings: CallSettings {
            ring_target: RingTarget::Partners,
            video_enabled: true,
            ..CallSettings::default()
        },
        ..Configuration::default()
    })
    .await;
    harness.post("{\"audio_enabled\":false}").await;
    let settings = harness.settings().await;
    assert_eq!(settings["call_routing"]["ring_target"], "PARTNERS");
    assert_eq!(settings["video_enabled"], true);
    assert_eq!(settings["audio_enabled"], false);
}

#[tokio::test]
async fn history_says_who_changed_what_and_when() {
    let harness = Harness::new().await;
    let answer = harness
        .ask(
            Method::POST,
            PATH,
            "of-app",
            JSON,
            "{\"audio_enabled\":false}",
        )
        .await;
    let history = harness
        .store
        .history(PageId::new(PAGE), None, 10)
        .await
        .unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].author.token_id, Some(TokenId::new(8)));
    assert_eq!(
        history[0].author.app_id.map(settings_store::AppId::get),
        Some(1)
    );
    assert_eq!(history[0].trace_id, answer.response.trace.request_id());
    assert_eq!(history[0].before, None);
    assert!(!history[0].after.as_ref().unwrap().audio_enabled);
}

#[tokio::test]
async fn the_parameter_method_takes_the_place_of_the_verb() {
    let harness = Harness::new().await;
    let tunnelled = format!("{PATH}?method=post&icon_enabled=false");
    let answer = harness.get(&tunnelled).await;
    assert_eq!(answer.json, json!({ "result": "success" }));
    assert_eq!(harness.settings().await["icon_enabled"], false);

    let body = "method=GET&icon_enabled=true&fields=icon_enabled";
    let answer = harness.ask(Method::POST, PATH, "all", FORM, body).await;
    assert_eq!(answer.json, json!({ "data": [{ "icon_enabled": false }] }));

    let delete = format!("{PATH}?method=delete");
    let answer = harness.ask(Method::POST, &delete, "all", None, "").await;
    assert_eq!(answer.codes(), (400, 100, Some(33)));
    for method in ["PUT", "patch", "Head"] {
        let body = format!("method={method}&icon_enabled=true");
        let answer = harness.ask(Method::POST, PATH, "all", FORM, &body).await;
        assert_eq!(answer.codes(), (400, 100, Some(33)), "{method}");
        let verb = method.to_lowercase();
        let expected = format!("Unsupported {verb} request. Object with ID");
        assert!(answer.message().starts_with(&expected), "{method}");
    }
    let answer = harness.ask(Method::HEAD, &tunnelled, "all", None, "").await;
    assert!(answer.message().contains("HEAD"), "a HEAD changes nothing");
    let answer = harness.get(&format!("{PATH}?method=brew")).await;
    assert!(answer.message().contains("{get, post, delete}"));
}

#[tokio::test]
async fn a_name_that_is_nearly_one_of_a_setting_is_refused() {
    let harness = Harness::new().await;
    let answer = harness
        .post("{\"icon_enabled\":false,\"video\":true,\"locale\":\"de\",\"callHours\":null}")
        .await;
    assert_eq!(answer.codes(), (400, 100, None));
    let data = &answer.error()["error_data"];
    assert_eq!(data["blame_field_specs"], json!([["video"], ["callHours"]]));
    assert!(answer.message().contains("write video_enabled"));
    assert_eq!(
        harness.settings().await["icon_enabled"],
        true,
        "nothing was changed"
    );
    // A read has no settings among its parameters.
    let answer = harness.get(&format!("{PATH}?video=1&hours=2")).await;
    assert_eq!(answer.response.status, 200);
}

#[tokio::test]
async fn forms_as_php_ruby_and_python_write_them() {
    let harness = Harness::new().await;
    let body = "audio_enabled=&video_enabled=True&call_routing%5Bring_target%5D=PARTNERS\
        &call_hours%5Btimezone_id%5D=Europe%2FParis\
        &call_hours%5Bweekly_operating_hours%5D%5B0%5D%5Bday_of_week%5D=MONDAY\
        &call_hours%5Bweekly_operating_hours%5D%5B0%5D%5Bopen_time%5D=0900\
        &call_hours%5Bweekly_operating_hours%5D%5B0%5D%5Bclose_time%5D=1700\
        &fields%5B%5D=audio_enabled&fields%5B%5D=video_enabled";
    let answer = harness.ask(Method::POST, PATH, "all", FORM, body).await;
    assert_eq!(
        answer.json,
        json!({ "result": "success", "audio_enabled": false, "video_enabled": true })
    );
    let settings = harness.settings().await;
    assert_eq!(settings["call_routing"]["ring_target"], "PARTNERS");
    let hours: serde_json::Value = serde_json::from_str(MONDAYS).unwrap();
    assert_eq!(settings["call_hours"], hours);
    let answer = harness.get(&format!("{PATH}?fields[0]=icon_enabled")).await;
    assert_eq!(answer.json, json!({ "data": [{ "icon_enabled": true }] }));
}
