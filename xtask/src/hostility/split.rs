//! Requests in two pieces, split at every byte.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::hostility::attack::{Attack, Scale};
use crate::hostility::connection::{Answer, Connection};
use crate::hostility::victim::{EDGE, Target};

pub(crate) const ATTACK: Attack = Attack {
    name: "split at every byte",
    options: &[],
    most_memory: 64,
    run,
};

/// Long enough for the first piece to be read alone.
const PAUSE: Duration = Duration::from_millis(2);
/// Connections that send at the same time.
const SENDERS: usize = 8;
/// Headers of an answer that differ each time.
const VARYING: [&str; 3] = ["date", "x-fb-request-id", "x-fb-trace-id"];

const BODY: &str = "{\"audio_enabled\":true,\"call_hours\":{\"timezone_id\":\"Europe/Paris\",\
    \"weekly_operating_hours\":[{\"day_of_week\":\"MONDAY\",\"open_time\":\"0900\",\
    \"close_time\":\"1700\"}]}}";

fn run(target: &Target, scale: Scale) -> anyhow::Result<String> {
    let edge = format!("{EDGE}?fields=call_hours");
    let post = target.request(&edge, Some(BODY));
    let chunked = post.replace(
        &format!("Content-Length: {}\r\n\r\n{BODY}", BODY.len()),
        &format!(
            "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{BODY}\r\n0\r\n\r\n",
            BODY.len()
        ),
    );
    // The settings are as the updates leave them, so that all answers are the same.
    let mut connection = Connection::open(target.address)?;
    connection.ask(&post)?.success()?;
    let mut points = 0;
    for request in [target.request(&edge, None), post, chunked] {
        let whole = unvarying(connection.ask(&request)?.success()?);
        let every = scale.of(3, 1);
        let splits: Vec<usize> = (1..request.len()).step_by(every).collect();
        points += splits.len();
        let share = splits.len().div_ceil(SENDERS);
        thread::scope(|scope| {
            let senders: Vec<_> = splits
                .chunks(share)
                .map(|splits| scope.spawn(|| send_split(target, &request, splits, &whole)))
                .collect();
            senders
                .into_iter()
                .try_for_each(|sender| sender.join().expect("a sender never panics"))
        })?;
    }
    Ok(format!(
        "GET, POST and chunked POST split at {points} places: answered as unsplit"
    ))
}

fn send_split(
    target: &Target,
    request: &str,
    splits: &[usize],
    whole: &Answer,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(target.address)?;
    for &split in splits {
        let (first, second) = request.split_at(split);
        let answer = || -> anyhow::Result<Answer> {
            connection.send(first)?;
            thread::sleep(PAUSE);
            Ok(unvarying(connection.ask(second)?))
        }();
        let answer = answer.with_context(|| format!("split at byte {split}"))?;
        ensure!(answer == *whole, "split at byte {split}: {answer:?}");
    }
    Ok(())
}

fn unvarying(mut answer: Answer) -> Answer {
    answer
        .headers
        .retain(|(name, _value)| !VARYING.contains(&name.as_str()));
    answer
}
