//! Connections that end in the middle: of a head, a body, an answer.

use anyhow::ensure;

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::Connection;
use crate::hostility::slow_readers;
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "resets",
    options: &[],
    most_memory: 128,
    run,
};

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    slow_readers::make_history(target)?;
    let update = target.request(EDGE, Some("{\"video_enabled\":true}"));
    let long = target.request("/v26.0", Some(&slow_readers::long_batch()));
    let before = Connection::open(target.address)?.ask(target.request(EDGE, None))?;
    let mut count = 0;
    let (mut of_body, mut of_answer) = (0, 0);
    while count < scale.of(100, 1_000) {
        for end in [30, update.len() - 1] {
            let mut connection = Connection::open(target.address)?;
            connection.send(&update[..end])?;
            connection.reset()?;
            of_body += 1;
        }
        let mut connection = Connection::open(target.address)?;
        connection.send(&long)?;
        connection.reset()?;
        of_answer += 1;
        count += 3;
    }
    // Half an update is none.
    let after = Connection::open(target.address)?.ask(target.request(EDGE, None))?;
    ensure!(before.body == after.body, "half a body was stored");
    Ok(format!(
        "{of_body} in heads and bodies, {of_answer} in answers: nothing stored by halves"
    ))
}
