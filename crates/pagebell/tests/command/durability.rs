//! What was acknowledged is there after the process was killed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::process::{Connection, Place, update};
use crate::start_and_stop::retry;

const ROUNDS: u64 = 24;
const WRITERS: u64 = 6;

fn edge(writer: u64) -> String {
    format!("/v26.0/{}/messenger_call_settings", 1_000 + writer)
}

/// The opening time that a Page has.
fn stored(connection: &mut Connection, writer: u64, token: &str) -> Option<u64> {
    let reply = connection.ask("GET", &edge(writer), token, "").unwrap();
    assert_eq!(reply.status, 200, "{}", reply.body);
    let settings = reply.json()["data"][0].clone();
    let time = settings["call_hours"]["weekly_operating_hours"][0]["open_time"]
        .as_str()?
        .to_owned();
    Some(time[..2].parse::<u64>().unwrap() * 60 + time[2..].parse::<u64>().unwrap())
}

#[test]
fn no_acknowledged_update_is_lost_by_kill_9() {
    let place = Place::new();
    // Of each writer: how many updates it began, and how many of them were acknowledged.
    let mut begun = vec![0_u64; usize::try_from(WRITERS).unwrap()];
    let mut acknowledged = begun.clone();
    let mut in_all = 0;
    for round in 0..ROUNDS {
        let mut server = place.serve(&["--dev", "--access-log=false"]);
        let token = server.token();
        let address = server.address;
        let running = AtomicBool::new(true);
        let counts: Vec<(u64, u64)> = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let place = usize::try_from(writer).unwrap();
                    let (first, token, running) = (begun[place], &token, &running);
                    let known = acknowledged[place];
                    scope.spawn(move || write(address, writer, token, (first, known), running))
                })
                .collect();
            // Each round dies at another moment; the first ones while the store is still warming up.
            let moment = Duration::from_millis(20 + round * 12);
            retry(moment, || false);
            server.kill();
            running.store(false, Ordering::SeqCst);
            writers
                .into_iter()
                .map(|writer| writer.join().unwrap())
                .collect()
        });
        for (writer, (first, last)) in counts.into_iter().enumerate() {
            in_all += last - acknowledged[writer];
            begun[writer] = first;
            acknowledged[writer] = last;
        }

        let mut server = place.serve(&["--dev", "--access-log=false"]);
        let token = server.token();
        let mut connection = server.connect();
        for writer in 0..WRITERS {
            let place = usize::try_from(writer).unwrap();
            let (begun, acknowledged) = (&mut begun[place], &mut acknowledged[place]);
            let found = stored(&mut connection, writer, &token);
            // The update that was under way may have been stored or not; nothing else may be.
            let lawful =
                [*acknowledged, *begun].map(|count| count.checked_sub(1).map(|it| it % 1_438));
            assert!(
                lawful.contains(&found),
                "round {round}, writer {writer}: {found:?} is none of {lawful:?}"
            );
            if found == lawful[1] {
                *acknowledged = *begun;
            } else {
                *begun = *acknowledged;
            }
        }
    }
    assert!(
        in_all > ROUNDS,
        "there was hardly anything to lose: {in_all}"
    );

    let database = rusqlite::Connection::open(place.database()).unwrap();
    let integrity: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(integrity, "ok");
    for writer in 0..WRITERS {
        let (entries, newest): (i64, i64) = database
            .query_row(
                "SELECT count(*), max(revision) FROM history WHERE page_id = ?1",
                [i64::try_from(1_000 + writer).unwrap()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        let place = usize::try_from(writer).unwrap();
        assert_eq!(entries, newest, "each revision has its entry");
        assert_eq!(
            entries.cast_unsigned(),
            acknowledged[place],
            "each stored update has its entry"
        );
    }
}

/// Posts one update after the other until the server is gone; how many were begun and acknowledged.
fn write(
    address: std::net::SocketAddr,
    writer: u64,
    token: &str,
    (mut begun, mut acknowledged): (u64, u64),
    running: &AtomicBool,
) -> (u64, u64) {
    let Ok(mut connection) = Connection::open(address) else {
        return (begun, acknowledged);
    };
    while running.load(Ordering::SeqCst) {
        begun += 1;
        match connection.ask("POST", &edge(writer), token, &update(begun - 1)) {
            Ok(reply) if reply.status == 200 => acknowledged = begun,
            Ok(reply) => panic!("{} {}", reply.status, reply.body),
            Err(_gone) => break,
        }
    }
    (begun, acknowledged)
}
