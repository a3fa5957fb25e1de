//! JSON that nests as deep as a body is long.

use anyhow::ensure;

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::Connection;
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "deep JSON",
    options: &[],
    most_memory: 64,
    run,
};

/// The largest body of an update and of a batch, in bytes, with some room for what is around.
const LONG: usize = 60 * 1024;
const LONG_BATCH: usize = 1000 * 1024;

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let arrays = |length: usize| "[".repeat(length);
    let objects = |length: usize| "{\"a\":".repeat(length / 5);
    let closed = |length: usize| format!("{}{}", arrays(length / 2), "]".repeat(length / 2));
    let requests = [
        (EDGE, arrays(LONG)),
        (EDGE, objects(LONG)),
        (EDGE, format!("{{\"call_hours\":{}}}", closed(LONG))),
        ("/v26.0", format!("{{\"batch\":{}}}", closed(LONG_BATCH))),
        (
            "/v26.0",
            format!("{{\"batch\":\"{}\"}}", closed(LONG_BATCH)),
        ),
        ("/v26.0", objects(LONG_BATCH)),
    ];
    let mut refused = 0;
    for _ in 0..scale.of(3, 30) {
        let mut connection = Connection::open(target.address)?;
        for (address, body) in &requests {
            let answer = connection.ask(target.request(address, Some(body)))?;
            answer.refusal(400)?;
            refused += 1;
        }
        // As a parameter of a form, and in an address.
        let form = format!("call_hours={}", closed(LONG));
        let request = target
            .request(EDGE, Some(&form))
            .replace("application/json", "application/x-www-form-urlencoded");
        connection.ask(request)?.refusal(400)?;
        let address = format!("{EDGE}?fields={}", "call_hours{".repeat(1_000));
        let answer = connection.ask(target.request(&address, None))?;
        ensure!(answer.status == 400, "answered with {}", answer.status);
        refused += 2;
    }
    Ok(format!(
        "{refused} bodies of up to {} levels: all refused (400), on connections that go on",
        LONG_BATCH / 2
    ))
}
