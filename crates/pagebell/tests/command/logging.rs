//! A log that cannot be written never stops, slows or breaks the server.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use crate::process::{Place, Server, pagebell};
use crate::start_and_stop::retry;

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";

/// How soon a server without requests ends: its log may hold it for half a second.
const END_LIMIT: Duration = Duration::from_secs(5);

fn serve(place: &Place, access_log: bool, log: Stdio) -> Server {
    let mut command = pagebell();
    command
        .args(["serve", "--dev", "--listen", "127.0.0.1:0"])
        .args(["--store", &place.store()])
        .arg(format!("--access-log={access_log}"));
    Server::start_with_log(command, log)
}

fn full_disk() -> Stdio {
    let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    Stdio::from(file)
}

fn dropped_lines(server: &Server) -> u64 {
    let metrics = server.ask("GET", "/metrics", "", "").body;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("pagebell_log_lines_dropped_total "))
        .unwrap_or_else(|| panic!("{metrics}"));
    line.parse().unwrap()
}

/// Updates and reads, all of which have to be answered.
fn work(server: &Server, token: &str, requests: usize) {
    let mut connection = server.connect();
    for number in 0..requests {
        let reply = if number % 100 == 0 {
            let body = format!("{{\"audio_enabled\":{}}}", number % 200 == 0);
            connection.ask("POST", EDGE, token, &body).unwrap()
        } else {
            connection.ask("GET", EDGE, token, "").unwrap()
        };
        assert_eq!(reply.status, 200, "request {number}: {}", reply.body);
    }
    assert_eq!(server.ask("GET", "/healthz", "", "").status, 200);
}

fn assert_ends_well(mut server: Server) {
    server.signal("TERM");
    assert_eq!(server.exit_code_within(END_LIMIT), Some(0));
}

#[test]
fn a_log_without_a_reader_stops_nothing() {
    for access_log in [true, false] {
        let place = Place::new();
        let mut server = serve(&place, access_log, Stdio::piped());
        let token = server.token();
        drop(server.take_log());
        work(&server, &token, 500);
        if access_log {
            assert!(
                retry(END_LIMIT, || dropped_lines(&server) >= 500),
                "{} lines were dropped",
                dropped_lines(&server)
            );
        }
        assert_ends_well(server);
    }
}

#[test]
fn a_log_that_nobody_reads_slows_nothing_and_says_later_what_it_lacks() {
    let place = Place::new();
    let mut server = serve(&place, true, Stdio::piped());
    let token = server.token();
    // The pipe takes 64 KiB and the queue 8,192 lines.
    work(&server, &token, 12_000);
    assert!(dropped_lines(&server) > 1_000);

    // Read again, the log goes on, and one line says that there is a gap.
    let mut log = server.take_log();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        text
    });
    let token = token.clone();
    let goes_on = retry(END_LIMIT, || {
        let before = dropped_lines(&server);
        work(&server, &token, 10);
        dropped_lines(&server) == before
    });
    assert!(goes_on);
    assert_ends_well(server);
    let log = reader.join().unwrap();
    let told = log.lines().find(|it| it.contains("log lines were dropped"));
    let told = told.unwrap_or_else(|| panic!("{} lines", log.lines().count()));
    assert!(told.contains("WARN") && told.contains("dropped="), "{told}");
    assert!(log.lines().last().unwrap().contains("stopped"), "{log}");
}

#[test]
fn a_log_that_nobody_reads_does_not_hold_the_end() {
    let place = Place::new();
    let mut server = serve(&place, true, Stdio::piped());
    let token = server.token();
    work(&server, &token, 2_000);
    assert_ends_well(server);
}

#[test]
fn a_log_that_nobody_reads_does_not_hold_a_failure() {
    const PIPE_BYTES: usize = 64 << 10;
    let place = Place::new();
    let (_reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&vec![b'x'; PIPE_BYTES]).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = pagebell()
        .args(["serve", "--store", &place.store(), "--listen"])
        .arg(taken.local_addr().unwrap().to_string())
        .stderr(writer)
        .spawn()
        .unwrap();
    let ended = retry(END_LIMIT, || child.try_wait().unwrap().is_some());
    if !ended {
        child.kill().unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn a_log_on_a_full_disk_stops_nothing() {
    let place = Place::new();
    let mut server = serve(&place, true, full_disk());
    let token = server.token();
    work(&server, &token, 200);
    assert!(retry(END_LIMIT, || dropped_lines(&server) >= 200));
    assert_ends_well(server);
}

#[test]
fn a_server_that_cannot_say_where_it_listens_does_not_start() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    for output in [full_disk(), Stdio::from(writer)] {
        let output = pagebell()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--store", &place.store()])
            .stdout(output)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(
            errors.contains("pagebell: cannot write where the server listens"),
            "{errors}"
        );
    }
}

#[test]
fn commands_do_their_work_though_their_notes_cannot_be_written() {
    let place = Place::new();
    let output = pagebell()
        .args(["token", "create", "--page", "5", "--scope", "unknown"])
        .args(["--store", &place.store()])
        .stderr(full_disk())
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"PBT"));
    for arguments in [&["completion", "bash"][..], &["frobnicate"]] {
        let status = pagebell()
            .args(arguments)
            .stdout(full_disk())
            .stderr(full_disk())
            .status();
        assert_eq!(status.unwrap().code(), Some(2), "{arguments:?}");
    }
}
