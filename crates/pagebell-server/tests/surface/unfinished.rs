//! Requests that strangers begin and do not finish, over real sockets: together they hold no more
//! memory than their budget, and others are answered beside them.

use std::sync::Arc;
use std::time::Duration;

use pagebell_server::http::Server;
use pagebell_server::{Configuration, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Harness, PATH};

const BUDGET: usize = 256 * 1024;
/// The largest page fits in half of it.
const ANSWER_BUDGET: usize = 512 * 1024;

/// A server whose unfinished requests may hold little, and its address.
async fn server() -> std::net::SocketAddr {
    let harness = Harness::with(Configuration {
        limits: Limits {
            connections: 100,
            unfinished_head_bytes: BUDGET,
            unfinished_body_bytes: BUDGET,
            unread_answer_bytes: ANSWER_BUDGET,
            ..Limits::default()
        },
        ..Configuration::default()
    })
    .await;
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), Arc::new(harness.pagebell)).unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.run(std::future::pending()));
    address
}

/// How long an answer may take that must come.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the server gets to answer what it does not have to.
const SILENCE: Duration = Duration::from_secs(1);

/// What the server answers.
async fn answer(connection: &mut TcpStream) -> Option<String> {
    answer_within(connection, ANSWER_TIMEOUT).await
}

/// What the server answers, if it does so in time.
async fn answer_within(connection: &mut TcpStream, time: Duration) -> Option<String> {
    let mut bytes = [0; 4096];
    let read = connection.read(&mut bytes);
    let count = tokio::time::timeout(time, read).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&bytes[..count]).into_owned())
}

/// Sends the same beginning on many connections; those that are left without an answer, and the
/// answers that the others got.
async fn begin_on_each(
    address: std::net::SocketAddr,
    beginning: &str,
) -> (Vec<TcpStream>, Vec<String>) {
    let mut connections = Vec::new();
    for _ in 0..20 {
        let mut connection = TcpStream::connect(address).await.unwrap();
        // The server may end the connection before it has taken everything.
        let _ = connection.write_all(beginning.as_bytes()).await;
        connections.push(connection);
    }
    tokio::time::sleep(SILENCE).await;
    let mut silent = Vec::new();
    let mut answers = Vec::new();
    for mut connection in connections {
        match answer_within(&mut connection, SILENCE / 10).await {
            None => silent.push(connection),
            Some(text) => answers.push(text),
        }
    }
    (silent, answers)
}

async fn usual_requests_are_answered(address: std::net::SocketAddr) {
    for request in [
        format!("GET {PATH} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer all\r\n\r\n"),
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer all\r\n\
             Content-Length: 19\r\n\r\naudio_enabled=false"
        ),
    ] {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let text = answer(&mut connection).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    }
}

fn assert_refused(answers: &[String]) {
    assert!(!answers.is_empty());
    for text in answers {
        assert!(text.starts_with("HTTP/1.1 503"), "{text}");
        assert!(text.contains("\"is_transient\":true"), "{text}");
        assert!(text.contains("requests are unfinished"), "{text}");
    }
}

#[tokio::test]
async fn heads_share_a_budget() {
    let address = server().await;
    let padding = "x".repeat(30_000);
    let beginning = format!("GET {PATH} HTTP/1.1\r\nHost: test\r\nX-Padding: {padding}");
    let (silent, answers) = begin_on_each(address, &beginning).await;
    assert!(
        silent.len() * padding.len() <= BUDGET,
        "{} heads of {} bytes",
        silent.len(),
        padding.len()
    );
    assert_refused(&answers);
    usual_requests_are_answered(address).await;
    // What ends gives back what it held.
    drop(silent);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(beginning.as_bytes()).await.unwrap();
    assert_eq!(answer_within(&mut connection, SILENCE).await, None);
}

#[tokio::test]
async fn bodies_share_a_budget() {
    let address = server().await;
    let part = "x".repeat(60_000);
    for path in [PATH, "/console/sign-in"] {
        let beginning =
            format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: 65000\r\n\r\n{part}");
        let (silent, answers) = begin_on_each(address, &beginning).await;
        assert!(silent.len() * part.len() <= BUDGET, "{}", silent.len());
        assert_refused(&answers);
        usual_requests_are_answered(address).await;
        drop(silent);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // An announcement alone holds nothing.
    let beginning = format!("POST {PATH} HTTP/1.1\r\nHost: test\r\nContent-Length: 65000\r\n\r\n");
    let (silent, _answers) = begin_on_each(address, &beginning).await;
    assert_eq!(silent.len(), 20);
}

#[tokio::test]
async fn pages_that_nobody_reads_share_a_budget() {
    let address = server().await;
    let request = "GET /llms-full.txt HTTP/1.1\r\nHost: test\r\n\r\n".repeat(200);
    let mut unread = Vec::new();
    let mut was_refused = false;
    for _ in 0..60 {
        // Small buffers, so that the answers stay with the server.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut connection = socket.connect(address).await.unwrap();
        let _ = connection.write_all(request.as_bytes()).await;
        unread.push(connection);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut other = TcpStream::connect(address).await.unwrap();
        let page = b"GET /llms-full.txt HTTP/1.1\r\nHost: test\r\n\r\n";
        other.write_all(page).await.unwrap();
        let text = answer(&mut other).await.unwrap();
        if text.starts_with("HTTP/1.1 503") {
            was_refused = true;
            break;
        }
    }
    assert!(was_refused, "pages without bound");
    usual_requests_are_answered(address).await;
    drop(unread);
    let page = b"GET /llms-full.txt HTTP/1.1\r\nHost: test\r\n\r\n";
    let mut text = String::new();
    // The server finds out of one connection after the other that nobody is there.
    for _ in 0..100 {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(page).await.unwrap();
        text = answer(&mut connection).await.unwrap();
        if text.starts_with("HTTP/1.1 200") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the memory is not given back: {text}");
}
