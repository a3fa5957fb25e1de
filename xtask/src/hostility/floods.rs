//! Heads that are too large: headers without number, without size, without end; and addresses.

use anyhow::ensure;

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::Connection;
use crate::hostility::victim::{EDGE, Target};

/// Headers.
pub(crate) const HEADERS: Attack = Attack {
    name: "header floods",
    options: &[],
    most_memory: 64,
    run: headers,
};

/// Request lines.
pub(crate) const REQUEST_LINES: Attack = Attack {
    name: "request line floods",
    options: &[],
    most_memory: 64,
    run: request_lines,
};

/// More than the server may take of what has no end: what it reads, and what the kernel holds.
const MOST_TAKEN: usize = 16 * 1024 * 1024;

fn headers(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let head = format!("GET {EDGE} HTTP/1.1\r\nHost: test\r\n");
    let many = |count: usize| format!("{head}{}\r\n", "X-Many: 1\r\n".repeat(count));
    let long = |length: usize| format!("{head}X-Long: {}\r\n\r\n", "x".repeat(length));
    let mut refused = 0;
    let rounds = scale.of(2, 20);
    for _ in 0..rounds {
        // Those that can be read at all are told in the envelope.
        for request in [many(80), many(1_000), long(17_000), long(200_000)] {
            let mut connection = Connection::open(target.address)?;
            connection.ask(request)?.refusal(431)?;
            refused += 1;
        }
        for request in [
            many(50_000),
            long(1_000_000),
            format!("{head}{}: 1\r\n\r\n", "x".repeat(300_000)),
        ] {
            refused += refuses(target, &request)?;
        }
        endless(target, &head, b"X-Endless: 1\r\n")?;
        endless(target, &format!("{head}X-Endless: "), &[b'x'; 1024])?;
        refused += 2;
    }
    Ok(format!(
        "{refused} heads with up to 50,000 headers, a header of 1 MB, or no end: all 431 or closed"
    ))
}

fn request_lines(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let mut refused = 0;
    let rounds = scale.of(2, 20);
    for _ in 0..rounds {
        let method = format!(
            "{} {EDGE} HTTP/1.1\r\nHost: test\r\n\r\n",
            "M".repeat(100_000)
        );
        Connection::open(target.address)?
            .ask(method)?
            .refusal(431)?;
        let query = format!(
            "GET {EDGE}?{} HTTP/1.1\r\nHost: test\r\n\r\n",
            "x".repeat(20_000)
        );
        Connection::open(target.address)?.ask(query)?.refusal(431)?;
        let long = "x".repeat(1_000_000);
        for request in [
            format!("GET /{long} HTTP/1.1\r\nHost: test\r\n\r\n"),
            format!("{long} / HTTP/1.1\r\nHost: test\r\n\r\n"),
            format!("GET / HTTP/1.1{long}\r\nHost: test\r\n\r\n"),
        ] {
            refused += refuses(target, &request)?;
        }
        endless(target, "GET /", &[b'x'; 1024])?;
        endless(target, "", b"\r\n")?;
        refused += 4;
    }
    Ok(format!(
        "{refused} request lines of up to 1 MB, or with no end: all refused or closed"
    ))
}

/// Sends a head that is to be refused, and counts it.
fn refuses(target: &Target, request: &str) -> anyhow::Result<usize> {
    let mut connection = Connection::open(target.address)?;
    // The server may close before it has all of it.
    let _may_be_closed = connection.send(request);
    let answers = connection.answers_until_closed()?;
    ensure!(
        answers.len() <= 1 && answers.iter().all(|it| (400..500).contains(&it.status)),
        "answered with {answers:?}"
    );
    Ok(1)
}

fn endless(target: &Target, start: &str, piece: &[u8]) -> anyhow::Result<()> {
    let mut connection = Connection::open(target.address)?;
    connection.send(start)?;
    let taken = connection.send_endlessly(piece, MOST_TAKEN);
    ensure!(taken < MOST_TAKEN, "the server takes a head without end");
    Ok(())
}
