//! `app`, `page` and `token`, with and without a running server.

use std::time::Duration;

use serde_json::Value;

use crate::process::{Place, Server, pagebell};
use crate::start_and_stop::retry;

/// How soon a running server must see what the command line changed.
const VISIBLE_WITHIN: Duration = Duration::from_secs(1);

fn edge(page: &str) -> String {
    format!("/v26.0/{page}/messenger_call_settings")
}

fn status(server: &Server, page: &str, token: &str) -> u16 {
    server.ask("GET", &edge(page), token, "").status
}

#[test]
fn a_running_server_sees_changes_within_a_second() {
    let place = Place::new();
    let server = place.serve(&[]);
    place.must(&["page", "add", "4711", "--name", "Bakery"]);
    let token = place.must(&["token", "create", "--page", "4711"]);
    let token = token.trim();
    assert!(retry(VISIBLE_WITHIN, || status(&server, "4711", token) == 200));

    place.must(&["token", "revoke", token]);
    assert!(retry(VISIBLE_WITHIN, || status(&server, "4711", token) == 400));

    let all = place.must(&["token", "create", "--all-pages"]);
    assert!(retry(VISIBLE_WITHIN, || status(
        &server,
        "4711",
        all.trim()
    ) == 200));
    place.must(&["page", "remove", "4711"]);
    assert!(retry(VISIBLE_WITHIN, || status(
        &server,
        "4711",
        all.trim()
    ) == 400));
}

#[test]
fn an_app_has_an_id_and_a_secret() {
    let place = Place::new();
    let printed = place.must(&["app", "add", "Contact centre", "--require-proof"]);
    let lines: Vec<&str> = printed.lines().collect();
    let id = lines[0].strip_prefix("app_id ").unwrap();
    assert!(id.bytes().all(|byte| byte.is_ascii_digit()));
    let secret = lines[1].strip_prefix("app_secret ").unwrap();
    assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(lines.len(), 2);

    let listed = place.must(&["app", "list", "--json"]);
    assert!(!listed.contains(secret), "a list has no secrets");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["app_id"], id);
    assert_eq!(listed[0]["require_proof"], true);
    assert!(place.must(&["app", "list"]).contains("Contact centre"));

    place.must(&["token", "create", "--all-pages", "--app", id]);
    let output = place.run(&["token", "create", "--all-pages", "--app", "12"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn pages_are_listed_and_removed() {
    let place = Place::new();
    for page in ["20", "3", "18446744073709551615"] {
        assert_eq!(
            place.must(&["page", "add", page]),
            format!("page {page} added\n")
        );
    }
    assert_eq!(
        place.must(&["page", "add", "3", "--name", "Mill"]),
        "page 3 was there already and has the new name\n"
    );
    let listed: Value = serde_json::from_str(&place.must(&["page", "list", "--json"])).unwrap();
    let ids: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|page| page["page_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["3", "20", "18446744073709551615"]);
    assert_eq!(listed[0]["name"], "Mill");
    let table = place.must(&["page", "list"]);
    assert_eq!(table.lines().count(), 4, "{table}");

    place.must(&["page", "remove", "20"]);
    let output = place.run(&["page", "remove", "20"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("there is no page 20")
    );
    for nonsense in ["0", "abc", "-5", "99999999999999999999"] {
        assert_eq!(
            place.run(&["page", "add", nonsense]).status.code(),
            Some(2),
            "{nonsense}"
        );
    }
}

#[test]
fn pages_are_set() {
    let place = Place::new();
    place.must(&["page", "add", "1", "--name", "Bakery"]);
    place.must(&["page", "add", "2"]);
    let set = ["page", "set", "1", "--eligible", "false"];
    assert_eq!(place.must(&set), "page 1 set\n");
    place.must(&["page", "set", "1", "--engaged-users", "1500"]);
    let listed: Value = serde_json::from_str(&place.must(&["page", "list", "--json"])).unwrap();
    let (one, two) = (&listed[0], &listed[1]);
    assert_eq!(
        (&one["eligible"], &one["engaged_users"]),
        (&false.into(), &1500.into())
    );
    assert_eq!(one["name"], "Bakery");
    assert_eq!(
        (&two["eligible"], two.get("engaged_users")),
        (&true.into(), None)
    );
    let table = place.must(&["page", "list"]);
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines[1], ["1", "0", "no", "Bakery"]);
    assert_eq!(lines[2], ["2", "0", "yes"]);

    let missing = place.run(&["page", "set", "3", "--eligible", "true"]);
    assert_eq!(missing.status.code(), Some(1));
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(said.contains("there is no page 3"), "{said}");
    for wrong in [
        &["page", "set", "1"][..],
        &["page", "set", "1", "--eligible", "yes"],
        &["page", "set", "1", "--eligible"],
        &["page", "set", "1", "--engaged-users", "-1"],
    ] {
        assert_eq!(place.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let said = String::from_utf8(place.run(&["page", "set", "1"]).stderr).unwrap();
    assert!(said.contains("--eligible"), "{said}");
}

#[test]
fn a_running_server_says_that_a_page_is_not_eligible() {
    let place = Place::new();
    place.must(&["page", "add", "7"]);
    let token = place.must(&["token", "create", "--page", "7"]);
    let server = place.serve(&[]);
    let status = || {
        let edge = "/v26.0/me/business_messaging_feature_status";
        let body = r#"{"features":[{"feature":"messenger_api_calling"}]}"#;
        server.ask("POST", edge, token.trim(), body).body
    };
    assert!(status().contains("\"ENABLED\""), "{}", status());
    place.must(&["page", "set", "7", "--eligible", "false"]);
    assert!(status().contains("\"NOT_ELIGIBLE\""), "{}", status());
}

#[test]
fn names_are_bounded_and_never_steer_a_terminal() {
    let place = Place::new();
    let name = "evil\u{1b}]0;title\u{7}\nsecond line";
    place.must(&["page", "add", "1", "--name", name]);
    place.must(&["app", "add", name]);
    let output = place.run(&["token", "create", "--page", "1", "--scope", name]);
    assert!(output.status.success());
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(
        !note.contains('\u{1b}') && note.lines().count() == 1,
        "{note}"
    );
    for (list, rows) in [("page", 2), ("app", 2), ("token", 2)] {
        let table = place.must(&[list, "list"]);
        assert!(!table.contains(['\u{1b}', '\u{7}']), "{table:?}");
        assert_eq!(table.lines().count(), rows, "{table}");
        let json = place.must(&[list, "list", "--json"]);
        let listed: Value = serde_json::from_str(&json).unwrap();
        assert!(listed[0].to_string().contains("second line"), "{json}");
    }
    let longest = "x".repeat(256);
    let too_long = "x".repeat(257);
    place.must(&["page", "add", "1", "--name", &longest]);
    for arguments in [
        &["page", "add", "1", "--name", &too_long][..],
        &["app", "add", &too_long],
        &["token", "create", "--page", "1", "--scope", &too_long],
    ] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("256 characters at most"), "{errors}");
    }
}

#[test]
fn tokens_are_printed_once_and_kept_as_hashes() {
    let place = Place::new();
    let token = place.must(&[
        "token",
        "create",
        "--all-pages",
        "--scope",
        "a",
        "--scope",
        "b",
        "--expires-in",
        "60d",
    ]);
    let token = token.trim();
    let listed = place.must(&["token", "list", "--json"]);
    assert!(!listed.contains(token));
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["scopes"], serde_json::json!(["a", "b"]));
    assert_eq!(listed[0]["status"], "valid");
    assert_eq!(listed[0]["all_pages"], true);

    let id = listed[0]["token_id"].as_str().unwrap();
    place.must(&["token", "revoke", id]);
    let listed: Value = serde_json::from_str(&place.must(&["token", "list", "--json"])).unwrap();
    assert_eq!(listed[0]["status"], "revoked");
    assert!(place.must(&["token", "list"]).contains("revoked"));
    for unknown in ["12345", "PBTnothing"] {
        assert_eq!(
            place.run(&["token", "revoke", unknown]).status.code(),
            Some(1)
        );
    }
    for file in std::fs::read_dir(place.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let found = bytes
            .windows(token.len())
            .any(|window| window == token.as_bytes());
        assert!(!found, "the store has the token itself");
    }
}

#[test]
fn a_token_needs_pages_and_lives_as_long_as_it_says() {
    let place = Place::new();
    for arguments in [
        &["token", "create"][..],
        &["token", "create", "--all-pages", "--page", "1"],
        &["token", "create", "--all-pages", "--expires-in", "soon"],
        &["token", "create", "--all-pages", "--expires-in", "0s"],
        &["token", "create", "--all-pages", "--scope", ""],
        &["token", "create", "--page", "abc"],
    ] {
        assert_eq!(place.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let output = place.run(&["token", "create", "--page", "5"]);
    assert!(output.status.success());
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("there is no page 5 yet"), "{note}");
    let output = place.run(&[
        "token",
        "create",
        "--all-pages",
        "--scope",
        "pages_messaging,other",
    ]);
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("asks for the scope \"other\""), "{note}");
    assert!(!note.contains("\"pages_messaging"), "{note}");

    let server = place.serve(&[]);
    place.must(&["page", "add", "5"]);
    let brief = place.must(&["token", "create", "--page", "5", "--expires-in", "1s"]);
    let ended = retry(Duration::from_secs(5), || {
        let reply = server.ask("GET", &edge("5"), brief.trim(), "");
        reply.json()["error"]["error_subcode"] == 463
    });
    assert!(ended);
}

#[test]
fn lists_and_removals_want_a_store_that_exists() {
    let place = Place::new();
    for arguments in [
        &["page", "list"][..],
        &["page", "remove", "1"],
        &["token", "list"],
        &["token", "revoke", "1"],
        &["app", "list"],
    ] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            String::from_utf8(output.stderr)
                .unwrap()
                .contains("there is no store")
        );
    }
    assert!(!place.database().exists(), "nothing was made by looking");
    let output = pagebell()
        .args(["page", "list", "--store", "sqlite::memory:"])
        .output();
    assert_eq!(output.unwrap().status.code(), Some(2));
}

#[test]
fn an_error_repeats_no_value_that_may_hold_a_secret() {
    for arguments in [
        &["page", "list", "postgres://u:s3cret@h/d"][..],
        &["serve", "postgres://u:s3cret@h/d"],
        &["postgres://u:s3cret@h/d"],
        &["token", "revoke", "PBTabc", "PBTs3cret"],
    ] {
        let output = crate::process::pagebell().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!errors.contains("s3cret"), "{errors}");
        assert!(errors.contains("may hold a secret"), "{errors}");
    }
}
