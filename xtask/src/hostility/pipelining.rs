//! Hundreds of requests in one piece.

use anyhow::ensure;

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::Connection;
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "pipelining",
    options: &[],
    most_memory: 64,
    run,
};

const FIELDS: [&str; 3] = ["audio_enabled", "icon_enabled", "video_enabled"];
/// Requests in one piece.
const REQUESTS: usize = 300;

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let fields = || FIELDS.iter().cycle().take(REQUESTS);
    let piece: String = fields()
        .map(|field| target.request(&format!("{EDGE}?fields={field}"), None))
        .collect();
    let pieces = scale.of(5, 50);
    for _ in 0..pieces {
        let mut connection = Connection::open(target.address)?;
        // The server reads on only while its answers are taken.
        let mut sender = connection.sender()?;
        std::thread::scope(|scope| -> anyhow::Result<()> {
            let sent = scope.spawn(|| sender.send(piece.as_bytes()));
            for field in fields() {
                let body = connection.answer()?.success()?.body;
                let body = String::from_utf8_lossy(&body);
                ensure!(
                    body.starts_with(&format!("{{\"data\":[{{\"{field}\":")),
                    "not the answer to fields={field}: {body}"
                );
            }
            Ok(sent.join().expect("a sender never panics")?)
        })?;
    }
    Ok(format!(
        "{pieces} times {REQUESTS} requests in one piece of {} KiB, answered in their order",
        piece.len() / 1024
    ))
}
