//! Compressed bodies that are a thousand times as large as they look.

use std::io;

use anyhow::ensure;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::Connection;
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "compressed bombs",
    options: &[],
    most_memory: 32,
    run,
};

/// What the bombs inflate to, in mebibytes.
const INFLATED: usize = 60;

/// Headers that say how a body is coded, each of which is to be refused.
const ENCODINGS: [&str; 8] = [
    "Content-Encoding: gzip",
    "Content-Encoding: deflate",
    "Content-Encoding: br",
    "Content-Encoding: zstd",
    "Content-Encoding: GZIP",
    "Content-Encoding: identity, gzip",
    "Content-Encoding: gzip, gzip",
    "Content-Encoding: identity\r\nContent-Encoding: gzip",
];

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let bombs = [
        bomb(
            GzEncoder::new(Vec::new(), Compression::best()),
            GzEncoder::finish,
        )?,
        bomb(
            DeflateEncoder::new(Vec::new(), Compression::best()),
            DeflateEncoder::finish,
        )?,
    ];
    let token = &target.token;
    let mut sent = 0;
    for _ in 0..scale.of(2, 50) {
        for bomb in &bombs {
            for encoding in ENCODINGS {
                for address in [EDGE, "/v26.0", "/console/sign-in"] {
                    let head = format!(
                        "POST {address} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\
                         {encoding}\r\nContent-Length: {}\r\n\r\n",
                        bomb.len()
                    );
                    let mut connection = Connection::open(target.address)?;
                    connection.send(head)?;
                    // The head alone is enough for the server to refuse and close.
                    let _may_be_closed = connection.send(bomb);
                    connection.answer()?.refusal(415)?;
                    sent += 1;
                }
            }
        }
    }
    // A body that does not say how it is coded is no JSON.
    for bomb in &bombs {
        let length = bomb.len();
        let head = target
            .request(EDGE, Some(""))
            .replace("Content-Length: 0", &format!("Content-Length: {length}"));
        let mut connection = Connection::open(target.address)?;
        connection.send(head)?;
        connection.send(bomb)?;
        let answer = connection.answer()?;
        ensure!((400..500).contains(&answer.status), "taken: {answer:?}");
        sent += 1;
    }
    Ok(format!(
        "{sent} bodies of {} KiB that inflate to {INFLATED} MiB: refused uninflated (415)",
        bombs[0].len() / 1024
    ))
}

fn bomb<E: io::Write>(
    mut encoder: E,
    finish: impl FnOnce(E) -> io::Result<Vec<u8>>,
) -> io::Result<Vec<u8>> {
    let spaces = vec![b' '; 1024 * 1024];
    for _ in 0..INFLATED {
        encoder.write_all(&spaces)?;
    }
    finish(encoder)
}
