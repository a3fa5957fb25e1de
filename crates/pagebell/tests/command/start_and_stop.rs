//! Starting, refusing to start, and stopping.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::process::{Place, Server, pagebell};

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";

#[test]
fn dev_prints_lines_that_can_be_used() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let curl = server.line();
    assert!(
        curl.starts_with("curl ") && curl.contains(&token) && curl.contains(EDGE),
        "{curl}"
    );
    assert_eq!(
        server.line(),
        format!("console http://{}/console", server.address)
    );
    let app_id = server.line().strip_prefix("app_id ").unwrap().to_owned();
    let secret = server
        .line()
        .strip_prefix("app_secret ")
        .unwrap()
        .to_owned();
    let app_token = format!("{app_id}|{secret}");
    let debug = format!("/debug_token?input_token={token}");
    let reply = server.ask("GET", &debug, &app_token, "");
    assert_eq!(reply.status, 200);
    assert!(reply.body.contains(&app_id), "{}", reply.body);
    let reply = server.ask("GET", "/v26.0/me?fields=id,name", &token, "");
    assert_eq!(reply.body, r#"{"id":"1234567890","name":"Demo"}"#);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(token.as_bytes());
    let mut proof = String::new();
    for byte in mac.finalize().into_bytes() {
        write!(proof, "{byte:02x}").unwrap();
    }
    let proven = format!("/me/messenger_call_settings?appsecret_proof={proof}");
    assert_eq!(server.ask("GET", &proven, &token, "").status, 200);

    let reply = server.ask("GET", EDGE, &token, "");
    assert_eq!(reply.status, 200);
    for (name, value) in [
        ("content-type", "application/json; charset=UTF-8"),
        ("facebook-api-version", "v26.0"),
        ("cache-control", "no-store"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    assert_eq!(reply.header("x-fb-request-id").unwrap().len(), 23);
    assert_eq!(reply.header("x-fb-trace-id").unwrap().len(), 11);

    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(&token), "tokens are not logged");
    assert!(!log.contains(&secret), "secrets are not logged");

    let mut again = place.serve(&["--dev"]);
    assert_eq!(
        again.token(),
        token,
        "the token stays the same on the same store"
    );
}

#[test]
fn without_dev_one_line_is_printed_and_pages_are_not_made_up() {
    let place = Place::new();
    let token = place.must(&["token", "create", "--all-pages"]);
    let server = place.serve(&[]);
    let reply = server.ask("GET", EDGE, token.trim(), "");
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["error"]["error_subcode"], 33);
    assert!(
        reply
            .header("www-authenticate")
            .unwrap()
            .starts_with("OAuth \"Facebook Platform\"")
    );
    server.signal("INT");
    assert_eq!(server.wait().0, Some(0));
}

#[test]
fn memory_keeps_nothing_and_makes_no_file() {
    let place = Place::new();
    let mut command = pagebell();
    command.current_dir(place.path()).args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--store",
        "sqlite::memory:",
        "--dev",
    ]);
    let mut server = Server::start(command);
    let token = server.token();
    assert_eq!(
        server
            .ask("POST", EDGE, &token, "{\"audio_enabled\":false}")
            .status,
        200
    );
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn health_readiness_metrics_and_documents() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    server.ask("POST", EDGE, &token, "{\"audio_enabled\":false}");
    for path in ["/healthz", "/readyz"] {
        let reply = server.ask("GET", path, "", "");
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    }
    let metrics = server.ask("GET", "/metrics", "", "").body;
    for part in [
        "pagebell_requests_total{edge=\"messenger_call_settings\",method=\"POST\",status=\"200\",code=\"0\"} 1",
        "pagebell_commit_writes_count 1",
        "pagebell_request_duration_seconds_bucket",
        "pagebell_page_cache_hits_total",
        "pagebell_connections",
    ] {
        assert!(metrics.contains(part), "{part} is not in {metrics}");
    }
    let json = server.ask("GET", "/reference/v21.0/openapi.json", "", "");
    assert_eq!(json.json()["info"]["version"], "21.0");
    let yaml = server.ask("GET", "/reference/v26.0/openapi.yaml", "", "");
    assert!(yaml.body.starts_with("openapi: 3.1.0"));
    assert_eq!(
        server
            .ask("GET", "/reference/v1.0/openapi.json", "", "")
            .status,
        404
    );
}

/// Starts a server that must not start, and returns its one line.
fn refused(arguments: &[&str]) -> String {
    let mut child = pagebell()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = retry(Duration::from_secs(10), || {
        child.try_wait().unwrap().is_some()
    });
    if !ended {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?} {output:?}");
    assert!(output.stdout.is_empty());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
}

#[test]
fn a_store_that_cannot_be_used_is_named_with_the_way_out() {
    let place = Place::new();
    let server = place.serve(&[]);
    let line = refused(&["--store", &place.store()]);
    assert!(line.contains("another server uses the store"), "{line}");
    let alias = place.path().join("alias.db");
    std::os::unix::fs::symlink(place.database(), &alias).unwrap();
    let line = refused(&["--store", &format!("sqlite:{}", alias.display())]);
    assert!(
        line.contains("another server uses the store"),
        "through a link: {line}"
    );
    drop(server);
    drop(place.serve(&[]));

    let damaged = place.path().join("damaged.db");
    fs::write(
        &damaged,
        "this is no database, and longer than a header of one would be: ".repeat(40),
    )
    .unwrap();
    let line = refused(&["--store", &format!("sqlite:{}", damaged.display())]);
    assert!(line.contains("damaged"), "{line}");

    let foreign = place.path().join("foreign.db");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE mine (x)")
        .unwrap();
    let line = refused(&["--store", &format!("sqlite:{}", foreign.display())]);
    assert!(line.contains("another program"), "{line}");

    let newer = place.path().join("newer.db");
    drop(Server::start({
        let mut command = pagebell();
        command.args(["serve", "--listen", "127.0.0.1:0", "--store"]);
        command.arg(format!("sqlite:{}", newer.display()));
        command
    }));
    rusqlite::Connection::open(&newer)
        .unwrap()
        .pragma_update(None, "user_version", 999)
        .unwrap();
    let line = refused(&["--store", &format!("sqlite:{}", newer.display())]);
    assert!(
        line.contains("999") && line.contains("newer pagebell"),
        "{line}"
    );

    let line = refused(&[
        "--store",
        &format!("sqlite:{}/no/such/x.db", place.path().display()),
    ]);
    assert!(line.contains("does not exist; create it"), "{line}");
    let line = refused(&["--store", &format!("sqlite:{}", place.path().display())]);
    assert!(line.contains("folder"), "{line}");
}

#[test]
fn a_folder_that_is_not_writable_is_named() {
    // The superuser may write anywhere, so that there is nothing to see.
    let place = Place::new();
    let closed = place.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(closed.join("probe"), "").is_ok() {
        return;
    }
    let line = refused(&["--store", &format!("sqlite:{}/x.db", closed.display())]);
    assert!(line.contains("cannot be written"), "{line}");
}

#[test]
fn the_store_is_one_private_file_after_a_stop() {
    let place = Place::new();
    // Several times: connections that close in another order would leave a log behind now and then.
    for enabled in [false, true, false, true, false] {
        let mut server = place.serve(&["--dev"]);
        let token = server.token();
        let body = format!("{{\"audio_enabled\":{enabled}}}");
        assert_eq!(server.ask("POST", EDGE, &token, &body).status, 200);
        server.signal("TERM");
        assert_eq!(server.wait().0, Some(0));
        assert_alone(&place);
    }
}

fn assert_alone(place: &Place) {
    let mode = fs::metadata(place.database()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others may read the secrets of apps");
    let mut names: Vec<_> = fs::read_dir(place.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["pagebell.db", "pagebell.db.lock"]);
}

#[test]
fn damage_is_found_at_the_start() {
    const PAGE_SIZE: usize = 4096;
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(0));
    let sound = fs::read(place.database()).unwrap();
    let damaged = place.path().join("damaged.db");
    let store = format!("sqlite:{}", damaged.display());
    let pages = sound.len() / PAGE_SIZE;
    assert!(pages > 5);
    // Every page of so small a store is the root of a table or of an index.
    for page in 0..pages {
        let mut bytes = sound.clone();
        for byte in &mut bytes[page * PAGE_SIZE..page * PAGE_SIZE + 600] {
            *byte = byte.wrapping_mul(31).wrapping_add(171);
        }
        fs::write(&damaged, bytes).unwrap();
        let line = refused(&["--store", &store]);
        assert!(line.contains("damaged"), "page {page}: {line}");
    }

    fs::write(&damaged, &sound).unwrap();
    rusqlite::Connection::open(&damaged)
        .unwrap()
        .execute_batch("DROP TABLE page")
        .unwrap();
    let line = refused(&["--store", &store]);
    assert!(line.contains("no such table: page"), "{line}");
}

#[test]
fn half_a_head_is_no_reason_to_wait() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let mut half = server.connect();
    half.send(b"GET /v26").unwrap();
    server.ask("GET", EDGE, &token, "");
    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0));
    assert!(!log.contains("still under way"), "{log}");
}

#[test]
fn the_token_of_dev_is_reported_without_dev() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    drop(server);
    let server = place.serve(&[]);
    assert_eq!(server.ask("GET", EDGE, &token, "").status, 200);
    place.must(&["token", "revoke", &token]);
    server.signal("TERM");
    assert!(server.wait().1.contains("pagebell token revoke"));
    let server = place.serve(&[]);
    server.signal("TERM");
    assert!(!server.wait().1.contains("pagebell token revoke"));
}

#[test]
fn a_revoked_token_of_dev_stays_revoked_and_another_takes_its_place() {
    let place = Place::new();
    let mut revoked: Vec<String> = Vec::new();
    for generation in 0..3 {
        let mut server = place.serve(&["--dev"]);
        let token = server.token();
        assert_eq!(server.ask("GET", EDGE, &token, "").status, 200);
        for former in &revoked {
            assert_ne!(&token, former);
            assert_eq!(server.ask("GET", EDGE, former, "").status, 400);
        }
        drop(server);
        let mut again = place.serve(&["--dev"]);
        assert_eq!(again.token(), token, "generation {generation}");
        drop(again);
        let id = (100_000_000_000_002_u64 + generation).to_string();
        let server = place.serve(&[]);
        server.signal("TERM");
        let log = server.wait().1;
        assert!(log.contains(&format!("token_id={id}")), "{log}");
        place.must(&["token", "revoke", &id]);
        revoked.push(token);
    }
    let listed = place.must(&["token", "list"]);
    assert_eq!(listed.matches("revoked").count(), 3, "{listed}");
}

#[test]
fn signals_that_are_sent_out_of_habit_end_nothing() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    for name in ["HUP", "USR1", "USR2", "HUP"] {
        server.signal(name);
        assert_eq!(server.ask("GET", EDGE, &token, "").status, 200, "{name}");
    }
    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("SIGHUP changes nothing"), "{log}");
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = pagebell()
        .args(["serve", "--store", "sqlite::memory:", "--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.contains("the port is taken") && errors.contains("--listen"),
        "{errors}"
    );
}

#[test]
fn what_is_under_way_is_finished_before_the_end() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let mut connection = server.connect();
    let body = "{\"audio_enabled\":false}";
    let head = format!(
        "POST {EDGE} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.send(head.as_bytes()).unwrap();
    connection.send(&body.as_bytes()[..10]).unwrap();
    // The answer to another request shows that the server has been running since.
    server.ask("GET", EDGE, &token, "");
    server.signal("TERM");
    wait_until_closed(&server);
    connection.send(&body.as_bytes()[10..]).unwrap();
    let reply = connection.read().unwrap();
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(server.wait().0, Some(0));

    let mut server = place.serve(&["--dev"]);
    let token = server.token();
    let reply = server.ask("GET", EDGE, &token, "");
    assert_eq!(
        reply.json()["data"][0]["audio_enabled"],
        false,
        "nothing is lost"
    );
}

/// Waits until the server accepts no more.
fn wait_until_closed(server: &Server) {
    let deadline = std::time::Duration::from_secs(10);
    let tried = retry(deadline, || {
        std::net::TcpStream::connect(server.address).is_err()
    });
    assert!(tried, "the server still accepts");
}

/// Tries until it succeeds or the time is over.
#[allow(clippy::disallowed_methods, reason = "waits for another process")]
pub(crate) fn retry(time: Duration, mut attempt: impl FnMut() -> bool) -> bool {
    let begun = std::time::Instant::now();
    loop {
        if attempt() {
            return true;
        }
        if begun.elapsed() > time {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// As a balancer sees it: first the server says that it goes, then it goes.
#[test]
fn a_server_that_drains_answers_while_it_is_not_ready_any_more() {
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--drain-time", "2s"]);
    let token = server.token();
    assert_eq!(server.ask("GET", "/readyz", "", "").status, 200);
    server.signal("TERM");
    retry(Duration::from_secs(1), || {
        server.ask("GET", "/readyz", "", "").status == 503
    });
    assert_eq!(server.ask("GET", "/healthz", "", "").status, 200);
    assert_eq!(server.ask("GET", EDGE, &token, "").status, 200);
    assert_eq!(server.wait().0, Some(0));
}
