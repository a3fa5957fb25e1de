//! What a server says to callers behind proxies, and what a batch costs, over real sockets.

use serde_json::json;

use crate::process::{Place, Server};

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";

/// The answer to a GET of the address with one more header.
fn get_with(server: &Server, address: &str, token: &str, header: &str) -> crate::process::Reply {
    let mut connection = server.connect();
    let head = format!(
        "GET {address} HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer {token}\r\n{header}\r\n\r\n"
    );
    connection.send(head.as_bytes()).unwrap();
    connection.read().unwrap()
}

#[test]
fn paging_keeps_the_scheme_that_the_caller_used() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    for audio in [false, true] {
        let body = json!({ "audio_enabled": audio }).to_string();
        assert_eq!(server.ask("POST", EDGE, &token, &body).status, 200);
    }
    let history = format!("{EDGE}_history?limit=1&fields=revision");
    for (header, scheme) in [
        ("X-Forwarded-Proto: https", "https"),
        ("X-Forwarded-Proto: https, http", "https"),
        ("X-Forwarded-Proto: http", "http"),
        ("Accept: */*", "http"),
    ] {
        let reply = get_with(&server, &history, &token, header);
        assert_eq!(
            reply.json()["paging"]["next"],
            format!("{scheme}://api.example{EDGE}_history?limit=1&fields=revision&after=r2"),
            "{header}"
        );
    }
}

#[test]
fn metrics_are_for_no_page_of_another_origin() {
    let place = Place::new();
    let server = place.serve(&[]);
    let reply = get_with(&server, "/metrics", "none", "Origin: http://other.example");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

/// How many commits there have been, by the server's own count.
fn commits(server: &Server) -> u64 {
    let metrics = server.ask("GET", "/metrics", "", "").body;
    let count = metrics
        .lines()
        .find_map(|line| line.strip_prefix("pagebell_commit_writes_count "));
    count.unwrap().parse().unwrap()
}

#[test]
fn the_updates_of_a_batch_share_commits_across_pages_and_keep_their_order_on_one() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let operations: Vec<_> = (0..50)
        .map(|number| {
            // Ten Pages, five updates each.
            let (page, round) = (100 + number % 10, number / 10);
            json!({
                "method": "POST",
                "relative_url": format!("{page}/messenger_call_settings"),
                "body": format!("video_enabled={}", round % 2 == 0),
            })
        })
        .collect();
    let before = commits(&server);
    let body = json!({ "batch": operations }).to_string();
    let answers = server.ask("POST", "/", &token, &body).json();
    for answer in answers.as_array().unwrap() {
        assert_eq!(answer["code"], 200, "{answer}");
    }
    let shared = commits(&server) - before;
    assert!(
        (5..=25).contains(&shared),
        "50 updates took {shared} commits"
    );
    for page in 100..110 {
        let address = format!(
            "/{page}/messenger_call_settings_history?fields=revision,after{{video_enabled}}"
        );
        let history = server.ask("GET", &address, &token, "").json();
        let expected: Vec<_> = (1..=5)
            .rev()
            .map(|revision| json!({ "revision": revision, "after": { "video_enabled": revision % 2 == 1 } }))
            .collect();
        assert_eq!(history["data"], json!(expected), "Page {page}");
    }
}

/// The status of a sign-in to the console with these headers of a browser or a proxy.
fn sign_in(server: &Server, token: &str, headers: &str) -> (u16, bool) {
    let body = format!("access_token={token}");
    let mut connection = server.connect();
    let request = format!(
        "POST /console/sign-in HTTP/1.1\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    connection.send(request.as_bytes()).unwrap();
    let reply = connection.read().unwrap();
    let cookie = reply.header("set-cookie").unwrap_or_default();
    (reply.status, cookie.contains("Secure"))
}

#[test]
fn the_console_tells_its_own_pages_from_others_behind_a_proxy_too() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    for (headers, status, is_secure) in [
        // Without a proxy.
        ("Host: a:1\r\nOrigin: http://a:1\r\n", 303, false),
        ("Host: a:1\r\nOrigin: http://b:1\r\n", 403, false),
        ("Host: a:1\r\nOrigin: null\r\n", 403, false),
        // A proxy that sends its own name for the server: the browser's word counts.
        (
            "Host: backend\r\nOrigin: https://a\r\nSec-Fetch-Site: same-origin\r\n\
             X-Forwarded-Proto: https\r\n",
            303,
            true,
        ),
        (
            "Host: a\r\nOrigin: https://a\r\nSec-Fetch-Site: cross-site\r\n",
            403,
            false,
        ),
        (
            "Host: a\r\nOrigin: https://a\r\nSec-Fetch-Site: same-site\r\n",
            403,
            false,
        ),
        // A browser that says nothing of the site, and a proxy that tells the host.
        (
            "Host: backend\r\nOrigin: http://a\r\nX-Forwarded-Host: a\r\n",
            303,
            false,
        ),
        ("Host: backend\r\nOrigin: http://a\r\n", 403, false),
        // A page of the same name without TLS is another origin.
        (
            "Host: a\r\nOrigin: http://a\r\nX-Forwarded-Proto: https\r\n",
            403,
            false,
        ),
        (
            "Host: a\r\nOrigin: https://a\r\nX-Forwarded-Proto: https, http\r\n",
            303,
            true,
        ),
    ] {
        assert_eq!(
            sign_in(&server, &token, headers),
            (status, is_secure),
            "{headers}"
        );
    }
}
