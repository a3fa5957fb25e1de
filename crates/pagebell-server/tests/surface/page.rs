//! A Page itself, and its feature status: what clients ask first.

use call_settings::PageId;
use http::Method;
use pagebell_server::{Conditions, Configuration};
use serde_json::json;
use settings_store::{CallingChange, NewPage, PageChange, SettingsStore, TokenId};

use crate::harness::{Harness, OTHER_PAGE, PAGE};

const NODE: &str = "/v26.0/1234567890";
const STATUS: &str = "/v26.0/1234567890/business_messaging_feature_status";

async fn name_the_page(harness: &Harness) {
    let page = NewPage {
        page_id: PageId::new(PAGE),
        name: Some("Bakery".to_owned()),
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    harness.store.add_page(page).await.unwrap();
}

#[tokio::test]
async fn a_page_has_an_id_and_a_name() {
    let harness = Harness::new().await;
    name_the_page(&harness).await;
    let whole = json!({ "name": "Bakery", "id": "1234567890" });
    for (address, token, expected) in [
        (NODE, "all", whole.clone()),
        ("/1234567890/", "two", whole.clone()),
        ("/v21.0/me", "one", whole.clone()),
        // The scope for settings is not needed.
        ("/me?fields=id,name", "bare", whole.clone()),
        ("/me?fields=id", "one", json!({ "id": "1234567890" })),
        ("/987", "all", json!({ "id": OTHER_PAGE.to_string() })),
    ] {
        let answer = harness.ask(Method::GET, address, token, None, "").await;
        assert_eq!(answer.response.status, 200, "{address}");
        assert_eq!(answer.json, expected, "{address}");
    }
}

#[tokio::test]
async fn what_is_refused_of_a_page() {
    let harness = Harness::new().await;
    for (method, address, token, codes) in [
        (Method::GET, NODE, "", (400, 104, None)),
        (Method::GET, "/me", "", (400, 2500, None)),
        (Method::GET, NODE, "nobody", (400, 190, None)),
        (Method::GET, NODE, "other", (403, 200, None)),
        (Method::GET, "/404", "other", (403, 200, None)),
        (Method::GET, "/404", "all", (400, 100, Some(33))),
        (Method::GET, "/me", "all", (400, 100, None)),
        (Method::GET, "/me?fields=category", "one", (400, 100, None)),
        (
            Method::GET,
            "/99999999999999999999",
            "all",
            (400, 100, Some(33)),
        ),
        (Method::POST, NODE, "all", (400, 100, Some(33))),
        (Method::DELETE, NODE, "all", (400, 100, Some(33))),
        (Method::PUT, "/me", "one", (400, 100, Some(33))),
    ] {
        let answer = harness.ask(method.clone(), address, token, None, "").await;
        assert_eq!(answer.codes(), codes, "{method} {address} {token}");
    }
}

#[tokio::test]
async fn a_configured_token_of_many_pages_has_a_page_that_me_means() {
    let harness = Harness::with(Configuration {
        // The token `all`.
        page_of_token: Some((TokenId::new(1), PageId::new(PAGE))),
        ..Configuration::default()
    })
    .await;
    for address in [
        "/me",
        "/me/messenger_call_settings",
        "/me/messenger_call_settings_history",
        "/me/messenger_call_availability",
    ] {
        let answer = harness.get(address).await;
        assert_eq!(answer.response.status, 200, "{address}");
    }
    // Twice: what is in memory is read in another place.
    let answer = harness.get("/me/messenger_call_settings").await;
    assert_eq!(answer.response.status, 200);
    let other = harness.ask(Method::GET, "/me", "two", None, "").await;
    assert_eq!(other.codes(), (400, 100, None));
    assert!(other.message().contains("2 Pages"), "{}", other.message());
}

#[tokio::test]
async fn a_page_is_created_on_first_use_by_these_paths_too() {
    let harness = Harness::with(Configuration {
        create_pages: true,
        ..Configuration::default()
    })
    .await;
    let answer = harness.get("/777?fields=id,name").await;
    assert_eq!(answer.json, json!({ "id": "777" }));
    let status = "/778/business_messaging_feature_status";
    let answer = harness.ask(Method::POST, status, "all", None, "").await;
    assert_eq!(answer.response.status, 200);
    for page in [777, 778] {
        assert!(
            harness
                .store
                .page(PageId::new(page))
                .await
                .unwrap()
                .is_some()
        );
    }
}

#[tokio::test]
async fn the_feature_status_in_every_encoding() {
    let harness = Harness::new().await;
    let expected = json!({ "data": [{ "feature": "messenger_api_calling", "status": "ENABLED" }] });
    for (address, content_type, body) in [
        (
            STATUS.to_owned(),
            Some("application/json"),
            r#"{"features":[{"feature":"messenger_api_calling"}]}"#,
        ),
        (
            STATUS.to_owned(),
            Some("application/x-www-form-urlencoded"),
            "features=%5B%7B%22feature%22%3A%22messenger_api_calling%22%7D%5D",
        ),
        (
            STATUS.to_owned(),
            Some("application/x-www-form-urlencoded"),
            "features%5B0%5D%5Bfeature%5D=messenger_api_calling",
        ),
        (
            format!("{STATUS}?features=[{{\"feature\":\"messenger_api_calling\"}}]"),
            None,
            "",
        ),
        (STATUS.to_owned(), None, ""),
    ] {
        let answer = harness
            .ask(Method::POST, &address, "all", content_type, body)
            .await;
        assert_eq!(answer.json, expected, "{address} {body}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_eligible_says_so() {
    let harness = Harness::new().await;
    let status = async || {
        harness
            .ask(Method::POST, STATUS, "one", None, "")
            .await
            .json
    };
    for (eligible, expected) in [(false, "NOT_ELIGIBLE"), (true, "ENABLED")] {
        let change = PageChange {
            page_id: PageId::new(PAGE),
            name: None,
            calling: CallingChange {
                eligible: Some(eligible),
                engaged_users: None,
            },
        };
        assert!(harness.store.set_page(change).await.unwrap());
        assert_eq!(status().await["data"][0]["status"], expected);
    }
}

#[tokio::test]
async fn what_is_refused_of_the_feature_status() {
    let harness = Harness::new().await;
    let json = Some("application/json");
    for (method, token, body, codes) in [
        (Method::GET, "all", "", (400, 100, Some(33))),
        (Method::POST, "", "", (400, 104, None)),
        (Method::POST, "other", "", (403, 200, None)),
        (Method::POST, "bare", "", (403, 230, None)),
        (Method::POST, "all", "{", (400, 100, None)),
        (
            Method::POST,
            "all",
            r#"{"features":[{"feature":"fax"}]}"#,
            (400, 100, None),
        ),
    ] {
        let answer = harness.ask(method, STATUS, token, json, body).await;
        assert_eq!(answer.codes(), codes, "{token} {body}");
    }
    let missing = "/404/business_messaging_feature_status";
    let answer = harness.ask(Method::POST, missing, "all", None, "").await;
    assert_eq!(answer.codes(), (400, 100, Some(33)));
}

#[tokio::test]
async fn conditions_hold_here_too() {
    let harness = Harness::new().await;
    for (method, address) in [(Method::GET, NODE), (Method::POST, STATUS)] {
        for (if_match, status) in [("0", 200), ("7", 412), ("soon", 400)] {
            let conditions = Conditions {
                if_match: Some(if_match).into(),
                ..Conditions::default()
            };
            let answer = harness
                .ask_if(method.clone(), address, conditions, "")
                .await;
            assert_eq!(answer.response.status, status, "{address} {if_match}");
        }
        let conditions = Conditions {
            revision_at_least: Some("3").into(),
            ..Conditions::default()
        };
        let answer = harness.ask_if(method, address, conditions, "").await;
        assert_eq!(answer.response.status, 412, "{address}");
    }
}

#[tokio::test]
async fn the_published_page_has_none_of_them() {
    let harness = Harness::reference().await;
    let credentials = "access_token=all&oauth_token=all";
    for (method, address) in [
        (Method::GET, NODE),
        (Method::GET, "/me"),
        (Method::POST, STATUS),
        (Method::POST, NODE),
    ] {
        let address = format!("{address}?{credentials}&batch=[]");
        let answer = harness.ask(method, &address, "all", None, "").await;
        assert_eq!(answer.response.status, 400, "{address}");
    }
}
