//! Limits, over real sockets.

use std::io::Read;

use crate::process::{Place, Server};

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";

fn still_works(server: &Server, token: &str) {
    assert_eq!(server.ask("GET", EDGE, token, "").status, 200);
}

#[test]
fn bodies_that_are_too_large_are_told_so() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    for (address, size, limit) in [
        (EDGE, 10_000_000, "65536"),
        ("/v26.0", 2_000_000, "1048576"),
    ] {
        let reply = server.ask("POST", address, &token, &" ".repeat(size));
        assert_eq!(reply.status, 413);
        assert!(
            reply.json()["error"]["message"]
                .as_str()
                .unwrap()
                .contains(limit)
        );
    }
    // A client that asks first is answered before it sends anything.
    let mut connection = server.connect();
    let head = format!(
        "POST {EDGE} HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 10000000\r\n\r\n"
    );
    connection.send(head.as_bytes()).unwrap();
    assert_eq!(connection.read().unwrap().status, 413);
    // Just below the limit is fine.
    let body = format!("{{\"note\":\"{}\"}}", "x".repeat(65_000));
    assert_eq!(server.ask("POST", EDGE, &token, &body).status, 200);
    still_works(&server, &token);
}

#[test]
fn compressed_bodies_are_not_read() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    for encoding in [
        "Content-Encoding: gzip\r\nContent-Length: 2",
        "Content-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 2",
        "Transfer-Encoding: gzip, chunked",
    ] {
        let mut connection = server.connect();
        let head = format!(
            "POST {EDGE} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
             {encoding}\r\n\r\n"
        );
        connection.send(head.as_bytes()).unwrap();
        let reply = connection.read().unwrap();
        assert_eq!(reply.status, 415, "{encoding}");
        assert!(reply.body.contains("gzip"));
    }
    // These two mean nothing.
    let mut connection = server.connect();
    let head = format!(
        "POST {EDGE} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
         Content-Encoding: Identity\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    );
    connection.send(head.as_bytes()).unwrap();
    assert_eq!(connection.read().unwrap().status, 200);
}

#[test]
fn heads_that_are_too_large_are_told_so() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let many = ["X-Same: 1\r\n"; 80].concat();
    let large = format!("X-Large: {}\r\n", "x".repeat(17_000));
    let method = "M".repeat(17_000);
    for (method, headers) in [("GET", &many), ("GET", &large), (&method, &String::new())] {
        let mut connection = server.connect();
        let head = format!("{method} {EDGE} HTTP/1.1\r\nHost: test\r\n{headers}\r\n");
        connection.send(head.as_bytes()).unwrap();
        let reply = connection.read().unwrap();
        assert_eq!(reply.status, 431);
        assert_eq!(reply.json()["error"]["code"], 100);
    }
    still_works(&server, &token);
}

#[test]
fn pages_are_under_the_same_limits() {
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--request-time", "1s"]);
    let token = server.token();
    let large = format!("X-Large: {}\r\n", "x".repeat(17_000));
    let mut connection = server.connect();
    let head = format!("GET /console/sign-in HTTP/1.1\r\nHost: test\r\n{large}\r\n");
    connection.send(head.as_bytes()).unwrap();
    assert_eq!(connection.read().unwrap().status, 431);

    let mut connection = server.connect();
    let body = "x".repeat(70_000);
    let request = format!(
        "POST /console/sign-in HTTP/1.1\r\nHost: test\r\nContent-Length: 70000\r\n\r\n{body}"
    );
    connection.send(request.as_bytes()).unwrap();
    assert_eq!(connection.read().unwrap().status, 413);

    let mut connection = server.connect();
    let head = "POST /console/sign-in HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nx";
    connection.send(head.as_bytes()).unwrap();
    assert_eq!(connection.read().unwrap().status, 408);
    still_works(&server, &token);
}

#[test]
fn what_is_no_http_is_answered_too() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    for (bytes, status) in [
        ("GARBAGE\r\n\r\n".to_owned(), 400),
        (format!("GET {EDGE}?a b HTTP/1.1\r\n\r\n"), 400),
        (format!("GET {EDGE} HTTP/1.1\r\nA: \x7f\r\n\r\n"), 400),
        (
            format!("GET {EDGE}?{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)),
            431,
        ),
        (
            format!("GET {EDGE} HTTP/1.1\r\n{}\r\n", "A: 1\r\n".repeat(2_000)),
            431,
        ),
    ] {
        let mut connection = server.connect();
        connection.send(bytes.as_bytes()).unwrap();
        let shown = &bytes[..20.min(bytes.len())];
        let reply = connection.read().unwrap();
        assert_eq!(reply.status, status, "{shown}");
        assert_eq!(reply.json()["error"]["code"], 100, "{shown}");
        assert!(reply.header("x-fb-trace-id").is_some(), "{shown}");
    }
    still_works(&server, &token);
}

#[test]
fn a_request_has_one_host() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    for (head, status) in [
        (format!("GET {EDGE} HTTP/1.1\r\n"), 400),
        (
            format!("GET {EDGE} HTTP/1.1\r\nHost: a\r\nHost: a\r\n"),
            400,
        ),
        ("GET /console HTTP/1.1\r\n".to_owned(), 400),
        (format!("GET {EDGE} HTTP/1.0\r\n"), 200),
    ] {
        let mut connection = server.connect();
        let request = format!("{head}Authorization: Bearer {token}\r\n\r\n");
        connection.send(request.as_bytes()).unwrap();
        let reply = connection.read().unwrap();
        assert_eq!(reply.status, status, "{head}");
        if status == 400 {
            let message = reply.json()["error"]["message"].to_string();
            assert!(message.contains("header Host"), "{message}");
        }
    }
}

#[test]
fn a_late_body_makes_room() {
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--max-connections", "2"]);
    let token = server.token();
    let head = format!("POST {EDGE} HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{{");
    let mut late = [server.connect(), server.connect()];
    for connection in &mut late {
        connection.send(head.as_bytes()).unwrap();
    }
    still_works(&server, &token);
    assert!(late.iter_mut().any(|connection| connection.read().is_err()));
}

#[test]
fn two_headers_with_different_tokens_are_refused() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    for (second, status) in [("another", 400), (token.as_str(), 200)] {
        let mut connection = server.connect();
        let head = format!(
            "GET {EDGE} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
             Authorization: Bearer {second}\r\n\r\n"
        );
        connection.send(head.as_bytes()).unwrap();
        assert_eq!(connection.read().unwrap().status, status);
    }
}

#[test]
fn a_token_in_the_path_does_not_reach_the_log() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    server.ask(
        "GET",
        &format!("/v26.0/{token}/messenger_call_settings"),
        &token,
        "",
    );
    server.signal("TERM");
    let (_code, log) = server.wait();
    assert!(log.contains("/v26.0/.../messenger_call_settings"), "{log}");
    assert!(!log.contains(&token));
}

#[test]
fn slow_heads_and_bodies_end() {
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--header-time", "1s", "--request-time", "1s"]);
    let token = server.token();
    let mut slow_head = server.connect();
    slow_head
        .send(format!("GET {EDGE} HTTP/1.1\r\nHost:").as_bytes())
        .unwrap();
    let mut slow_body = server.connect();
    let head = format!("POST {EDGE} HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{{");
    slow_body.send(head.as_bytes()).unwrap();
    let reply = slow_body.read().unwrap();
    assert_eq!(reply.status, 408);
    assert_eq!(reply.json()["error"]["is_transient"], true);
    // A head that never ends is not worth an answer, but the connection must end.
    assert!(
        slow_head
            .read()
            .is_err_and(|error| error.kind() == std::io::ErrorKind::UnexpectedEof)
    );
    still_works(&server, &token);
}

#[test]
fn idle_connections_make_room() {
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--max-connections", "2"]);
    let token = server.token();
    let mut used = server.connect();
    assert_eq!(used.ask("GET", EDGE, &token, "").unwrap().status, 200);
    let mut unused = server.connect();
    // One that never asked goes first, then the one that has been idle the longest.
    let mut newcomers = Vec::new();
    for gone in [&mut unused, &mut used] {
        let mut newcomer = server.connect();
        assert_eq!(newcomer.ask("GET", EDGE, &token, "").unwrap().status, 200);
        newcomers.push(newcomer);
        assert!(gone.read().is_err());
    }
}

#[test]
fn requests_under_way_keep_their_room() {
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--max-connections", "1"]);
    let token = server.token();
    let mut first = server.connect();
    let head = format!(
        "POST {EDGE} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    );
    first.send(head.as_bytes()).unwrap();
    assert_eq!(first.read().unwrap().status, 100);
    let mut second = server.connect();
    let request =
        format!("GET {EDGE} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n");
    second.send(request.as_bytes()).unwrap();
    first.send(b"{}").unwrap();
    assert_eq!(first.read().unwrap().status, 200);
    assert_eq!(second.read().unwrap().status, 200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let mut connection = server.connect();
    let request = |fields: &str| {
        format!(
            "GET {EDGE}?fields={fields} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
    };
    let requests = ["audio_enabled", "icon_enabled", "video_enabled"]
        .map(request)
        .concat();
    // Byte by byte, as a bad network would deliver them.
    for byte in requests.as_bytes() {
        connection.send(std::slice::from_ref(byte)).unwrap();
    }
    for field in ["audio_enabled", "icon_enabled", "video_enabled"] {
        let reply = connection.read().unwrap();
        assert!(reply.body.contains(field), "{}", reply.body);
    }
}

#[test]
fn head_options_and_bodies_where_none_belong() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let mut connection = server.connect();
    // Twice on one connection: the ignored body must not be taken for the next request.
    for _ in 0..2 {
        assert_eq!(
            connection.ask("GET", EDGE, &token, "{}").unwrap().status,
            200
        );
        assert_eq!(
            connection.ask("DELETE", EDGE, &token, "{}").unwrap().status,
            400
        );
    }
    let reply = connection.ask("OPTIONS", EDGE, "", "").unwrap();
    assert_eq!(reply.status, 200);
    let allowed = reply.header("access-control-allow-headers").unwrap();
    for name in ["Authorization", "If-Match", "X-Requested-With"] {
        assert!(allowed.contains(name), "{name}: {allowed}");
    }

    let head = format!(
        "HEAD {EDGE} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}
