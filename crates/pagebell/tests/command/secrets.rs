//! Tokens, their hashes, secrets and passwords are in no log and no error.

use std::process::Command;

use temporary_postgres::{Cluster, Setup};

use crate::process::{Place, Reply, Server, pagebell, update};
use crate::start_and_stop::retry;

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";
const SEARCH: &str = "sought-by-somebody";
const PASSWORD: &str = "s3cret-of-the-database";
const GUESS: &str = "PBTguessed0123456789";

fn serve(store: &str, arguments: &[&str]) -> Server {
    let mut command = pagebell();
    command.args(["serve", "--listen", "127.0.0.1:0", "--store", store]);
    command
        .args(["--dev", "--log-level", "trace"])
        .args(arguments);
    Server::start(command)
}

/// A request with this header, whatever it is answered.
fn ask_with(server: &Server, request: &str, header: &str, body: &str) -> Reply {
    let mut connection = server.connect();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {}\r\n{header}\r\nContent-Length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    );
    connection.send(head.as_bytes()).unwrap();
    connection.read().unwrap()
}

/// Has a server see every kind of secret, in every place where one may stand.
fn show_secrets(server: &Server, token: &str) {
    for number in 0..3 {
        let written = server.ask("POST", EDGE, token, &update(number));
        assert_eq!(written.status, 200, "{}", written.body);
        assert_eq!(server.ask("GET", EDGE, token, "").status, 200);
    }
    assert_eq!(server.ask("GET", EDGE, GUESS, "").status, 400);
    let in_query = format!("{EDGE}?access_token={token}");
    assert_eq!(server.ask("GET", &in_query, "", "").status, 200);
    let form = "Content-Type: application/x-www-form-urlencoded";
    let body = format!("access_token={token}&audio_enabled=true");
    assert_eq!(
        ask_with(server, &format!("POST {EDGE}"), form, &body).status,
        200
    );
    let cookie = format!("Cookie: pagebell_console={token}");
    let search = format!("GET /console?q={SEARCH}");
    assert_eq!(ask_with(server, &search, &cookie, "").status, 200);
    let debug = format!("GET /v26.0/debug_token?input_token={token}&access_token={token}");
    assert_eq!(ask_with(server, &debug, "Accept: */*", "").status, 200);
}

/// What a text must not contain: each secret, and hashes as digits and as lists of numbers.
fn assert_shows_none(text: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is in: {text}");
    }
}

fn ended_log(server: Server) -> String {
    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0), "{log}");
    log
}

/// A hash in hexadecimal digits, and the begin of it as a list of numbers.
fn forms(hash: &str) -> [String; 2] {
    let numbers = (0..12).step_by(2).map(|place| {
        u8::from_str_radix(&hash[place..place + 2], 16)
            .unwrap()
            .to_string()
    });
    [hash.to_lowercase(), numbers.collect::<Vec<_>>().join(", ")]
}

#[test]
fn no_log_level_shows_a_secret_of_a_database() {
    let cluster = Cluster::start(Setup {
        tcp: true,
        ..Setup::default()
    })
    .unwrap();
    let store = format!(
        "postgres://postgres:{PASSWORD}@127.0.0.1:{}/postgres",
        cluster.port()
    );
    for arguments in [&[][..], &["--cache-bound", "1s", "--log-format", "json"]] {
        let mut server = serve(&store, arguments);
        let token = server.token();
        show_secrets(&server, &token);
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE application_name = 'pagebell'";
        cluster.query("postgres", end).unwrap();
        retry(std::time::Duration::from_secs(20), || {
            server.ask("GET", EDGE, &token, "").status == 200
        });
        let app = cluster.query("postgres", "SELECT secret FROM app").unwrap();
        let hash = "SELECT encode(hash, 'hex') FROM token";
        let [hash, numbers] = forms(&cluster.query("postgres", hash).unwrap());
        let log = ended_log(server);
        assert_shows_none(
            &log,
            &[&token, GUESS, SEARCH, PASSWORD, &app, &hash, &numbers],
        );
        assert!(
            log.contains("due to administrator command (SQLSTATE 57P01)"),
            "{log}"
        );
        assert!(!log.contains("db error"), "{log}");
    }
}

#[test]
fn no_log_level_shows_a_secret_of_a_file() {
    let place = Place::new();
    let mut server = serve(&place.store(), &[]);
    let token = server.token();
    show_secrets(&server, &token);
    let log = ended_log(server);
    let database = rusqlite::Connection::open(place.database()).unwrap();
    let text = |sql| -> String { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    let app = text("SELECT secret FROM app");
    let [hash, numbers] = forms(&text("SELECT hex(hash) FROM token"));
    assert_shows_none(&log, &[&token, GUESS, SEARCH, &app, &hash, &numbers]);
    assert!(log.contains("serving"), "{log}");
}

/// Nothing is asked of the network either: the address is refused before.
#[test]
fn an_address_whose_password_is_not_encoded_is_refused_without_any_part_of_it() {
    for address in [
        "postgres://somebody:hunter@2secret@127.0.0.1/calls",
        "postgres://somebody:hunter@2secret@127.0.0.1/calls?sslmode=disable",
        "postgres://somebody:hunter/2secret@127.0.0.1/calls?sslmode=disable",
        "Postgres://somebody:hunter?2secret@127.0.0.1/calls",
    ] {
        for arguments in [&["page", "list"][..], &["serve", "--log-level", "trace"]] {
            let mut command = pagebell();
            let output = command.args(arguments).args(["--store", address]).output();
            let output = output.unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{errors}");
            assert_shows_none(&errors, &["hunter", "2secret", "somebody"]);
            assert!(errors.contains("%40"), "{errors}");
        }
    }
}

fn run(store: &str, arguments: &[&str]) -> Command {
    let mut command = pagebell();
    command.args(arguments).args(["--store", store]);
    command
}

/// What it printed on stdout and, after a failure, on stderr, with the exit code.
fn outcome(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let text = if output.status.success() {
        output.stdout
    } else {
        output.stderr
    };
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_token_whose_commit_is_not_confirmed_can_be_found_and_revoked() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = cluster.address("postgres");
    assert_eq!(outcome(run(&store, &["page", "add", "7"])).0, Some(0));
    let standby = |name: &str| {
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'");
        cluster.query("postgres", &set).unwrap();
        cluster
            .query("postgres", "SELECT pg_reload_conf()")
            .unwrap();
    };
    standby("nobody");
    let (code, said) = outcome(run(&store, &["token", "create", "--all-pages"]));
    assert_eq!(code, Some(2), "{said}");
    let revoke = said.split_once("pagebell token revoke ").unwrap().1;
    let id: String = revoke.chars().take_while(char::is_ascii_digit).collect();
    assert!(said.contains("pagebell token list"), "{said}");
    let (code, said) = outcome(run(&store, &["app", "add", "Bot"]));
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("whether the app ") && said.contains("pagebell app list"),
        "{said}"
    );

    // The standby is there, and has all that waited for it.
    standby("");
    retry(std::time::Duration::from_secs(20), || {
        outcome(run(&store, &["token", "list"])).1.contains(&id)
    });
    let (code, said) = outcome(run(&store, &["token", "revoke", &id]));
    assert_eq!((code, &*said), (Some(0), "token revoked\n"));
}

#[test]
fn a_token_that_cannot_be_written_is_named() {
    let place = Place::new();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = run(&place.store(), &["token", "create", "--all-pages"]);
    let output = command
        .stdout(full)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    let revoke = said.trim().rsplit_once("pagebell token revoke ").unwrap().1;
    assert_eq!(place.must(&["token", "revoke", revoke]), "token revoked\n");
}
