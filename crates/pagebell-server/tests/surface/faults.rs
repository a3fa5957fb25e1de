//! A fault of the code in one request is an answer to that request, and nothing to the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use pagebell_server::http::{Server, Stopped};
use pagebell_server::{Clock, Configuration, Entropy, Pagebell, Surroundings};
use settings_store::MemoryStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// A clock that can be broken.
#[derive(Debug, Default)]
struct FragileClock {
    broken: AtomicBool,
}

impl Clock for FragileClock {
    fn now(&self) -> Timestamp {
        assert!(
            !self.broken.load(Ordering::SeqCst),
            "the clock is broken on purpose"
        );
        Timestamp::UNIX_EPOCH
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

#[derive(Debug)]
struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

async fn ask(address: std::net::SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(
            b"GET /1/messenger_call_settings HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
              Authorization: Bearer T\r\n\r\n",
        )
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_panic_is_an_error_with_an_envelope() {
    let clock = Arc::new(FragileClock::default());
    let surroundings = Surroundings {
        clock: Arc::clone(&clock) as Arc<_>,
        entropy: Arc::new(Zeros),
        steering: None,
    };
    let store = Arc::new(MemoryStore::default());
    let pagebell = Arc::new(Pagebell::new(Configuration::default(), store, surroundings));
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), pagebell).unwrap();
    let address = server.address().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async {
        stopped.await.unwrap();
    }));

    clock.broken.store(true, Ordering::SeqCst);
    let answer = ask(address).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(
        answer.contains("\"message\":\"An unknown error occurred\""),
        "{answer}"
    );
    clock.broken.store(false, Ordering::SeqCst);
    let answer = ask(address).await;
    assert!(
        answer.starts_with("HTTP/1.1 400"),
        "the server lives on: {answer}"
    );
    assert!(answer.contains("\"code\":190"), "{answer}");

    stop.send(()).unwrap();
    assert_eq!(running.await.unwrap(), Stopped::Finished);
}
