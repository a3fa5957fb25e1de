//! Servers and commands on a PostgreSQL database.

use std::process::{Command, Output};
use std::time::Duration;

use rustix::process::Signal;
use temporary_postgres::{Cluster, Setup};

use crate::process::{Place, Server, pagebell, update};
use crate::start_and_stop::retry;

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";
const PATIENCE: Duration = Duration::from_secs(20);

fn cluster() -> Cluster {
    Cluster::start(Setup::default()).unwrap()
}

fn on(store: &str, arguments: &[&str]) -> Command {
    let mut command = pagebell();
    command.args(arguments).args(["--store", store]);
    command
}

fn serve(store: &str, arguments: &[&str]) -> Server {
    let mut command = on(store, &["serve", "--listen", "127.0.0.1:0"]);
    command.args(arguments);
    Server::start(command)
}

fn must(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn two_servers_and_the_command_line_share_a_database() {
    let cluster = cluster();
    let store = cluster.address("postgres");
    let mut one = serve(&store, &["--dev"]);
    let token = one.token();
    let other = serve(&store, &[]);
    for number in 0..5 {
        let (writer, reader) = if number % 2 == 0 {
            (&one, &other)
        } else {
            (&other, &one)
        };
        let reply = writer.ask("POST", EDGE, &token, &update(number));
        assert_eq!(
            (reply.status, &*reply.body),
            (200, r#"{"result":"success"}"#)
        );
        let written = writer.ask("GET", EDGE, &token, "");
        let read = reader.ask("GET", EDGE, &token, "");
        assert_eq!(read.body, written.body, "as soon as it is acknowledged");
    }
    assert!(must(on(&store, &["page", "list"])).contains("1234567890"));
    must(on(&store, &["token", "revoke", "100000000000002"]));
    for server in [&one, &other] {
        assert_eq!(server.ask("GET", EDGE, &token, "").status, 400);
    }
}

/// Both keep copies; what one writes the other hears of long before its copies are too old.
#[test]
fn servers_that_keep_copies_hint_at_what_they_write() {
    const LONGER_THAN_THE_TEST: &str = "10m";
    let cluster = cluster();
    let store = cluster.address("postgres");
    let bound = ["--cache-bound", LONGER_THAN_THE_TEST];
    let mut one = serve(&store, &["--dev", "--cache-bound", LONGER_THAN_THE_TEST]);
    let token = one.token();
    let other = serve(&store, &bound);
    for number in 0..6 {
        let (writer, reader) = if number % 2 == 0 {
            (&one, &other)
        } else {
            (&other, &one)
        };
        let before = reader.ask("GET", EDGE, &token, "");
        assert_eq!(
            writer.ask("POST", EDGE, &token, &update(number)).status,
            200
        );
        let written = writer.ask("GET", EDGE, &token, "");
        assert_ne!(written.body, before.body, "its own writes at once");
        retry(PATIENCE, || {
            reader.ask("GET", EDGE, &token, "").body == written.body
        });
    }
    let hits = other.ask("GET", "/metrics", "", "").body;
    let hits = hits
        .lines()
        .find_map(|line| line.strip_prefix("pagebell_page_cache_hits_total "));
    assert!(hits.unwrap().parse::<u64>().unwrap() > 0, "{hits:?}");
    must(on(&store, &["token", "list"]));
}

#[test]
fn a_server_that_keeps_copies_is_not_ready_without_the_leader_and_comes_back() {
    let mut cluster = cluster();
    let store = cluster.address("postgres");
    let mut server = serve(&store, &["--dev", "--cache-bound", "1s"]);
    let token = server.token();
    assert_eq!(server.ask("POST", EDGE, &token, &update(1)).status, 200);
    assert_eq!(server.ask("GET", EDGE, &token, "").status, 200);

    cluster.signal(Signal::QUIT).unwrap();
    cluster.wait().unwrap();
    let read = server.ask("GET", EDGE, &token, "");
    let error = &read.json()["error"];
    assert_eq!((read.status, error["code"].as_i64()), (503, Some(2)));
    assert_eq!(server.ask("GET", "/readyz", "", "").status, 503);

    cluster.resume().unwrap();
    retry(PATIENCE, || {
        server.ask("GET", "/readyz", "", "").status == 200
    });
    assert_eq!(server.ask("GET", EDGE, &token, "").status, 200);
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(0));
}

#[test]
fn a_bound_is_for_a_store_that_is_shared() {
    let place = Place::new();
    let output = on(&place.store(), &["serve", "--cache-bound", "1s"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("cache_bound is for a store that several servers share"),
        "{said}"
    );
}

#[test]
fn a_database_that_is_away_is_said_and_comes_back() {
    let mut cluster = cluster();
    let store = cluster.address("postgres");
    let mut server = serve(&store, &["--dev"]);
    let token = server.token();
    assert_eq!(server.ask("POST", EDGE, &token, &update(1)).status, 200);
    assert_eq!(server.ask("GET", "/readyz", "", "").status, 200);

    cluster.signal(Signal::QUIT).unwrap();
    cluster.wait().unwrap();
    let read = server.ask("GET", EDGE, &token, "");
    let error = &read.json()["error"];
    assert_eq!((read.status, error["code"].as_i64()), (503, Some(2)));
    assert_eq!(error["is_transient"], true);
    assert_eq!(server.ask("GET", "/readyz", "", "").status, 503);
    assert_eq!(server.ask("GET", "/healthz", "", "").status, 200);

    cluster.resume().unwrap();
    retry(PATIENCE, || {
        server.ask("GET", "/readyz", "", "").status == 200
    });
    let read = server.ask("GET", EDGE, &token, "");
    assert!(read.body.contains("call_hours"), "{}", read.body);
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(0));
}

#[test]
fn everything_moves_to_postgresql_and_back() {
    let cluster = cluster();
    let database = cluster.address("postgres");
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--access-log=false"]);
    let token = server.token();
    for number in 0..20 {
        let edge = format!("/v26.0/{}/messenger_call_settings", 1000 + number % 5);
        assert_eq!(
            server.ask("POST", &edge, &token, &update(number)).status,
            200
        );
    }
    let migrate = |from: &str, to: &str| -> Output {
        pagebell()
            .args(["migrate", "--from", from, "--to", to])
            .output()
            .unwrap()
    };
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    // Beside the server, and once more after it has stopped.
    assert!(migrate(&place.store(), &database).status.success());
    assert_eq!(server.ask("POST", EDGE, &token, &update(77)).status, 200);
    must(on(&place.store(), &["page", "remove", "1003"]));
    let last = server.ask("GET", EDGE, &token, "");
    server.signal("TERM");
    server.wait();
    let moved = migrate(&place.store(), &database);
    let said = "migrated and compared: 5 Pages, 22 entries of history, 1 app, 1 token";
    assert!(text(&moved).starts_with(said), "{moved:?}");

    let server = serve(&database, &[]);
    let read = server.ask("GET", EDGE, &token, "");
    assert_eq!((read.status, &read.body), (200, &last.body));
    drop(server);

    let back = format!("sqlite:{}", place.path().join("back.db").display());
    assert_eq!(
        text(&migrate(&database, &back)),
        text(&moved),
        "the same checksum"
    );
    let check = must(on(&back, &["check"]));
    assert!(check.contains("5 Pages, 22 entries"), "{check}");
}

#[test]
fn what_was_changed_in_the_target_is_left_and_named() {
    let (source, target) = (Place::new(), Place::new());
    for place in [&source, &target] {
        place.must(&["page", "add", "7", "--name", "Bakery"]);
    }
    target.must(&["page", "add", "8"]);
    let line = r#"{"page_id":"7","settings":{"video_enabled":true}}"#;
    let file = target.path().join("lines");
    std::fs::write(&file, line).unwrap();
    target.must(&["import", file.to_str().unwrap()]);
    let migrate = |from: &Place, to: &Place| -> (Option<i32>, String) {
        let (from, to) = (from.store(), to.store());
        let output = pagebell()
            .args(["migrate", "--from", &from, "--to", &to])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), errors)
    };
    let (code, errors) = migrate(&source, &target);
    assert!(
        code == Some(1) && errors.contains("1 Page changed in the target since"),
        "{errors}"
    );
    assert!(errors.contains("as they are: 7;"), "{errors}");
    let (code, errors) = migrate(&target, &source);
    assert_eq!(code, Some(0), "{errors}");
}

#[test]
fn a_bad_address_is_refused_without_its_password() {
    let place = Place::new();
    let file = place.path().join("pagebell.toml");
    std::fs::write(&file, "store = \"postgres://pagebell:hunter2@db.example\"").unwrap();
    let file = file.to_str().unwrap();
    for arguments in [
        &[
            "serve",
            "--store",
            "postgres://pagebell:hunter2@db.example/calls",
        ][..],
        &[
            "serve",
            "--store",
            "postgres://pagebell:hunter2@127.0.0.1:port/calls",
        ],
        &["serve", "--config", file],
        &[
            "page",
            "list",
            "--store",
            "postgres://pagebell:hunter2@127.0.0.1",
        ],
        &[
            "page",
            "list",
            "--store",
            "postgres://pagebell:hunter2@127.0.0.1:1/calls",
        ],
        &[
            "backup",
            "copy.db",
            "--store",
            "postgres://pagebell:hunter2@127.0.0.1:1/calls",
        ],
    ] {
        let output = pagebell().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            !errors.contains("hunter2") && errors.lines().count() == 1,
            "{errors}"
        );
    }
}
