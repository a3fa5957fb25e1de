//! Ten thousand guesses of a token in a second.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::Connection;
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "bad tokens",
    options: &[],
    most_memory: 64,
    run,
};

/// Callers that guess at the same time.
const CALLERS: u32 = 4;
/// Guesses of one caller in one piece.
const PIECE: u32 = 25;
/// Guesses of all callers in a second.
const A_SECOND: u32 = 10_000;
/// The code of an error of the token (documented).
const TOKEN_ERROR: &str = "\"code\":190,";

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let begun = Instant::now();
    let guesses = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| scope.spawn(move || guess(target, caller, begun, scale)))
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().expect("a caller never panics"))
            .sum::<anyhow::Result<u32>>()
    })?;
    let rate = f64::from(guesses) / begun.elapsed().as_secs_f64();
    Ok(format!(
        "{guesses} guesses, {rate:.0} a second: all told 190"
    ))
}

fn guess(target: &Target, caller: u32, begun: Instant, scale: Scale) -> anyhow::Result<u32> {
    let pace = Duration::from_secs(1) * CALLERS * PIECE / A_SECOND;
    let mut connection = Connection::open(target.address)?;
    let mut guesses = 0;
    let mut due = begun;
    while begun.elapsed() < scale.time() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let piece: Vec<String> = (guesses..guesses + PIECE)
            .map(|guess| {
                let token = format!("PBT{caller}guess{guess:060}");
                format!(
                    "GET {EDGE} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n"
                )
            })
            .collect();
        connection.send(piece.concat())?;
        for _ in 0..PIECE {
            let answer = connection.answer()?;
            let body = String::from_utf8_lossy(&answer.body);
            ensure!(
                (400..500).contains(&answer.status) && body.contains(TOKEN_ERROR),
                "answered with {} {body}",
                answer.status
            );
            ensure!(!body.contains("guess"), "the token is repeated: {body}");
        }
        guesses += PIECE;
        due += pace;
    }
    Ok(guesses)
}
