//! Heads that a proxy in front of the server may read in another way than the server does, so that
//! what is a body to one is a request to the other.

use anyhow::{Context as _, bail};

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::{Answer, Connection};
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "request smuggling",
    options: &["--header-time", "1s", "--request-time", "1s"],
    most_memory: 32,
    run,
};

/// What must come of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// One refusal or none, and the connection is closed: nothing behind the head is read.
    Refused,
    /// It is one request and no more.
    One,
    /// It is two requests, the second of which succeeds.
    Two,
}
use Outcome::{One, Refused, Two};

/// Heads, behind the request line, and what must come of them with the body "hidden request".
///
/// RFC 9112, 6.1 and 6.3: who gets Transfer-Encoding and Content-Length should refuse it; who gets a
/// length that is no number, or several that differ, or a coding whose last is not chunked, must.
const FRAMINGS: [(&str, Outcome); 25] = [
    ("Transfer-Encoding: chunked\r\nContent-Length: 5", Refused),
    ("Content-Length: 5\r\nTransfer-Encoding: chunked", Refused),
    ("Content-Length: 5\r\nContent-Length: 6", Refused),
    ("Content-Length: 5, 6", Refused),
    ("Content-Length: +5", Refused),
    ("Content-Length: -5", Refused),
    ("Content-Length: 5 5", Refused),
    ("Content-Length: 0x5", Refused),
    ("Content-Length: 99999999999999999999", Refused),
    ("Content-Length:", Refused),
    ("Content-Length : 5", Refused),
    ("Content-Length: 0\r\n : 5", Refused),
    ("Transfer-Encoding: chunked, identity", Refused),
    ("Transfer-Encoding: identity", Refused),
    ("Transfer-Encoding: xchunked", Refused),
    ("Transfer-Encoding: gzip, chunked", Refused),
    ("Transfer-Encoding: gzip, chunked, gzip", Refused),
    ("Transfer-Encoding:\x0bchunked", Refused),
    ("Transfer-Encoding : chunked", Refused),
    (" Transfer-Encoding: chunked", Refused),
    ("X-Folded: a\r\n Content-Length: 5", Refused),
    ("X-Folded: a\r\n\tTransfer-Encoding: chunked", Refused),
    ("X-Return: a\rContent-Length: 5", Refused),
    ("X-Null: a\0", Refused),
    ("Content-Length: 0", Two),
];

/// Chunked bodies, and what must come of them.
const CHUNKS: [(&str, Outcome); 9] = [
    ("0\r\n\r\n", Two),
    ("1;extension=\"a\"\r\nx\r\n0\r\nTrailer: 1\r\n\r\n", Two),
    ("fffffffffffffffff\r\nx", Refused),
    ("-1\r\nx", Refused),
    ("0x1\r\nx\r\n0\r\n\r\n", Refused),
    ("1 1\r\nx\r\n0\r\n\r\n", Refused),
    ("1\r\nxx\r\n0\r\n\r\n", Refused),
    ("g\r\n\r\n", Refused),
    ("1;a\nb\r\nx\r\n0\r\n\r\n", Refused),
];

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let hidden = target.request(&format!("{EDGE}?fields=icon_enabled"), None);
    let mut tried = 0;
    for _ in 0..scale.of(1, 5) {
        for (framing, outcome) in FRAMINGS {
            let message = format!("{}{hidden}", head(target, framing));
            check(target, &message, outcome).with_context(|| format!("{framing:?}"))?;
            tried += 1;
        }
        for (chunks, outcome) in CHUNKS {
            let head = head(target, "Transfer-Encoding: chunked");
            let message = format!("{head}{chunks}{hidden}");
            check(target, &message, outcome).with_context(|| format!("{chunks:?}"))?;
            tried += 1;
        }
        // Both framings, and chunks that can be read: one request, behind which the server closes.
        for both in [
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
        ] {
            let message = format!("{}0\r\n\r\n{hidden}", head(target, both));
            check(target, &message, One).with_context(|| format!("{both:?}, chunks"))?;
        }
        // Lines that end with a bare line feed end all the same, for all of the message.
        let request = target.request(EDGE, None);
        check(target, &request.replace("\r\n", "\n"), One).context("bare line feeds")?;
        // HTTP/1.0 knows no chunks.
        let old = head(target, "Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0");
        check(target, &format!("{old}0\r\n\r\n{hidden}"), Refused).context("chunks in 1.0")?;
        tried += 4;
    }
    Ok(format!(
        "{tried} heads and chunks that can be read in two ways: refused and closed, nothing hidden \
         was answered"
    ))
}

fn head(target: &Target, framing: &str) -> String {
    let token = &target.token;
    format!(
        "POST {EDGE} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\n{framing}\r\n\r\n"
    )
}

fn answers(target: &Target, message: &str) -> anyhow::Result<Vec<Answer>> {
    let mut connection = Connection::open(target.address)?;
    connection.send(message)?;
    connection.answers_until_closed()
}

fn check(target: &Target, message: &str, outcome: Outcome) -> anyhow::Result<()> {
    let answers = answers(target, message)?;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    let is_right = match outcome {
        Refused => statuses.len() <= 1 && statuses.iter().all(|it| (400..500).contains(it)),
        One => statuses == [200],
        Two => matches!(statuses[..], [_, 200]),
    };
    if !is_right {
        bail!("it should have been {outcome:?}, but was answered with {statuses:?}");
    }
    Ok(())
}
