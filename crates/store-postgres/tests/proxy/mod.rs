//! A way to the database on which an answer can get lost.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

const PASS: u8 = 0;
/// Wait for the statement that stores.
const ARMED: u8 = 1;
/// It is on its way to the database; the first answer to it is thrown away with the connection.
const SENT: u8 = 2;
const LOST: u8 = 3;

/// What the statement that stores has in it, as its parameters do: a new entry's trace.
const MARK: &[u8] = b"lost ";

/// Passes everything on in both directions until told otherwise.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<AtomicU8>,
}

impl Proxy {
    pub(crate) fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(AtomicU8::new(PASS));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(("127.0.0.1", target)).unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (from_client, to_server) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                let state = Arc::clone(&shared);
                thread::spawn(move || forward(from_client, to_server, &state, true));
                let state = Arc::clone(&shared);
                thread::spawn(move || forward(server, client, &state, false));
            }
        });
        Self { port, state }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn lose_the_answer_of_the_next_commit(&self) {
        self.state.store(ARMED, Ordering::SeqCst);
    }

    pub(crate) fn has_lost(&self) -> bool {
        self.state.load(Ordering::SeqCst) == LOST
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, state: &AtomicU8, is_request: bool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let bytes = &buffer[..count];
        if is_request {
            if bytes.windows(MARK.len()).any(|window| window == MARK) {
                let _not_armed =
                    state.compare_exchange(ARMED, SENT, Ordering::SeqCst, Ordering::SeqCst);
            }
        } else if state
            .compare_exchange(SENT, LOST, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
        {
            break;
        }
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _it_may_be_closed = from.shutdown(Shutdown::Both);
    let _it_may_be_closed = to.shutdown(Shutdown::Both);
}
