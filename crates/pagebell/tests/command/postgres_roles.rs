//! Roles of a PostgreSQL database that have no rights on the tables of a store, or only some.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use temporary_postgres::{Cluster, Setup};

use crate::process::{Server, pagebell};

const EDGE: &str = "/v26.0/1234567890/messenger_call_settings";

/// The most memory that a flood of notifications may cost a server, in KiB.
const MOST_GROWTH: u64 = 32 << 10;

/// The name of the channel for hints, as far as a role may find it out.
const CHANNEL: &str = "SELECT 'pagebell_' || left(encode(sha256(convert_to(string_agg(migration || ':' \
                       || applied_ms || chr(10), '' ORDER BY migration), 'UTF8')), 'hex'), 32) \
                       FROM schema_version WHERE migration <= 3";

fn serve(store: &str, arguments: &[&str]) -> Server {
    let mut command = pagebell();
    command.args(["serve", "--listen", "127.0.0.1:0", "--store", store]);
    command.args(arguments);
    Server::start(command)
}

/// The memory of a process that is in use, in KiB.
fn resident_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.unwrap().trim().strip_suffix(" kB").unwrap();
    size.parse().unwrap()
}

/// Reads beside a flood of notifications by a role without rights; what is to be seen of it.
fn assert_flood_is_harmless(cluster: &Cluster, server: &Server, token: &str, channel: &str) {
    let flood = format!(
        "SET SESSION AUTHORIZATION nobody_else; SELECT pg_notify('{channel}', \
         i || ':' || repeat('1:1,', 1900)) FROM generate_series(1, 200) AS i"
    );
    let before = resident_memory(server.process());
    let mut connection = server.connect();
    let mut report = String::new();
    std::thread::scope(|scope| {
        let flooding = scope.spawn(|| {
            for _ in 0..15 {
                cluster.query("postgres", &flood).unwrap();
            }
        });
        let (mut reads, mut longest, mut most) = (0_u32, Duration::ZERO, before);
        while !flooding.is_finished() {
            let asked_at = Instant::now();
            let reply = connection.ask("GET", EDGE, token, "").unwrap();
            assert_eq!(reply.status, 200, "{}", reply.body);
            longest = longest.max(asked_at.elapsed());
            most = most.max(resident_memory(server.process()));
            reads += 1;
        }
        write!(
            report,
            "{channel}: {before} to {most} KiB, {reads} reads, the longest {longest:?}"
        )
        .unwrap();
        assert!(most < before + MOST_GROWTH, "{report}");
    });
    println!("{report}");
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "the report says how long reads took"
)]
fn a_role_without_rights_floods_no_server() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = cluster.address("postgres");
    let mut server = serve(
        &store,
        &["--dev", "--cache-bound", "1s", "--access-log=false"],
    );
    let token = server.token();
    cluster
        .query("postgres", "CREATE ROLE nobody_else LOGIN")
        .unwrap();
    let as_nobody = format!("SET SESSION AUTHORIZATION nobody_else; {CHANNEL}");
    let refused = cluster.query("postgres", &as_nobody).unwrap_err();
    assert!(
        refused.to_string().contains("permission denied"),
        "{refused}"
    );
    let channel = cluster.query("postgres", CHANNEL).unwrap();
    // Also where somebody tells it the name.
    for channel in ["pagebell_hints", &channel] {
        assert_flood_is_harmless(&cluster, &server, &token, channel);
    }
}
