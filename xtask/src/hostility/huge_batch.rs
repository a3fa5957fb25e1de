//! Batches that ask for much with little.

use std::thread;
use std::time::Instant;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::Connection;
use crate::hostility::slow_readers;
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "huge batches",
    options: &[],
    most_memory: 256,
    run,
};

/// Callers that send at the same time.
const CALLERS: usize = 4;
/// Bytes of the references in one batch, just below the limit of a batch.
const REFERENCES: usize = 1000 * 1024;

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    slow_readers::make_history(target)?;
    let read = json!({ "relative_url": &EDGE[1..] });
    let too_many = json!({ "batch": vec![read; 51] }).to_string();
    // Each of a few bytes stands for a history of many kilobytes.
    let growing = referring("{result=a:$}");
    // Each is looked up and stands for a single character.
    let many = referring("{result=a:$.data[0].revision}");
    let batches = [
        (slow_readers::long_batch(), None),
        (too_many, Some(400)),
        (growing, None),
        (many, None),
    ];
    let requests: Vec<_> = batches
        .iter()
        .map(|(batch, refused)| (target.request("/v26.0", Some(batch)), *refused))
        .collect();
    let begun = Instant::now();
    let sent = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| scope.spawn(|| call(target, &requests, begun, scale)))
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().expect("a caller never panics"))
            .sum::<anyhow::Result<usize>>()
    })?;
    Ok(format!(
        "{sent} from {CALLERS} callers: 51 operations refused (400), 50 histories answered, {} KiB of \
         references cut off (413)",
        REFERENCES / 1024
    ))
}

/// A batch whose second operation is made of references to its first, the history.
fn referring(reference: &str) -> String {
    let references = reference.repeat(REFERENCES / reference.len());
    json!({ "batch": [
        { "name": "a", "relative_url": "1234567890/messenger_call_settings_history?limit=100" },
        { "method": "POST", "relative_url": &EDGE[1..], "body": references },
    ]})
    .to_string()
}

fn call(
    target: &Target,
    requests: &[(String, Option<u16>)],
    begun: Instant,
    scale: Scale,
) -> anyhow::Result<usize> {
    let mut connection = Connection::open(target.address)?;
    let mut sent = 0;
    while begun.elapsed() < scale.time() {
        for (request, refused) in requests {
            let answer = connection.ask(request)?;
            sent += 1;
            if let Some(status) = refused {
                answer.refusal(*status)?;
                continue;
            }
            let answers: Value = serde_json::from_slice(&answer.success()?.body)?;
            let answers = answers.as_array().map_or(&[][..], Vec::as_slice);
            let codes: Vec<_> = answers.iter().map(|it| it["code"].as_u64()).collect();
            let expected: &[Option<u64>] = match codes.len() {
                50 => &[Some(200); 50],
                _ => &[Some(200), Some(413)],
            };
            ensure!(codes == expected, "answered with {codes:?}");
        }
    }
    Ok(sent)
}
