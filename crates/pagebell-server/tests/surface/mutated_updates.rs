//! Updates that went wrong on their way: a valid update is changed in a few places and sent. The
//! answer is an error and nothing is stored, or what is stored is what the request says, read by an
//! oracle that shares no code with the server. A success that ignores a setting is neither.
//!
//! `PROPTEST_CASES` is the number of cases.

mod generator;
mod json;
mod mutation;
mod oracle;
mod request;

use call_settings::PageId;
use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};
use settings_store::SettingsStore;

use self::mutation::Mutation;
use self::oracle::Verdict;
use self::request::UpdateRequest;
use crate::harness::{Harness, PAGE, PATH};

/// What the server has of the Page, and how many entries its history has.
async fn stored(harness: &Harness) -> (Value, usize) {
    let history = harness.store.history(PageId::new(PAGE), None, 100);
    let entries = history.await.unwrap().len();
    (oracle::comparable(harness.settings().await), entries)
}

/// Sends an update, by itself or as the only operation of a batch: the status and the answer.
async fn send(harness: &Harness, request: &UpdateRequest) -> (u16, Value) {
    let query = request.query_text();
    let body = request.body_text();
    if request.in_batch {
        let address = PATH.replace("/v26.0/", "");
        let operation = json!({
            "method": "POST", "relative_url": format!("{address}?{query}"), "body": body,
        });
        let batch = json!({ "batch": [operation] }).to_string();
        let content_type = Some("application/json");
        let answer = harness
            .ask(Method::POST, "/v26.0", "all", content_type, &batch)
            .await;
        assert_eq!(answer.response.status, 200, "{batch}");
        let operation = &answer.json[0];
        let code = u16::try_from(operation["code"].as_u64().unwrap()).unwrap();
        let body = serde_json::from_str(operation["body"].as_str().unwrap()).unwrap();
        (code, body)
    } else {
        let address = format!("{PATH}?{query}");
        let content_type = request.content_type.as_deref();
        let answer = harness
            .ask(Method::POST, &address, "all", content_type, &body)
            .await;
        (answer.response.status, answer.json)
    }
}

async fn check(before: &Value, request: &UpdateRequest, mutations: &[Mutation]) {
    let harness = Harness::new().await;
    let first = harness.post(&before.to_string()).await;
    assert_eq!(first.response.status, 200, "{before}: {}", first.json);
    let (settings, entries) = stored(&harness).await;

    let (status, answer) = send(&harness, request).await;
    let (settings_after, entries_after) = stored(&harness).await;
    let told = format!(
        "{mutations:#?}\n{request:#?}\nquery: {}\nbody: {}\nanswer: {status} {answer}",
        request.query_text(),
        request.body_text()
    );
    if status != 200 {
        assert!((400..500).contains(&status), "{told}");
        assert!(answer["error"]["message"].is_string(), "{told}");
        assert_eq!(
            settings_after, settings,
            "a refused update was stored\n{told}"
        );
        assert_eq!(
            entries_after, entries,
            "a refused update is in the history\n{told}"
        );
        let must_be_taken = mutations.iter().all(Mutation::is_harmless)
            && matches!(oracle::read(request), Verdict::Says(_));
        assert!(!must_be_taken, "a valid update was refused\n{told}");
        return;
    }
    assert_eq!(answer["result"], "success", "{told}");
    match oracle::read(request) {
        Verdict::Refuse(reason) => panic!("a success in spite of {reason}\n{told}"),
        Verdict::Says(said) => {
            let mut expected = settings;
            for (field, value) in said {
                expected[field] = value;
            }
            let expected = oracle::comparable(expected);
            assert_eq!(
                settings_after, expected,
                "stored is not what was said\n{told}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_changed_update_is_refused_or_does_what_it_says(
        before in generator::settings(),
        request in generator::update_request(),
        mutations in prop::collection::vec(mutation::mutation(), 0..4),
    ) {
        let mut request = request;
        for mutation in &mutations {
            mutation.apply(&mut request);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(check(&before.to_value(), &request, &mutations));
    }
}
