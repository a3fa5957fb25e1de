//! The console over HTTP: whose requests are taken, and where a sign-in leads.

use temporary_postgres::{Cluster, Setup};

use crate::process::{Place, Reply, Server, pagebell};
use crate::start_and_stop::retry;

const EDITOR: &str = "/console/pages/1234567890";
const PREVIEW: &str = "/console/pages/1234567890/preview";
const CHANGE: &str = "{\"video_enabled\":true}";

/// One request with these headers, each of which ends with a line end.
fn send(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> Reply {
    let host = server.address;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    let mut connection = server.connect();
    connection.send(request.as_bytes()).unwrap();
    connection.read().unwrap()
}

fn cookies(pairs: &[&str]) -> String {
    format!("Cookie: {}\r\n", pairs.join("; "))
}

/// The form token of the editor that these headers get.
fn form_token(server: &Server, headers: &str) -> String {
    let page = send(server, "GET", EDITOR, headers, "");
    assert_eq!(page.status, 200, "{page:?}");
    let (_before, rest) = page.body.split_once("data-form-token=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// The status of a preview with this form token.
fn preview(server: &Server, headers: &str, form_token: &str) -> u16 {
    let headers = format!("{headers}X-Form-Token: {form_token}\r\nIf-Match: 0\r\n");
    send(server, "POST", PREVIEW, &headers, CHANGE).status
}

/// Signs in and returns the cookies that were set, as a browser sends them back.
fn sign_in(server: &Server, headers: &str, body: &str) -> (Reply, Vec<String>) {
    let reply = send(server, "POST", "/console/sign-in", headers, body);
    let set = reply
        .headers
        .iter()
        .filter(|(name, _value)| name == "set-cookie");
    let pairs = set.map(|(_name, value)| value.split(';').next().unwrap().to_owned());
    let pairs = pairs.collect();
    (reply, pairs)
}

fn a_token(place: &Place, server: &Server) -> String {
    let token = place.must(&["token", "create", "--all-pages"]);
    let token = token.trim().to_owned();
    let is_known = || send(server, "GET", "/console", &session(&token), "").status == 200;
    assert!(retry(std::time::Duration::from_secs(20), is_known));
    token
}

fn session(token: &str) -> String {
    cookies(&[&format!("pagebell_console={token}")])
}

#[test]
fn a_form_token_outlives_restarts_and_access_tokens() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let (reply, set) = sign_in(&server, "", &format!("access_token={token}"));
    assert_eq!((reply.status, set.len()), (303, 2), "{reply:?}");
    let [first, key] = [&set[0], &set[1]].map(String::as_str);
    let browser = cookies(&[first, key]);
    let of_browser = form_token(&server, &browser);
    let of_session = form_token(&server, &session(&token));
    assert_ne!(of_browser, of_session);

    let other_token = a_token(&place, &server);
    let body = format!("access_token={other_token}");
    let (_reply, set) = sign_in(&server, &browser, &body);
    let [second] = [&set[0]].map(String::as_str);
    assert_eq!(set.len(), 1, "the key stays");

    server.kill();
    let server = place.serve(&[]);
    for (what, headers, sent, status) in [
        ("after a restart", &browser, &of_browser, 200),
        (
            "under a new access token",
            &cookies(&[second, key]),
            &of_browser,
            200,
        ),
        (
            "with the session cookie alone",
            &session(&token),
            &of_session,
            200,
        ),
        ("derived, with both cookies", &browser, &of_session, 200),
        (
            "of another access token",
            &session(&other_token),
            &of_session,
            403,
        ),
        (
            "of the browser, without its key",
            &session(&token),
            &of_browser,
            403,
        ),
        (
            "with another key",
            &cookies(&[first, &format!("pagebell_console_form={}", "0".repeat(64))]),
            &of_browser,
            403,
        ),
        ("empty", &browser, &String::new(), 403),
        ("signed out", &cookies(&[key]), &of_browser, 401),
    ] {
        assert_eq!(preview(&server, headers, sent), status, "{what}");
    }
    let again = send(&server, "GET", "/console/form-token", &browser, "");
    assert_eq!(again.json()["form_token"], of_browser);
    assert_eq!(
        send(&server, "GET", "/console/form-token", "", "").status,
        401
    );
}

#[test]
fn a_form_token_is_not_enough_for_another_origin() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let session = session(&server.token());
    let token = form_token(&server, &session);
    let here = server.address;
    for (headers, status) in [
        (String::new(), 200),
        (format!("Origin: http://{here}\r\n"), 200),
        ("Sec-Fetch-Site: same-origin\r\n".to_owned(), 200),
        ("Sec-Fetch-Site: same-site\r\n".to_owned(), 403),
        ("Sec-Fetch-Site: cross-site\r\n".to_owned(), 403),
        ("Origin: http://127.0.0.1:1\r\n".to_owned(), 403),
        (
            format!("Origin: http://{here}\r\nSec-Fetch-Site: same-site\r\n"),
            403,
        ),
    ] {
        let headers = format!("{session}{headers}");
        assert_eq!(preview(&server, &headers, &token), status, "{headers}");
    }
}

#[test]
fn servers_of_one_database_take_each_others_form_tokens() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let serve = |arguments: &[&str]| {
        let mut command = pagebell();
        let store = cluster.address("postgres");
        command.args(["serve", "--listen", "127.0.0.1:0", "--store", &store]);
        command.args(arguments);
        Server::start(command)
    };
    let mut first = serve(&["--dev"]);
    let token = first.token();
    let (_reply, set) = sign_in(&first, "", &format!("access_token={token}"));
    let browser = cookies(&[&set[0], &set[1]]);
    for headers in [browser, session(&token)] {
        let form_token = form_token(&first, &headers);
        for _server in 0..3 {
            assert_eq!(preview(&serve(&[]), &headers, &form_token), 200);
        }
    }
}

#[test]
fn a_sign_in_leads_to_the_page_that_was_asked_for_and_nowhere_else() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let location = |reply: &Reply| reply.header("location").unwrap_or_default().to_owned();
    for (asked, sign_in_address) in [
        ("/console", "/console/sign-in"),
        (
            EDITOR,
            "/console/sign-in?return_to=%2Fconsole%2Fpages%2F1234567890",
        ),
        (
            "/console?q=a%26b",
            "/console/sign-in?return_to=%2Fconsole%3Fq%3Da%2526b",
        ),
    ] {
        let reply = send(&server, "GET", asked, "", "");
        assert_eq!((reply.status, &*location(&reply)), (303, sign_in_address));
        let form = send(&server, "GET", sign_in_address, "", "");
        let hidden = format!(
            "name=\"return_to\" value=\"{}\"",
            asked.replace('&', "&#38;")
        );
        assert_eq!(
            form.body.contains(&hidden),
            asked != "/console",
            "{}",
            form.body
        );
    }
    for (return_to, destination) in [
        ("%2Fconsole%2Fpages%2F1234567890", EDITOR),
        (
            "%2Fconsole%2Fpages%2F12%2Fhistory%3Fbefore%3D3",
            "/console/pages/12/history?before=3",
        ),
        ("", "/console"),
        ("https%3A%2F%2Felsewhere.test", "/console"),
        ("%2F%2Felsewhere.test%2Fconsole", "/console"),
        ("%2F%5Celsewhere.test", "/console"),
        ("javascript%3Aalert(1)", "/console"),
        ("%2Fconsole%2F..%2F..%2Freference", "/console"),
        (
            "%2Fconsole%2Fpages%2F12%0d%0aSet-Cookie%3A+a%3Db",
            "/console",
        ),
        (
            "%2Fconsole%2Fpages%2F12&return_to=%2F%2Felsewhere.test",
            "/console",
        ),
    ] {
        let body = format!("access_token={token}&return_to={return_to}");
        let (reply, _cookies) = sign_in(&server, "", &body);
        assert_eq!(
            (reply.status, &*location(&reply)),
            (303, destination),
            "{return_to}"
        );
    }
}

#[test]
fn a_link_of_another_site_leads_through_a_page_of_the_console() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let session = session(&server.token());
    let cross_site = "Sec-Fetch-Site: cross-site\r\n";
    let reply = send(&server, "GET", EDITOR, cross_site, "");
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"0; url={EDITOR}\">");
    assert!(
        reply.status == 200 && reply.body.contains(&refresh),
        "{reply:?}"
    );
    // The next request comes from that page.
    let from_here = "Sec-Fetch-Site: same-origin\r\n";
    let reply = send(&server, "GET", EDITOR, from_here, "");
    assert_eq!(reply.status, 303, "nobody is signed in");
    let headers = format!("{session}{from_here}");
    assert_eq!(send(&server, "GET", EDITOR, &headers, "").status, 200);
    for path in [PREVIEW, "/console/pages/1234567890/form"] {
        let reply = send(&server, "POST", path, cross_site, CHANGE);
        assert_eq!(
            reply.status, 401,
            "what changes something is never sent again"
        );
    }
}

#[test]
fn the_editor_works_as_a_plain_form() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let access_token = server.token();
    let session = session(&access_token);
    let token = form_token(&server, &session);
    let settings = || {
        let edge = "/v26.0/1234567890/messenger_call_settings";
        server.ask("GET", edge, &access_token, "").json()["data"][0].clone()
    };
    let submit = |token: &str, fields: &str| {
        let path = "/console/pages/1234567890/form";
        let body = format!("form_token={token}&{fields}");
        send(&server, "POST", path, &session, &body)
    };
    let week = "hours=Mon-Fri+9-17&timezone_id=Europe/Paris";
    let reply = submit(
        &token,
        &format!("revision=0&video_enabled=on&ring_target=PARTNERS&{week}"),
    );
    assert_eq!(reply.status, 303, "{reply:?}");
    assert_eq!(
        reply.header("location"),
        Some("/console/pages/1234567890?saved")
    );
    let stored = settings();
    assert_eq!(
        stored["audio_enabled"], false,
        "a switch that is off is not sent"
    );
    assert_eq!(stored["video_enabled"], true);
    assert_eq!(stored["call_routing"]["ring_target"], "PARTNERS");
    let entries = stored["call_hours"]["weekly_operating_hours"].as_array();
    assert_eq!(entries.unwrap().len(), 5);

    let mistaken =
        "revision=1&audio_enabled=on&ring_target=META&hours=Mon+9-+%3Cb%3E&timezone_id=UTC";
    for (fields, token, status, said) in [
        (mistaken, &*token, 400, "Nothing is saved yet. Call hours: "),
        (mistaken, "0", 403, "you signed in again since"),
        (
            "revision=0&icon_enabled=on&ring_target=META&hours=&timezone_id=",
            &token,
            409,
            "someone else changed this Page (token ",
        ),
    ] {
        let reply = submit(token, fields);
        assert_eq!(reply.status, status, "{reply:?}");
        assert!(reply.body.contains(said), "{reply:?}");
        assert!(!reply.body.contains("<b>"));
        assert!(
            status == 409 || reply.body.contains("Mon 9- &#60;b&#62;"),
            "what was typed stays"
        );
        assert_eq!(settings(), stored);
    }
    assert_eq!(
        submit(&token, "audio_enabled=on").status,
        303,
        "not this form"
    );
    assert_eq!(settings(), stored);
}
