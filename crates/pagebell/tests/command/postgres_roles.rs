//! What PostgreSQL databases and their roles may lack or do to a store: rights, notifications, another
//! encoding, another schema, names and revisions from elsewhere.

use std::time::Duration;

use temporary_postgres::{Cluster, Setup};

use crate::process::{Place, Server, pagebell, update};
use crate::start_and_stop::retry;

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

/// Reads are answered beside a flood of notifications by a role without rights, and the memory of
/// the server stays about what it was.
fn assert_flood_is_harmless(cluster: &Cluster, server: &Server, token: &str, channel: &str) {
    let flood = format!(
        "SET SESSION AUTHORIZATION nobody_else; SELECT pg_notify('{channel}', \
         i || ':' || repeat('1:1,', 1900)) FROM generate_series(1, 200) AS i"
    );
    let before = resident_memory(server.process());
    let mut connection = server.connect();
    let (mut reads, mut most) = (0_u32, before);
    std::thread::scope(|scope| {
        let flooding = scope.spawn(|| {
            for _ in 0..15 {
                cluster.query("postgres", &flood).unwrap();
            }
        });
        while !flooding.is_finished() {
            let reply = connection.ask("GET", EDGE, token, "").unwrap();
            assert_eq!(reply.status, 200, "{}", reply.body);
            most = most.max(resident_memory(server.process()));
            reads += 1;
        }
    });
    assert!(
        most < before + MOST_GROWTH,
        "{channel}: {before} to {most} KiB beside {reads} reads"
    );
}

#[test]
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

/// Runs a command; its exit code, stdout and stderr.
fn run(store: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = pagebell();
    let output = command.args(arguments).args(["--store", store]).output();
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn must(store: &str, arguments: &[&str]) -> String {
    let (code, output, errors) = run(store, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {errors}");
    output
}

#[test]
fn a_role_that_may_only_read_reads() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let owner = cluster.address("postgres");
    must(&owner, &["page", "add", "7", "--name", "Bakery"]);
    let token = must(&owner, &["token", "create", "--all-pages"]);
    for sql in [
        "CREATE ROLE reader LOGIN",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    ] {
        cluster.query("postgres", sql).unwrap();
    }
    let reader = owner.replacen("postgres@", "reader@", 1);
    assert!(must(&reader, &["page", "list"]).contains("Bakery"));
    assert!(must(&reader, &["export"]).contains("Bakery"));
    for list in ["app", "token"] {
        must(&reader, &[list, "list"]);
    }
    for change in [
        &["page", "add", "8"][..],
        &["page", "remove", "7"],
        &["token", "create", "--all-pages"],
    ] {
        let (code, _output, errors) = run(&reader, change);
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains("permission denied"), "{errors}");
    }
    let server = serve(&reader, &[]);
    let edge = "/v26.0/7/messenger_call_settings";
    assert_eq!(server.ask("GET", edge, token.trim(), "").status, 200);
    let refused = server.ask("POST", edge, token.trim(), &update(1));
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(server.ask("GET", edge, token.trim(), "").status, 200);
}

#[test]
fn commands_that_read_leave_the_schema_as_it_is() {
    const INDEX: &str = "SELECT count(*) FROM pg_class WHERE relname = 'removal'";
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = cluster.address("postgres");
    let sqlite = format!("sqlite:{}", cluster.folder().join("to.db").display());
    let refuse_all = |said: &str| {
        for arguments in [
            &["page", "list"][..],
            &["app", "list"],
            &["token", "list"],
            &["export"],
        ] {
            let (code, _output, errors) = run(&store, arguments);
            assert_eq!(code, Some(2), "{errors}");
            assert!(
                errors.contains(said) && errors.contains("pagebell serve"),
                "{errors}"
            );
        }
        let migrate = ["migrate", "--from", &store, "--to", &sqlite];
        let output = pagebell().args(migrate).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    };
    refuse_all("there is no store in this database");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(cluster.query("postgres", tables).unwrap(), "0");

    must(&store, &["page", "add", "7"]);
    for sql in [
        "DELETE FROM schema_version WHERE migration = (SELECT max(migration) FROM schema_version)",
        "DROP INDEX removal",
    ] {
        cluster.query("postgres", sql).unwrap();
    }
    refuse_all("its schema has the version");
    assert_eq!(cluster.query("postgres", INDEX).unwrap(), "0");
    drop(serve(&store, &[]));
    assert!(must(&store, &["page", "list"]).contains('7'));
}

#[test]
fn a_database_of_another_encoding_is_refused() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let create = format!("CREATE DATABASE {encoding} ENCODING '{encoding}' TEMPLATE template0");
        cluster.query("postgres", &create).unwrap();
        let store = cluster.address(&encoding.to_lowercase());
        for arguments in [&["page", "add", "1", "--name", "日本"][..], &["serve"]] {
            let (code, _output, errors) = run(&store, arguments);
            assert_eq!(code, Some(2), "{errors}");
            let said = format!("its encoding is {encoding}");
            assert!(
                errors.contains(&said) && errors.contains("UTF8"),
                "{errors}"
            );
        }
    }
}

#[test]
fn a_name_that_postgresql_does_not_store_is_named_and_can_be_changed() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let database = cluster.address("postgres");
    let place = Place::new();
    for number in ["7", "8"] {
        place.must(&["page", "add", number, "--name", "Bakery"]);
    }
    // As a store may have it from before it was refused.
    let file = rusqlite::Connection::open(place.database()).unwrap();
    let sql = "UPDATE page SET name = 'Bake' || char(0) || 'ry' WHERE page_id = 8";
    assert_eq!(file.execute(sql, []).unwrap(), 1);
    drop(file);
    let migrate = || {
        let (from, to) = (place.store(), &database);
        let output = pagebell()
            .args(["migrate", "--from", &from, "--to", to])
            .output();
        let output = output.unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, errors) = migrate();
    assert_eq!(code, Some(2), "{errors}");
    assert!(
        errors.contains("the name of the Page 8 has the character U+0000"),
        "{errors}"
    );
    place.must(&["page", "add", "8", "--name", "Bakery"]);
    assert_eq!(migrate().0, Some(0));

    let lines = place.path().join("lines");
    std::fs::write(&lines, "{\"page_id\":\"9\",\"name\":\"x\\u0000\"}\n").unwrap();
    for store in [&place.store(), &database] {
        let (code, _output, errors) = run(store, &["import", lines.to_str().unwrap()]);
        assert_eq!(code, Some(1), "{errors}");
        assert!(
            errors.contains("line 1") && errors.contains("U+0000"),
            "{errors}"
        );
    }
}

/// As after a restore into the database under a running server.
#[test]
fn a_page_whose_revision_went_back_is_answered() {
    let cluster = Cluster::start(Setup::default()).unwrap();
    let store = cluster.address("postgres");
    let mut server = serve(&store, &["--dev", "--cache-bound", "1s"]);
    let token = server.token();
    for number in 1..=5 {
        assert_eq!(
            server.ask("POST", EDGE, &token, &update(number)).status,
            200
        );
    }
    let revision = || {
        let reply = server.ask("GET", EDGE, &token, "");
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.header("pagebell-revision").unwrap().to_owned()
    };
    let last = revision();
    let back = "DELETE FROM history WHERE page_id = 1234567890 AND revision > 2; \
                UPDATE page SET revision = 2, previous_revision = 1 WHERE page_id = 1234567890";
    cluster.query("postgres", back).unwrap();
    assert!(retry(Duration::from_secs(20), || revision() != last));
    assert_eq!(revision(), "2");
    assert_eq!(server.ask("POST", EDGE, &token, &update(9)).status, 200);
    assert_eq!(revision(), "3");
    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0));
    assert!(!log.contains("no line to the leader is proven"), "{log}");
}
