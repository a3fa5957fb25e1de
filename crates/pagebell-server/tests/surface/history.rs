//! Revisions, `If-Match` and `GET /{page_id}/messenger_call_settings_history`

use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::{Answer, Harness, MONDAYS, PATH};

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings_history";

/// A server whose Page has been changed so many times: its icon hidden and shown in turn.
async fn changed(times: u32) -> Harness {
    let harness = Harness::new().await;
    for change in 0..times {
        let body = json!({ "icon_enabled": change % 2 == 1 }).to_string();
        assert_eq!(harness.post(&body).await.response.status, 200);
    }
    harness
}

fn revision(answer: &Answer) -> Option<u64> {
    answer.response.revision.map(settings_store::Revision::get)
}

fn revisions(answer: &Answer) -> Vec<u64> {
    let entries = answer.json["data"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["revision"].as_u64().unwrap())
        .collect()
}

async fn update(harness: &Harness, if_match: &str, body: &str) -> Answer {
    harness.ask_if_match(PATH, if_match, body).await
}

#[tokio::test]
async fn reads_and_updates_name_the_revision() {
    let harness = Harness::new().await;
    assert_eq!(revision(&harness.get(PATH).await), Some(0));
    assert_eq!(
        revision(&harness.post("{\"icon_enabled\":false}").await),
        Some(1)
    );
    assert_eq!(
        revision(&harness.post("{\"icon_enabled\":false}").await),
        Some(1),
        "nothing changed"
    );
    assert_eq!(revision(&harness.get(PATH).await), Some(1));
    assert_eq!(revision(&harness.post("{\"icon_enabled\":7}").await), None);

    let reference = Harness::reference().await;
    let address = format!("{PATH}?access_token=all&oauth_token=all");
    assert_eq!(revision(&reference.get(&address).await), None);
}

#[tokio::test]
async fn an_update_may_depend_on_the_revision() {
    let harness = changed(2).await;
    for if_match in ["2", "\"2\"", "*", " 2 "] {
        let answer = update(&harness, if_match, "{}").await;
        assert_eq!(answer.response.status, 200, "{if_match}");
    }
    let answer = update(&harness, "1", "{\"audio_enabled\":false}").await;
    assert_eq!(answer.codes(), (412, 100, None));
    assert_snapshot!(answer.message(), @"(#100) The settings have been changed meanwhile: they are at revision 2");
    assert_eq!(
        harness.settings().await["audio_enabled"],
        true,
        "nothing was changed"
    );
    let answer = update(&harness, "2", "{\"audio_enabled\":false}").await;
    assert_eq!(revision(&answer), Some(3));
    for if_match in ["", "two", "-1", "1, 2", "W/\"3\""] {
        let answer = update(&harness, if_match, "{}").await;
        assert_eq!(answer.codes(), (400, 100, None), "{if_match}");
        assert!(answer.message().contains("If-Match"), "{if_match}");
    }
    let reference = Harness::reference().await;
    let address = format!("{PATH}?access_token=all&oauth_token=all");
    let answer = reference.ask_if_match(&address, "7", "{}").await;
    assert_eq!(answer.response.status, 200, "the page knows no such header");
}

#[tokio::test]
async fn an_operation_of_a_batch_may_too() {
    let harness = changed(1).await;
    let operation = |if_match: &str| {
        json!({
            "method": "POST", "relative_url": "1234567890/messenger_call_settings",
            "body": "audio_enabled=false", "headers": [format!("If-Match: {if_match}")],
        })
    };
    let batch = json!({ "batch": [operation("7"), operation("1")] }).to_string();
    let answer = harness
        .ask(Method::POST, "/", "all", Some("application/json"), &batch)
        .await;
    assert_eq!(answer.json[0]["code"], 412);
    assert_eq!(answer.json[1]["code"], 200);
    let headers = answer.json[1]["headers"].as_array().unwrap();
    assert!(headers.contains(&json!({ "name": "pagebell-revision", "value": "2" })));
}

#[tokio::test]
async fn the_history_tells_each_change() {
    let harness = changed(1).await;
    harness.post(&format!("{{\"call_hours\":{MONDAYS}}}")).await;
    let answer = harness.get(EDGE).await;
    assert_eq!(revision(&answer), Some(2));
    assert_snapshot!(serde_json::to_string_pretty(&answer.json).unwrap());
    let answer = harness
        .get(&format!("{EDGE}?fields=after{{icon_enabled}},revision"))
        .await;
    assert_eq!(
        answer.json["data"],
        json!([
            { "after": { "icon_enabled": false }, "revision": 2 },
            { "after": { "icon_enabled": false }, "revision": 1 },
        ])
    );
    let unchanged = Harness::new().await;
    assert_eq!(unchanged.get(EDGE).await.json, json!({ "data": [] }));
}

#[tokio::test]
async fn it_is_read_in_pages_forth_and_back() {
    let harness = changed(7).await;
    let follow = async |link: &Value| {
        let address = link
            .as_str()
            .unwrap()
            .strip_prefix("http://pagebell.test")
            .unwrap();
        harness.get(address).await
    };
    let first = harness.get(&format!("{EDGE}?limit=3")).await;
    assert_eq!(revisions(&first), [7, 6, 5]);
    assert_eq!(first.json["paging"].get("previous"), None);
    assert_eq!(
        first.json["paging"]["next"],
        "http://pagebell.test/v26.0/1234567890/messenger_call_settings_history?limit=3&after=r5"
    );
    let second = follow(&first.json["paging"]["next"]).await;
    assert_eq!(revisions(&second), [4, 3, 2]);
    let last = follow(&second.json["paging"]["next"]).await;
    assert_eq!(revisions(&last), [1]);
    assert_eq!(last.json["paging"].get("next"), None);
    let back = follow(&last.json["paging"]["previous"]).await;
    assert_eq!(revisions(&back), [4, 3, 2]);
    let back = follow(&back.json["paging"]["previous"]).await;
    assert_eq!(revisions(&back), [7, 6, 5]);
    assert_eq!(back.json["paging"].get("previous"), None);
    assert_eq!(
        revisions(&follow(&second.json["paging"]["previous"]).await),
        [7, 6, 5]
    );
    let beyond = harness.get(&format!("{EDGE}?after=r1")).await;
    assert_eq!(beyond.json, json!({ "data": [] }));
}

#[tokio::test]
async fn it_needs_what_a_read_needs() {
    let harness = changed(1).await;
    for (token, codes) in [
        ("", (400, 104, None)),
        ("nobody", (400, 190, None)),
        ("other", (403, 200, None)),
        ("bare", (403, 230, None)),
    ] {
        let answer = harness.ask(Method::GET, EDGE, token, None, "").await;
        assert_eq!(answer.codes(), codes, "{token}");
    }
    for query in ["limit=0", "after=7", "fields=name", "after=r1&before=r2"] {
        let answer = harness.get(&format!("{EDGE}?{query}")).await;
        assert_eq!(answer.codes(), (400, 100, None), "{query}");
    }
    let answer = harness.ask(Method::POST, EDGE, "all", None, "").await;
    assert_eq!(answer.codes(), (400, 100, Some(33)));
    let reference = Harness::reference().await;
    let answer = reference
        .get(&format!("{EDGE}?access_token=all&oauth_token=all"))
        .await;
    assert_eq!(answer.codes(), (400, 100, None));
}
