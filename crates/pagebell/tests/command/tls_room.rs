//! Room for connections with TLS: what is silent, or stops within the handshake, keeps nobody out.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::StreamOwned;
use rustls::pki_types::CertificateDer;

use crate::process::{Place, Server, read_reply};
use crate::tls::{ask, client, new_certificate, options};

const CONNECTIONS: usize = 20;

/// How often a full server is asked. Where a handshake that does not go on keeps everybody out for
/// its time, each round takes that long.
const ROUNDS: usize = 6;

/// A server that is full with so few connections, and waits longer than any test for heads.
fn full_server(place: &Place) -> (Server, CertificateDer<'static>) {
    let certificate = new_certificate(place);
    let mut arguments = options(place).to_vec();
    let more = ["--max-connections", "20", "--header-time", "1h"];
    arguments.extend(more.map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    (place.serve(&arguments), certificate)
}

/// Runs the rounds, which take milliseconds, on a thread of their own.
fn must_not_hang(rounds: impl FnOnce() + Send + 'static) {
    let (done, wait) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        rounds();
        done.send(()).unwrap();
    });
    let ended = wait.recv_timeout(Duration::from_secs(30));
    let timeout = Err(std::sync::mpsc::RecvTimeoutError::Timeout);
    assert_ne!(ended, timeout, "new clients wait for others");
    thread.join().unwrap();
}

/// A connection that was answered once and is idle.
fn idle(
    server: &Server,
    trusted: &CertificateDer<'static>,
) -> StreamOwned<rustls::ClientConnection, TcpStream> {
    let stream = TcpStream::connect(server.address).unwrap();
    let mut stream = StreamOwned::new(client(trusted), stream);
    write!(
        stream,
        "GET /healthz HTTP/1.1\r\nHost: pagebell.test\r\n\r\n"
    )
    .unwrap();
    assert_eq!(
        read_reply(&mut BufReader::new(&mut stream)).unwrap().status,
        200
    );
    stream
}

fn silent(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).unwrap()
}

/// A connection on which nothing comes after the first message of the handshake.
fn stopped_after_hello(server: &Server, trusted: &CertificateDer<'static>) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let mut hello = Vec::new();
    client(trusted).write_tls(&mut hello).unwrap();
    stream.write_all(&hello).unwrap();
    stream
}

#[test]
fn a_silent_connection_beside_idle_ones_keeps_nobody_out() {
    must_not_hang(|| {
        let place = Place::new();
        let (server, trusted) = full_server(&place);
        let mut open: Vec<_> = (1..CONNECTIONS).map(|_| idle(&server, &trusted)).collect();
        let mut quiet = Vec::new();
        for _ in 0..ROUNDS {
            quiet.push(silent(&server));
            for _ in 0..3 {
                open.push(idle(&server, &trusted));
            }
        }
    });
}

#[test]
fn silent_connections_keep_nobody_out() {
    must_not_hang(|| {
        let place = Place::new();
        let (server, trusted) = full_server(&place);
        let mut open = Vec::new();
        for _ in 0..ROUNDS {
            open.extend((0..CONNECTIONS).map(|_| silent(&server)));
            assert_eq!(ask(&server, &trusted, "/healthz").unwrap().status, 200);
        }
    });
}

#[test]
fn handshakes_that_stop_after_the_hello_keep_nobody_out() {
    must_not_hang(|| {
        let place = Place::new();
        let (server, trusted) = full_server(&place);
        let mut open = Vec::new();
        for _ in 0..ROUNDS {
            open.extend((0..3 * CONNECTIONS).map(|_| stopped_after_hello(&server, &trusted)));
            assert_eq!(ask(&server, &trusted, "/healthz").unwrap().status, 200);
        }
    });
}

#[test]
fn a_handshake_has_the_time_of_the_headers() {
    let place = Place::new();
    new_certificate(&place);
    let mut arguments = options(&place).to_vec();
    arguments.extend(["--header-time", "500ms"].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let server = place.serve(&arguments);
    let stream = silent(&server);
    stream
        .set_read_timeout(Some(Duration::from_secs(8)))
        .unwrap();
    let ended = std::io::Read::read(&mut &stream, &mut [0; 1]);
    assert_eq!(ended.unwrap(), 0, "the server closes it");
}
