//! Commands read the configuration of the server.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::process::{Place, Server, fed, pagebell};

const LINE: &str = "{\"page_id\":\"100\",\"settings\":{\"icon_enabled\":false}}\n";
const TWO_ENTRIES: &str = "{\"page_id\":\"100\",\"settings\":{\"call_hours\":{\"timezone_id\":\"UTC\",\
    \"weekly_operating_hours\":[\
    {\"day_of_week\":\"MONDAY\",\"open_time\":\"0900\",\"close_time\":\"1200\"},\
    {\"day_of_week\":\"MONDAY\",\"open_time\":\"1300\",\"close_time\":\"1700\"}]}}}\n";

/// A file that names the store of the place.
fn file(place: &Place, rest: &str) -> PathBuf {
    let file = place.path().join("pagebell.toml");
    fs::write(&file, format!("store = \"{}\"\n{rest}", place.store())).unwrap();
    file
}

#[test]
fn every_command_finds_the_store_of_the_configuration_file() {
    let place = Place::new();
    let file = file(&place, "");
    let run = |arguments: &[&str], by_variable: bool| {
        let mut command = pagebell();
        command.args(arguments);
        if by_variable {
            command.env("PAGEBELL_CONFIG", &file);
        } else {
            command.arg("--config").arg(&file);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let backup = place.path().join("backup.db");
    let backup = backup.to_str().unwrap();
    run(&["page", "add", "100"], false);
    run(&["app", "add", "Demo"], true);
    let token = run(&["token", "create", "--page", "100"], false);
    assert!(run(&["page", "list"], true).contains("100"));
    assert!(run(&["app", "list"], false).contains("Demo"));
    assert!(run(&["token", "list"], false).contains("valid"));
    assert!(run(&["hours", "100"], true).contains("never configured"));
    assert!(run(&["export"], false).contains("100"));
    assert!(run(&["check"], true).contains("is sound"));
    run(&["backup", backup], false);
    run(&["restore", backup, "--replace"], true);
    run(&["token", "revoke", token.trim()], true);
    run(&["page", "remove", "100"], false);

    let output = pagebell()
        .args(["page", "list", "--config", "/no/such/file.toml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("/no/such/file.toml"), "{errors}");
}

#[test]
fn an_option_wins_over_the_environment_and_that_over_the_file() {
    let (one, two, three) = (Place::new(), Place::new(), Place::new());
    for (place, page) in [(&one, "1"), (&two, "2"), (&three, "3")] {
        place.must(&["page", "add", page]);
    }
    let file = file(&one, "");
    let list = |command: &mut Command| {
        let output = command.args(["page", "list", "--json"]).output().unwrap();
        let pages: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        pages[0]["page_id"].as_str().unwrap().to_owned()
    };
    let mut command = pagebell();
    command.env("PAGEBELL_CONFIG", &file);
    assert_eq!(list(&mut command), "1");
    let mut command = pagebell();
    command.env("PAGEBELL_CONFIG", &file);
    command.env("PAGEBELL_STORE", two.store());
    assert_eq!(list(&mut command), "2");
    let mut command = pagebell();
    command.env("PAGEBELL_CONFIG", &file);
    command.env("PAGEBELL_STORE", two.store());
    let output = command
        .args(["page", "list", "--json", "--store", &three.store()])
        .output()
        .unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"3\""));
}

/// A Page that was never configured is what the server shows of it, and an import starts from that.
#[test]
fn an_import_starts_from_the_configured_defaults() {
    let place = Place::new();
    let file = file(
        &place,
        "[default_settings]\naudio_enabled = false\nvideo_enabled = true\n",
    );
    let configured = |command: &mut Command| {
        command.env("PAGEBELL_CONFIG", &file);
        command.env("PAGEBELL_DEFAULT_SETTINGS_RING_TARGET", "PARTNERS");
    };
    place.must(&["page", "add", "100"]);
    let token = place.must(&["token", "create", "--page", "100"]);
    let read = || {
        let mut command = pagebell();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        configured(&mut command);
        let server = Server::start(command);
        let reply = server.ask("GET", "/100/messenger_call_settings", token.trim(), "");
        let settings = reply.json()["data"][0].clone();
        server.signal("TERM");
        assert_eq!(server.wait().0, Some(0));
        settings
    };
    let before = read();
    assert_eq!(before["audio_enabled"], false);
    assert_eq!(before["call_routing"]["ring_target"], "PARTNERS");

    let mut command = pagebell();
    command.arg("import");
    configured(&mut command);
    let output = fed(command, LINE);
    assert!(output.status.success(), "{output:?}");
    let mut expected = before;
    expected["icon_enabled"] = json!(false);
    assert_eq!(read(), expected);

    // An option wins.
    let output = fed(
        {
            let mut command = pagebell();
            command.args(["import", "--default-settings-audio-enabled", "true"]);
            configured(&mut command);
            command
        },
        &LINE.replace("100", "101"),
    );
    assert!(output.status.success(), "{output:?}");
    let exported = place.must(&["export"]);
    let line = exported.lines().find(|line| line.contains("101")).unwrap();
    assert!(line.contains("\"audio_enabled\":true"), "{line}");
    assert!(line.contains("\"video_enabled\":true"), "{line}");
}

#[test]
fn an_import_takes_as_many_entries_a_day_as_the_server() {
    let place = Place::new();
    let file = file(&place, "[call_hours]\nmax_entries_per_day = 2\n");
    let mut command = pagebell();
    command.arg("import").arg("--config").arg(&file);
    assert!(fed(command, TWO_ENTRIES).status.success());
    let mut command = pagebell();
    command.args(["import", "--max-entries-per-day", "1", "--config"]);
    command.arg(&file);
    assert_eq!(fed(command, TWO_ENTRIES).status.code(), Some(1));
    let mut command = pagebell();
    command.args(["hours", "parse", "Mon 9-12, 13-17 (UTC)", "--config"]);
    command.arg(&file);
    assert!(command.output().unwrap().status.success());
}
