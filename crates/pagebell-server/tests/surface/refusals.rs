//! Bad input: each kind gets the catalogue's error with the path or the value at fault in it, and
//! changes nothing.

use http::Method;
use serde_json::json;

use crate::harness::{Harness, MONDAYS, PATH};

const JSON: Option<&str> = Some("application/json");

/// An update that must be refused: name, body, code, subcode and a part of the message.
const BAD_BODIES: [(&str, &str, i64, &str); 27] = [
    (
        "broken JSON",
        "{\"audio_enabled\":",
        100,
        "line 1 column 17",
    ),
    ("an array", "[1]", 100, "must be a JSON object - got [1]"),
    ("null", "null", 100, "must be a JSON object - got null"),
    (
        "a text for a boolean",
        "{\"audio_enabled\":\"yes\"}",
        100,
        "audio_enabled must be a boolean - got \"yes\"",
    ),
    (
        "a number for a boolean",
        "{\"icon_enabled\":1}",
        100,
        "icon_enabled must be a boolean - got 1",
    ),
    (
        "null for a boolean",
        "{\"video_enabled\":null}",
        100,
        "video_enabled must be a boolean - got null",
    ),
    (
        "a text for an object",
        "{\"call_routing\":\"PARTNERS\"}",
        100,
        "call_routing must be an object - got \"PARTNERS\"",
    ),
    (
        "an unknown target",
        "{\"call_routing\":{\"ring_target\":\"BOTH\"}}",
        100,
        "call_routing[ring_target] must be one of {META, PARTNERS} - got \"BOTH\"",
    ),
    (
        "a target in lower case",
        "{\"call_routing\":{\"ring_target\":\"meta\"}}",
        100,
        "got \"meta\"",
    ),
    (
        "no target",
        "{\"call_routing\":{}}",
        100,
        "call_routing[ring_target] is required",
    ),
    (
        "an unknown member of routing",
        "{\"call_routing\":{\"ring_target\":\"META\",\"x\":1}}",
        100,
        "call_routing[x] is not a known member",
    ),
    (
        "no zone",
        "{\"call_hours\":{\"weekly_operating_hours\":[]}}",
        100,
        "call_hours[timezone_id] is required",
    ),
    (
        "no week",
        "{\"call_hours\":{\"timezone_id\":\"UTC\"}}",
        100,
        "call_hours[weekly_operating_hours] is required",
    ),
    (
        "an unknown zone",
        "{\"call_hours\":{\"timezone_id\":\"Mars/Olympus\",\"weekly_operating_hours\":[]}}",
        100,
        "call_hours[timezone_id] must be an IANA time-zone name such as \"Europe/Paris\" - got \"Mars/Olympus\"",
    ),
    (
        "a mistyped zone",
        "{\"call_hours\":{\"timezone_id\":\"Europe/Pari\",\"weekly_operating_hours\":[]}}",
        100,
        "did you mean \"Europe/Paris\"?",
    ),
    (
        "a week that is no array",
        "{\"call_hours\":{\"timezone_id\":\"UTC\",\"weekly_operating_hours\":{}}}",
        100,
        "call_hours[weekly_operating_hours] must be an array",
    ),
    (
        "an unknown day",
        "DAY FUNDAY 0900 1700",
        100,
        "[0][day_of_week] must be one of {MONDAY",
    ),
    (
        "the time 2500",
        "DAY MONDAY 0900 2500",
        100,
        "[0][close_time] must be a time as four digits HHMM from \"0000\" to \"2359\" - got \"2500\"",
    ),
    (
        "the time 2400",
        "DAY MONDAY 0900 2400",
        100,
        "until midnight is \"2359\"",
    ),
    (
        "a time with a colon",
        "DAY MONDAY 09:00 1700",
        100,
        "[0][open_time] must be a time",
    ),
    (
        "a close before the open",
        "DAY MONDAY 1700 0900",
        100,
        "two entries: MONDAY \"1700\" to \"2359\" and TUESDAY \"0000\" to \"0900\"",
    ),
    (
        "a close at the open",
        "DAY MONDAY 0900 0900",
        100,
        "[0][close_time] must be after open_time \"0900\" - got \"0900\"",
    ),
    (
        "an overnight span until midnight",
        "DAY SUNDAY 1700 0000",
        100,
        "until midnight is \"2359\"",
    ),
    (
        "fields that do not exist",
        "{\"audio_enabled\":false,\"fields\":\"bogus\"}",
        100,
        "nonexisting field (bogus)",
    ),
    (
        "fields of the wrong type",
        "{\"audio_enabled\":false,\"fields\":7}",
        100,
        "fields must be a list",
    ),
    (
        "fields with a broken syntax",
        "{\"audio_enabled\":false,\"fields\":\"call_hours{\"}",
        2500,
        "Expected name.",
    ),
    (
        "an unknown member of the hours",
        "{\"call_hours\":{\"timezone_id\":\"UTC\",\"weekly_operating_hours\":[],\"status\":\"ENABLED\"}}",
        100,
        "call_hours[status] is not a known member",
    ),
];

/// Writes out the short form `DAY day open close`.
fn written_out(body: &str) -> String {
    let Some(entry) = body.strip_prefix("DAY ") else {
        return body.to_owned();
    };
    let parts: Vec<&str> = entry.split(' ').collect();
    json!({ "audio_enabled": false, "call_hours": { "timezone_id": "UTC", "weekly_operating_hours": [
        { "day_of_week": parts[0], "open_time": parts[1], "close_time": parts[2] },
    ] } })
    .to_string()
}

#[tokio::test]
async fn bad_bodies_are_refused_and_change_nothing() {
    let harness = Harness::new().await;
    harness.post(&format!("{{\"call_hours\":{MONDAYS}}}")).await;
    let before = harness.settings().await;
    for (name, body, code, part) in BAD_BODIES {
        let answer = harness.post(&written_out(body)).await;
        assert_eq!(answer.codes(), (400, code, None), "{name}: {}", answer.json);
        assert!(
            answer.message().contains(part),
            "{name}: {}",
            answer.message()
        );
        assert_eq!(harness.settings().await, before, "{name}");
    }
}

#[tokio::test]
async fn several_mistakes_are_all_blamed() {
    let harness = Harness::new().await;
    let answer = harness
        .post(
            "{\"audio_enabled\":1,\"icon_enabled\":false,\"call_hours\":{\"timezone_id\":\"X\",\
             \"weekly_operating_hours\":[{\"day_of_week\":\"MONDAY\",\"open_time\":\"0900\",\
             \"close_time\":\"1700\"},{\"day_of_week\":\"MONDAY\",\"open_time\":\"2500\",\"close_time\":\"0100\"}]}}",
        )
        .await;
    let data = &answer.error()["error_data"];
    assert_eq!(
        data["blame_field_specs"],
        json!([
            ["audio_enabled"],
            ["call_hours", "timezone_id"],
            ["call_hours", "weekly_operating_hours", "1", "open_time"],
        ])
    );
    assert_eq!(data["details"].as_array().unwrap().len(), 3);
    assert!(
        answer
            .message()
            .starts_with("(#100) Param audio_enabled must be a boolean")
    );
    assert_eq!(
        harness.settings().await["icon_enabled"],
        true,
        "nothing is stored"
    );
}

#[tokio::test]
async fn deep_json_is_refused() {
    let harness = Harness::new().await;
    let deep = format!(
        "{{\"call_hours\":{}{}}}",
        "[".repeat(1_000),
        "]".repeat(1_000)
    );
    let answer = harness.post(&deep).await;
    assert_eq!(answer.codes(), (400, 100, None));
    assert!(answer.message().contains("deeper than 32 levels"));
}

#[tokio::test]
async fn paths_that_lead_nowhere() {
    let harness = Harness::new().await;
    let cases = [
        (
            Method::GET,
            "/v99.0/1234567890/messenger_call_settings",
            (400, 2500, None),
            "Unknown path components: /1234567890/messenger_call_settings",
        ),
        (
            Method::POST,
            "/v27.0/1234567890/messenger_call_settings",
            (400, 2500, None),
            "Unknown path components: /1234567890/messenger_call_settings",
        ),
        (
            Method::GET,
            "/v26.0/1234567890/posts",
            (400, 100, None),
            "(#100) Tried accessing nonexisting field (posts) on node type (Page)",
        ),
        (
            Method::POST,
            "/v26.0/1234567890/posts",
            (400, 2500, None),
            "Unknown path components: /posts",
        ),
        (
            Method::GET,
            "/v26.0/bakery/messenger_call_settings",
            (404, 803, None),
            "(#803) Some of the aliases you requested do not exist: bakery",
        ),
        (Method::GET, "/v26.0", (400, 100, None), "No node specified"),
        (
            Method::DELETE,
            PATH,
            (400, 100, Some(33)),
            "Unsupported delete request. Object with ID '1234567890'",
        ),
        (
            Method::PUT,
            PATH,
            (400, 100, Some(33)),
            "Unsupported put request.",
        ),
        (
            Method::DELETE,
            "/v26.0/1234567890",
            (400, 100, Some(33)),
            "Unsupported delete request. Object with ID '1234567890'",
        ),
        (
            Method::GET,
            "/v26.0/404/messenger_call_settings",
            (400, 100, Some(33)),
            "Unsupported get request. Object with ID '404' does not exist",
        ),
        (
            Method::POST,
            "/v26.0/404/messenger_call_settings",
            (400, 100, Some(33)),
            "Unsupported post request. Object with ID '404' does not exist",
        ),
    ];
    for (method, address, codes, message) in cases {
        let answer = harness.ask(method, address, "all", None, "").await;
        assert_eq!(answer.codes(), codes, "{address}");
        assert!(
            answer.message().starts_with(message),
            "{address}: {}",
            answer.message()
        );
    }
    let answer = harness
        .get("/v99.0/1234567890/messenger_call_settings")
        .await;
    let way_out = answer.error()["error_user_msg"].as_str().unwrap();
    assert!(
        way_out.contains("v99.0") && way_out.contains("v26.0"),
        "{way_out}"
    );
}

#[tokio::test]
async fn the_order_of_checks_is_path_token_values_page() {
    let harness = Harness::new().await;
    let bad = "{\"audio_enabled\":1}";
    let ask = async |path: &str, token: &str| {
        let answer = harness.ask(Method::POST, path, token, JSON, bad).await;
        answer.codes()
    };
    assert_eq!(
        ask("/v99.0/1/messenger_call_settings", "nobody's").await,
        (400, 2500, None)
    );
    assert_eq!(
        ask(PATH, "nobody's").await,
        (400, 190, None),
        "the token before the values"
    );
    assert_eq!(
        ask(PATH, "other").await,
        (400, 100, None),
        "the values before the Page"
    );
    let good = harness.ask(Method::POST, PATH, "other", JSON, "{}").await;
    assert_eq!(good.codes(), (403, 200, None));
    let broken = harness.ask(Method::POST, PATH, "nobody's", JSON, "{").await;
    assert_eq!(
        broken.codes(),
        (400, 190, None),
        "strangers learn nothing of their body"
    );
}
