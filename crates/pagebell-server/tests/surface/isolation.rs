//! Requests that take long, and a store that does not come back, leave the others alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pagebell_server::http::{Server, Stopped};
use pagebell_server::{Configuration, Limits, Pagebell};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::harness::{Harness, PATH};
use crate::slow_store::{Part, SlowStore};

/// How long anything may take that must not wait for the store.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    store: Arc<SlowStore>,
    stop: oneshot::Sender<()>,
    stopped: tokio::task::JoinHandle<Stopped>,
}

/// A server whose store can be held up.
async fn serve(limits: Limits) -> Running {
    let harness = Harness::new().await;
    let store = Arc::new(SlowStore::new(harness.store));
    let configuration = Configuration {
        limits,
        ..Configuration::default()
    };
    let pagebell = Pagebell::new(
        configuration,
        Arc::clone(&store) as Arc<_>,
        harness.surroundings,
    );
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), Arc::new(pagebell)).unwrap();
    let address = server.address().unwrap();
    let (stop, stopping) = oneshot::channel();
    let stopped = tokio::spawn(server.run(async {
        let _ = stopping.await;
    }));
    Running {
        address,
        store,
        stop,
        stopped,
    }
}

/// Sends a request whose answer ends the connection.
async fn send(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer all\r\n\
         Cookie: pagebell_console=all\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn read(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    let read = tokio::time::timeout(ANSWER_TIMEOUT, reading).await;
    read.expect("an answer must not wait for the store")
        .unwrap();
    answer
}

async fn ask(address: SocketAddr, path: &str) -> String {
    read(send(address, path).await).await
}

/// All of these take the store's time; the runtime has one thread only.
#[tokio::test]
async fn long_requests_leave_health_and_reads_alone() {
    let history = format!("{PATH}_history");
    for (part, path) in [(Part::Search, "/console?q=x"), (Part::History, &*history)] {
        let running = serve(Limits::default()).await;
        let held = running.store.hold(part);
        let mut waiting = Vec::new();
        for _ in 0..60 {
            waiting.push(send(running.address, path).await);
        }
        held.is_reached().await;
        for _ in 0..3 {
            for light in ["/healthz", "/readyz", "/metrics", PATH, "/console/sign-in"] {
                let answer = ask(running.address, light).await;
                assert!(answer.starts_with("HTTP/1.1 200"), "{light}: {answer}");
            }
        }
        drop(held);
        for stream in waiting {
            let answer = read(stream).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn more_long_requests_than_may_wait_are_refused() {
    let history = format!("{PATH}_history");
    for (part, path, body) in [
        (Part::Search, "/console", ""),
        (
            Part::History,
            &*history,
            "Too many requests of this kind are waiting",
        ),
    ] {
        let running = serve(Limits::default()).await;
        let held = running.store.hold(part);
        let mut waiting = vec![send(running.address, path).await];
        held.is_reached().await;
        for _ in 0..400 {
            waiting.push(send(running.address, path).await);
        }
        // Until the first that was refused has ended.
        let refused = futures_util::future::select_all(
            waiting.drain(1..).map(|stream| Box::pin(read(stream))),
        );
        let (answer, _position, others) = refused.await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains(body), "{answer}");
        drop(held);
        let answers = futures_util::future::join_all(others).await;
        let count = |status: &str| answers.iter().filter(|it| it.contains(status)).count();
        let (served, refused) = (count("HTTP/1.1 200"), count("HTTP/1.1 503"));
        assert!(served >= 60 && refused >= 100, "{served} {refused}");
        assert_eq!(served + refused, 399);
    }
}

#[tokio::test]
async fn readiness_does_not_wait_for_the_store() {
    let running = serve(Limits::default()).await;
    assert!(
        ask(running.address, "/readyz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    let verbose = ask(running.address, "/readyz?verbose").await;
    assert!(verbose.contains("store: ok\nlease: ok\n"), "{verbose}");
    for part in [Part::Check, Part::CheckWithoutThread] {
        let held = running.store.hold(part);
        held.is_reached().await;
        let answer = until(running.address, "HTTP/1.1 503").await;
        assert!(
            answer.contains("store: it has not answered for 2 s\n"),
            "{answer}"
        );
        assert!(
            ask(running.address, "/healthz")
                .await
                .starts_with("HTTP/1.1 200")
        );
        drop(held);
        until(running.address, "HTTP/1.1 200").await;
    }
    running.store.break_down("the role may not write");
    let answer = until(running.address, "HTTP/1.1 503").await;
    assert!(
        answer.contains("store: the store is not available: the role may not write\n"),
        "{answer}"
    );
}

/// Asks whether the server is ready until the answer begins so.
async fn until(address: SocketAddr, beginning: &str) -> String {
    let asking = async {
        loop {
            let answer = ask(address, "/readyz").await;
            if answer.starts_with(beginning) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, asking).await;
    answer.expect("readiness has to change")
}

#[tokio::test]
async fn a_store_that_does_not_close_is_given_up() {
    for part in [Part::Close, Part::CloseWithoutThread] {
        let running = serve(Limits {
            stop_time: Duration::from_secs(3),
            ..Limits::default()
        })
        .await;
        let held = running.store.hold(part);
        running.stop.send(()).unwrap();
        let stopped = tokio::time::timeout(ANSWER_TIMEOUT, running.stopped).await;
        assert_eq!(stopped.expect("it waits").unwrap(), Stopped::StoreNotClosed);
        drop(held);
    }
}

#[tokio::test]
async fn a_store_that_closes_is_waited_for() {
    let running = serve(Limits::default()).await;
    running.stop.send(()).unwrap();
    assert_eq!(running.stopped.await.unwrap(), Stopped::Finished);
}
