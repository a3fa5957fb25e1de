//! Starts that cannot finish and stops that must not wait: the server obeys in any state.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use temporary_postgres::{Cluster, Setup};

use crate::process::{Place, Server, pagebell, update};
use crate::start_and_stop::retry;

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";

/// Longer than a stop may take, and much shorter than what it would have waited for.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A database whose commits wait for a standby that does not exist.
fn cluster_without_its_standby() -> Cluster {
    Cluster::start(Setup {
        configuration: "synchronous_standby_names = 'nobody'".to_owned(),
        ..Setup::default()
    })
    .unwrap()
}

fn send(child: &Child, signal: &str) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Ends with its exit code, or is killed where it goes on for too long.
fn exit_code(child: &mut Child) -> Option<i32> {
    if !retry(STOP_LIMIT, || child.try_wait().unwrap().is_some()) {
        child.kill().unwrap();
    }
    child.wait().unwrap().code()
}

#[test]
fn a_start_that_cannot_finish_says_so_and_can_be_stopped() {
    let cluster = cluster_without_its_standby();
    for signal in ["TERM", "INT"] {
        let mut child = pagebell()
            .args(["serve", "--listen", "127.0.0.1:0", "--store"])
            .arg(cluster.address("postgres"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert!(line.contains("waiting for the store"), "{line}");
        send(&child, signal);
        assert_eq!(exit_code(&mut child), Some(0), "{signal}");
        let mut output = String::new();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_to_string(&mut output).unwrap();
        assert_eq!(output, "", "it never listened");
    }
}

#[test]
fn a_second_signal_ends_a_drain() {
    for (first, second) in [("TERM", "TERM"), ("TERM", "INT"), ("INT", "INT")] {
        let place = Place::new();
        let mut server = place.serve(&["--dev", "--drain-time", "1h"]);
        let token = server.token();
        server.signal(first);
        let drains = retry(STOP_LIMIT, || {
            server.ask("GET", "/readyz", "", "").status == 503
        });
        assert!(drains, "not told to stop by {first}");
        assert_eq!(server.ask("GET", EDGE, &token, "").status, 200);
        server.signal(second);
        let code = server.exit_code_within(STOP_LIMIT);
        assert_eq!(
            code,
            Some(2),
            "{first} {second}: others were not waited for"
        );
    }
}

/// What waits for a row that somebody else holds does not keep the server from ending.
#[test]
fn a_stop_is_over_in_time_whatever_the_store_waits_for() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = cluster.address("postgres");
    let mut command = pagebell();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--dev", "--store"])
        .arg(&store);
    let mut server = Server::start(command);
    let token = server.token();
    assert_eq!(server.ask("POST", EDGE, &token, &update(1)).status, 200);
    // A transaction of somebody else that holds the Page for as long as its input is open.
    let psql = temporary_postgres::program("psql").unwrap();
    let mut holder = Command::new(psql)
        .args(["--quiet", "--no-psqlrc", &store])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = holder.stdin.take().unwrap();
    input
        .write_all(b"BEGIN; UPDATE page SET name = 'x'; SELECT 'held';\n")
        .unwrap();
    let mut held = String::new();
    let mut output = BufReader::new(holder.stdout.take().unwrap());
    while !held.contains("held") {
        assert!(output.read_line(&mut held).unwrap() > 0);
    }
    let mut writers = Vec::new();
    for number in 2..6 {
        // Each is a group of its own, as the one before is being stored.
        retry(Duration::from_millis(300), || false);
        let mut connection = server.connect();
        let body = update(number);
        let request = format!(
            "POST {EDGE} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.send(request.as_bytes()).unwrap();
        writers.push(connection);
    }
    server.signal("TERM");
    let code = server.exit_code_within(Duration::from_secs(13));
    drop(input);
    holder.wait().unwrap();
    assert!(code.is_some(), "it goes on after the time of a stop");
}
