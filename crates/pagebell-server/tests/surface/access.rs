//! Tokens, proofs and permissions.

use std::time::Duration;

use http::Method;
use settings_store::{SettingsStore, TokenHash, TokenKey};

use crate::harness::{Harness, PATH};
use pagebell_server::Clock;

/// HMAC-SHA256 of `of-app` and of `strict` with the apps' secret, by OpenSSL.
const PROOF_OF_APP: &str = "07f8a04017a863e76d06a4600756062079720b9d3ad21ee224834a0099cdb8e6";
const PROOF_STRICT: &str = "144d68e1fd2529634c7abb736f33f52b5949882703dba48fcd405d2714011b96";

async fn codes(harness: &Harness, query: &str, token: &str) -> (u16, i64, Option<i64>) {
    let address = format!("{PATH}?{query}");
    let answer = harness.ask(Method::GET, &address, token, None, "").await;
    if answer.response.status == 200 {
        (200, 0, None)
    } else {
        answer.codes()
    }
}

const FINE: (u16, i64, Option<i64>) = (200, 0, None);

#[tokio::test]
async fn tokens_that_do_not_open_the_page() {
    let harness = Harness::new().await;
    assert_eq!(codes(&harness, "", "").await, (400, 104, None));
    assert_eq!(codes(&harness, "", "nobody's").await, (400, 190, None));
    assert_eq!(codes(&harness, "", "other").await, (403, 200, None));
    assert_eq!(codes(&harness, "", "bare").await, (403, 230, None));
    assert_eq!(
        codes(&harness, "access_token=one", "two").await,
        (400, 190, None)
    );
    assert_eq!(codes(&harness, "access_token=one", "one").await, FINE);
    assert_eq!(codes(&harness, "access_token=one", "").await, FINE);
    assert_eq!(codes(&harness, "oauth_token=one", "").await, FINE);
}

#[tokio::test]
async fn strangers_cannot_tell_which_pages_exist() {
    let harness = Harness::new().await;
    let there = harness.ask(Method::GET, PATH, "other", None, "").await;
    let absent = "/v26.0/1234567891/messenger_call_settings";
    let absent = harness.ask(Method::GET, absent, "other", None, "").await;
    assert_eq!(there.codes(), absent.codes());
    assert_eq!(
        there.message().replace("1234567890", "#"),
        absent.message().replace("1234567891", "#")
    );
}

#[tokio::test]
async fn the_scope_is_named() {
    let harness = Harness::new().await;
    let answer = harness.ask(Method::POST, PATH, "bare", None, "").await;
    assert_eq!(
        answer.message(),
        "(#230) Requires pages_messaging permission"
    );
}

#[tokio::test]
async fn tokens_expire_and_are_revoked() {
    let harness = Harness::new().await;
    assert_eq!(codes(&harness, "", "brief").await, FINE);
    harness.clock.advance(Duration::from_secs(3_599));
    assert_eq!(codes(&harness, "", "brief").await, FINE);
    harness.clock.advance(Duration::from_secs(1));
    let answer = harness.ask(Method::GET, PATH, "brief", None, "").await;
    assert_eq!(answer.codes(), (400, 190, Some(463)));
    assert_eq!(
        answer.message(),
        "Error validating access token: Session has expired on Monday, 24-Nov-25 09:00:00 PST. \
         The current time is Monday, 24-Nov-25 09:00:00 PST."
    );

    assert_eq!(codes(&harness, "", "one").await, FINE);
    let key = TokenKey::Hash(TokenHash::of("one"));
    harness
        .store
        .revoke_token(key, harness.clock.now())
        .await
        .unwrap();
    assert_eq!(codes(&harness, "", "one").await, (400, 190, Some(467)));
}

#[tokio::test]
async fn proofs_are_checked_where_they_come_and_wanted_where_required() {
    let harness = Harness::new().await;
    let with = |proof: &str| format!("appsecret_proof={proof}");
    assert_eq!(codes(&harness, "", "of-app").await, FINE);
    assert_eq!(codes(&harness, &with(PROOF_OF_APP), "of-app").await, FINE);
    assert_eq!(
        codes(&harness, &with(PROOF_STRICT), "of-app").await,
        (400, 100, None)
    );
    assert_eq!(codes(&harness, "", "strict").await, (400, 100, None));
    assert_eq!(codes(&harness, &with(PROOF_STRICT), "strict").await, FINE);
    assert_eq!(
        codes(&harness, &with(PROOF_STRICT), "one").await,
        (400, 100, None)
    );
    let wrong = harness
        .ask(
            Method::GET,
            &format!("{PATH}?appsecret_proof=00"),
            "of-app",
            None,
            "",
        )
        .await;
    assert_eq!(wrong.error()["type"], "GraphMethodException");
}

#[tokio::test]
async fn an_apps_own_token_opens_no_page() {
    let harness = Harness::new().await;
    let own = format!("1|{}", crate::harness::SECRET);
    assert_eq!(codes(&harness, "", &own).await, (400, 190, None));
    assert_eq!(codes(&harness, "", "1|wrong").await, (400, 190, None));
    let answer = harness.ask(Method::GET, PATH, &own, None, "").await;
    assert!(answer.message().contains("Page Access Token"));
}

#[tokio::test]
async fn no_answer_repeats_a_token_or_a_secret() {
    let harness = Harness::new().await;
    for (query, token) in [
        ("access_token=SECRET-A", "SECRET-B"),
        ("", "SECRET-A"),
        ("appsecret_proof=SECRET-A", "of-app"),
        ("", "1|SECRET-A"),
    ] {
        let address = format!("{PATH}?{query}");
        let answer = harness.ask(Method::GET, &address, token, None, "").await;
        assert!(
            !answer.json.to_string().contains("SECRET"),
            "{}",
            answer.json
        );
        let header = answer.response.www_authenticate.unwrap();
        assert!(!header.contains("SECRET"), "{header}");
    }
}

/// The app might have required a proof.
#[tokio::test]
async fn a_token_whose_app_does_not_exist_opens_nothing() {
    let harness = Harness::new().await;
    let stored = harness.store.token(TokenHash::of("of-app")).await.unwrap();
    let orphan = settings_store::TokenRecord {
        token_id: settings_store::TokenId::new(404),
        hash: TokenHash::of("orphan"),
        app_id: Some(settings_store::AppId::new(404)),
        ..stored.unwrap()
    };
    harness.store.put_token(orphan).await.unwrap();
    assert_eq!(codes(&harness, "", "orphan").await, (400, 190, None));
}
