//! Backups, restores, checks, imports and exports, while a server is at work.

use std::io::Write;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::process::{Connection, Place, pagebell, update};
use crate::start_and_stop::retry;

const PAGE: &str = "/v26.0/1234567890/messenger_call_settings";

fn import(place: &Place, lines: &str) -> Output {
    let mut child = pagebell()
        .args(["import", "--store", &place.store()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // A command that has refused a line reads no more of them.
    let _refused = input.write_all(lines.as_bytes());
    drop(input);
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The revision of the Page that all updates go to.
fn revision(connection: &mut Connection, token: &str) -> u64 {
    let edge = "/v26.0/1234567890/messenger_call_settings_history?limit=1";
    let reply = connection.ask("GET", edge, token, "").unwrap();
    reply.json()["data"][0]["revision"].as_u64().unwrap()
}

#[test]
fn backups_under_load_hold_everything_that_was_acknowledged_before_them() {
    const BACKUPS: usize = 4;
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--access-log=false"]);
    let token = server.token();
    let acknowledged = AtomicU64::new(0);
    let running = AtomicBool::new(true);
    let mut backups = Vec::new();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut connection = server.connect();
            for number in 1.. {
                if !running.load(Ordering::SeqCst) {
                    break;
                }
                let reply = connection
                    .ask("POST", PAGE, &token, &update(number))
                    .unwrap();
                assert_eq!(reply.status, 200, "{}", reply.body);
                acknowledged.store(number, Ordering::SeqCst);
            }
        });
        for number in 0..BACKUPS {
            let before = acknowledged.load(Ordering::SeqCst);
            assert!(retry(Duration::from_secs(20), || {
                acknowledged.load(Ordering::SeqCst) > before + 20
            }));
            let at_least = acknowledged.load(Ordering::SeqCst);
            let file = place.path().join(format!("backup-{number}.db"));
            let line = place.must(&["backup", file.to_str().unwrap()]);
            assert!(line.contains("1 Page, "), "{line}");
            // One update may be committed and not yet acknowledged.
            let at_most = acknowledged.load(Ordering::SeqCst) + 1;
            backups.push((file, at_least, at_most));
            assert!(place.must(&["check"]).contains("is sound"));
        }
        running.store(false, Ordering::SeqCst);
        writer.join().unwrap();
    });

    for (file, at_least, at_most) in backups {
        let restored = Place::new();
        restored.must(&["restore", file.to_str().unwrap()]);
        restored.must(&["check"]);
        let mut server = restored.serve(&["--dev", "--access-log=false"]);
        let token = server.token();
        let mut connection = server.connect();
        let revision = revision(&mut connection, &token);
        assert!(
            (at_least..=at_most).contains(&revision),
            "{revision} is not between {at_least} and {at_most}"
        );
        let reply = connection.ask("GET", PAGE, &token, "").unwrap();
        let expected: serde_json::Value = serde_json::from_str(&update(revision)).unwrap();
        assert_eq!(
            reply.json()["data"][0]["call_hours"],
            expected["call_hours"]
        );
    }
}

#[test]
fn a_store_in_use_is_not_restored_and_nothing_of_it_is_lost() {
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--access-log=false"]);
    let token = server.token();
    let file = place.path().join("backup.db");
    let file = file.to_str().unwrap();
    place.must(&["backup", file]);
    let mut connection = server.connect();
    let reply = connection.ask("POST", PAGE, &token, &update(7)).unwrap();
    assert_eq!(reply.status, 200);
    for arguments in [&["restore", file][..], &["restore", file, "--replace"]] {
        let refused = place.run(arguments);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            stderr(&refused).contains("another server uses"),
            "{refused:?}"
        );
    }
    let reply = connection.ask("GET", PAGE, &token, "").unwrap();
    assert!(reply.body.contains("0007"), "{}", reply.body);
    server.signal("TERM");
    assert_eq!(server.wait().0, Some(0));

    let refused = place.run(&["restore", file]);
    assert!(stderr(&refused).contains("--replace"), "{refused:?}");
    let lines = place.must(&["restore", file, "--replace"]);
    let kept = lines.split("is kept as ").nth(1).unwrap().trim().to_owned();
    let export = |store: &str| {
        let output = pagebell()
            .args(["export", "--store", &format!("sqlite:{store}")])
            .output()
            .unwrap();
        stdout(&output).to_owned()
    };
    assert!(!export(place.database().to_str().unwrap()).contains("0007"));
    assert!(export(&kept).contains("0007"));
}

#[test]
fn a_running_server_sees_an_import_within_a_second() {
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--access-log=false"]);
    let token = server.token();
    let mut connection = server.connect();
    let before = connection.ask("GET", PAGE, &token, "").unwrap();
    assert!(before.body.contains("\"video_enabled\":false"));
    let lines = "\n{\"page_id\":\"1234567890\",\"settings\":{\"video_enabled\":true}}\n{\"page_id\":5,\"name\":\"Five\"}";
    let output = import(&place, lines);
    assert_eq!(
        stdout(&output),
        "imported 2 Pages: 1 added, 1 changed, 0 as they were\n"
    );
    assert!(retry(Duration::from_secs(1), || {
        let after = connection.ask("GET", PAGE, &token, "").unwrap();
        after.body.contains("\"video_enabled\":true")
    }));
    assert_eq!(revision(&mut connection, &token), 1);
}

#[test]
fn an_import_beside_writers_loses_nothing_of_either() {
    const PAGES: u64 = 25_000;
    let place = Place::new();
    let mut server = place.serve(&["--dev", "--access-log=false"]);
    let token = server.token();
    let running = AtomicBool::new(true);
    let written = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut connection = server.connect();
            let mut number = 0;
            while running.load(Ordering::SeqCst) {
                number += 1;
                let reply = connection
                    .ask("POST", PAGE, &token, &update(number))
                    .unwrap();
                assert_eq!(reply.status, 200, "{}", reply.body);
            }
            number
        });
        let lines: Vec<String> = (1..=PAGES)
            .map(|page| format!("{{\"page_id\":\"{page}\",\"settings\":{}}}", update(page)))
            .collect();
        let output = import(&place, &lines.join("\n"));
        assert!(output.status.success(), "{output:?}");
        running.store(false, Ordering::SeqCst);
        writer.join().unwrap()
    });
    let mut connection = server.connect();
    assert_eq!(revision(&mut connection, &token), written);
    let line = place.must(&["check"]);
    assert!(line.contains("25,001 Pages"), "{line}");
}

#[test]
fn what_is_exported_is_imported_the_same() {
    let place = Place::new();
    let lines = [
        "{\"page_id\":\"7\",\"name\":\"Unconfigured\"}".to_owned(),
        format!("{{\"page_id\":\"8\",\"settings\":{}}}", update(600)),
        "{\"page_id\":\"18446744073709551615\",\"settings\":{\"call_routing\":{\"ring_target\":\"PARTNERS\"}}}"
            .to_owned(),
    ];
    assert!(import(&place, &lines.join("\n")).status.success());
    let exported = place.must(&["export"]);
    assert_eq!(exported.lines().count(), 3);

    let other = Place::new();
    // Hours that the export says are not there go away again.
    import(
        &other,
        &format!(
            "{{\"page_id\":\"18446744073709551615\",\"settings\":{}}}",
            update(1)
        ),
    );
    assert!(import(&other, &exported).status.success());
    assert_eq!(other.must(&["export"]), exported);
    let again = import(&other, &exported);
    assert_eq!(
        stdout(&again),
        "imported 3 Pages: 0 added, 0 changed, 3 as they were\n"
    );
}

#[test]
fn a_line_that_is_wrong_is_named_and_the_ones_before_it_are_kept() {
    let place = Place::new();
    let output = import(
        &place,
        "{\"page_id\":\"1\"}\n\n{\"page_id\":\"2\",\"settings\":{\"call_hours\":{\"timezone_id\":\"Mars\",\
         \"weekly_operating_hours\":[]}}}\n{\"page_id\":\"3\"}\n",
    );
    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    assert!(
        line.contains("stdin, line 3: call_hours[timezone_id]"),
        "{line}"
    );
    assert!(line.contains("Mars"), "{line}");
    assert_eq!(
        stdout(&output),
        "imported 1 Page: 1 added, 0 changed, 0 as they were\n"
    );
}

#[test]
fn a_damaged_store_is_said_to_be_so() {
    let place = Place::new();
    assert!(
        import(
            &place,
            "{\"page_id\":\"1\",\"settings\":{\"video_enabled\":true}}"
        )
        .status
        .success()
    );
    rusqlite::Connection::open(place.database())
        .unwrap()
        .execute("UPDATE page SET checksum = 1", [])
        .unwrap();
    let output = place.run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("Page 1, revision 1"), "{output:?}");
    assert!(stderr(&output).contains("restore a backup"), "{output:?}");
}

#[test]
fn stores_that_are_not_there_are_not_made() {
    let place = Place::new();
    for arguments in [&["check"][..], &["export"], &["backup", "x.db"]] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("there is no store"), "{output:?}");
    }
    let output = place.run(&["restore", "/nowhere/backup.db"]);
    assert!(
        stderr(&output).contains("there is no such file"),
        "{output:?}"
    );
    assert!(!place.database().exists());
}

/// An import holds the store until its lines end, so that nothing it reports is put aside.
#[test]
fn a_store_that_an_import_waits_on_is_not_replaced() {
    let place = Place::new();
    assert!(import(&place, "{\"page_id\":\"1\"}").status.success());
    let file = place.path().join("backup.db");
    let file = file.to_str().unwrap();
    place.must(&["backup", file]);
    let mut waiting = pagebell()
        .args(["import", "--store", &place.store()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let open_files = format!("/proc/{}/fd", waiting.id());
    assert!(retry(Duration::from_secs(10), || {
        std::fs::read_dir(&open_files).unwrap().any(|entry| {
            let file = std::fs::read_link(entry.unwrap().path());
            file.is_ok_and(|file| file.ends_with("pagebell.db-wal"))
        })
    }));
    let refused = place.run(&["restore", file, "--replace"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("a command such as import"),
        "{refused:?}"
    );
    let mut input = waiting.stdin.take().unwrap();
    input.write_all(b"{\"page_id\":\"2\"}\n").unwrap();
    drop(input);
    assert!(waiting.wait_with_output().unwrap().status.success());
    assert_eq!(place.must(&["export"]).lines().count(), 2);
}

#[test]
fn a_restore_says_which_tokens_are_valid_again() {
    let place = Place::new();
    let arguments = ["token", "create", "--all-pages"];
    let token = place.must(&arguments).trim().to_owned();
    let file = place.path().join("backup.db");
    let file = file.to_str().unwrap();
    place.must(&["backup", file]);
    place.must(&["token", "revoke", &token]);
    let lines = place.must(&["restore", file, "--replace"]);
    assert!(
        lines.contains("1 token revoked since the backup"),
        "{lines}"
    );
    assert!(place.must(&["token", "list"]).contains("revoked"));

    let lines = Place::new().must(&["restore", file]);
    assert!(lines.contains("are valid again"), "{lines}");
    assert!(lines.contains("pagebell token list"), "{lines}");
}

#[test]
fn a_restore_opens_no_removed_page_to_a_former_token() {
    let place = Place::new();
    for page in ["555", "556"] {
        place.must(&["page", "add", page]);
    }
    let arguments = ["token", "create", "--page", "555", "--page", "556"];
    let token = place.must(&arguments).trim().to_owned();
    let file = place.path().join("backup.db");
    let file = file.to_str().unwrap();
    place.must(&["backup", file]);
    place.must(&["page", "remove", "555"]);
    place.must(&["page", "add", "555"]);
    let lines = place.must(&["restore", file, "--replace"]);
    assert!(lines.contains("1 coverage ended"), "{lines}");
    assert!(place.must(&["check"]).contains("sound"));
    let server = place.serve(&[]);
    for (page, status) in [("555", 403), ("556", 200)] {
        let edge = format!("/{page}/messenger_call_settings");
        assert_eq!(
            server.ask("GET", &edge, &token, "").status,
            status,
            "{page}"
        );
    }
}

#[test]
fn a_store_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.must(&["page", "add", "1"]);
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(place.database(), mode).unwrap();
    let server = place.serve(&[]);
    server.signal("TERM");
    let (code, lines) = server.wait();
    assert_eq!(code, Some(0));
    assert_eq!(lines.matches("chmod 600").count(), 1, "{lines}");
}

#[test]
fn a_store_that_this_user_may_only_read_is_checked_and_backed_up() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    let place = Place::new();
    place.must(&["page", "add", "1"]);
    let mode = std::fs::Permissions::from_mode;
    std::fs::set_permissions(place.database(), mode(0o444)).unwrap();
    std::fs::set_permissions(place.path(), mode(0o555)).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::set_permissions(elsewhere.path(), mode(0o777)).unwrap();
    let copy = elsewhere.path().join("copy.db");
    let store = place.store();
    for arguments in [
        &["check", "--store", &store][..],
        &["backup", copy.to_str().unwrap(), "--store", &store],
    ] {
        let mut command = pagebell();
        command.args(arguments).current_dir("/");
        // The permissions of files do not bind root.
        if std::fs::metadata(place.path()).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(stdout(&output).contains("1 Page, "), "{output:?}");
    }
    std::fs::set_permissions(place.path(), mode(0o755)).unwrap();
}

/// Only a token that was never handed out takes the place of one that was revoked.
#[test]
fn the_demonstration_makes_another_token_when_its_own_was_revoked() {
    let place = Place::new();
    let mut server = place.serve(&["--dev"]);
    let first = server.token();
    server.signal("TERM");
    server.wait();
    place.must(&["token", "revoke", &first]);
    for _ in 0..2 {
        let mut server = place.serve(&["--dev"]);
        let second = server.token();
        assert_ne!(second, first);
        assert_eq!(server.ask("GET", PAGE, &second, "").status, 200);
        assert_eq!(server.ask("GET", PAGE, &first, "").status, 400);
        server.signal("TERM");
        server.wait();
    }
}

#[test]
fn a_running_server_shows_nothing_of_the_former_life_of_a_page() {
    let place = Place::new();
    place.must(&["page", "add", "7"]);
    let former = place.must(&["token", "create", "--page", "7"]);
    let all = place.must(&["token", "create", "--all-pages"]);
    let (former, all) = (former.trim(), all.trim());
    let server = place.serve(&[]);
    let edge = "/v26.0/7/messenger_call_settings";
    let history = format!("{edge}_history");
    for number in 1..=3 {
        let reply = server.ask("POST", edge, former, &update(number));
        assert_eq!(reply.status, 200);
    }
    let newest = server.ask("GET", &format!("{history}?limit=1"), former, "");
    let cursor = newest.json()["paging"]["cursors"]["after"].clone();
    let after = format!("?after={}", cursor.as_str().unwrap());
    place.must(&["page", "remove", "7"]);
    place.must(&["page", "add", "7"]);
    assert!(retry(Duration::from_secs(1), || {
        server.ask("GET", edge, former, "").status == 403
            && server.ask("GET", edge, all, "").status == 200
    }));
    for after in ["", &after] {
        let reply = server.ask("GET", &format!("{history}{after}"), all, "");
        assert!(reply.body.starts_with("{\"data\":[]"), "{}", reply.body);
    }
    assert_eq!(server.ask("POST", edge, all, &update(8)).status, 200);
    let reply = server.ask("GET", &history, all, "");
    let entries = reply.json()["data"].as_array().unwrap().len();
    assert_eq!(entries, 1, "{}", reply.body);
}
