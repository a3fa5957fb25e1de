//! Strangers that begin requests and do not go on keep nobody out.

use std::process::Command;

use crate::process::{Connection, Place, Server};

/// A request whose body never comes. Nobody has to have a token for it.
const UNFINISHED: &str = "POST /v26.0/1234567890/messenger_call_settings HTTP/1.1\r\nHost: test\r\n\
     Content-Length: 100\r\n\r\n{";

fn begin(server: &Server, count: usize) -> Vec<Connection> {
    let begun = (0..count).map(|_| {
        let mut connection = server.connect();
        // Where the server has no room, it may close the connection first.
        let _ = connection.send(UNFINISHED.as_bytes());
        connection
    });
    begun.collect()
}

/// Answers come long before the time of the strangers' requests is up.
fn answers_others(server: &Server) {
    for _ in 0..5 {
        assert_eq!(server.ask("GET", "/healthz", "", "").status, 200);
    }
}

#[test]
fn unfinished_bodies_on_every_connection_keep_nobody_out() {
    let place = Place::new();
    let arguments = ["--max-connections", "20", "--request-time", "1h"];
    let server = place.serve(&arguments);
    let mut open = Vec::new();
    for _ in 0..3 {
        open.extend(begin(&server, 20));
        answers_others(&server);
    }
}

#[test]
fn unfinished_bodies_beyond_the_limit_of_open_files_keep_nobody_out() {
    let place = Place::new();
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_pagebell"))
        .args(["serve", "--listen", "127.0.0.1:0", "--request-time", "1h"])
        .args(["--store", &place.store()]);
    let server = Server::start(command);
    let mut open = Vec::new();
    for _ in 0..3 {
        open.extend(begin(&server, 100));
        answers_others(&server);
    }
}
