//! Options from the command line, the environment and the file.

use std::fs;

use crate::process::{Place, Server, pagebell};

const EDGE: &str = "/1234567890/messenger_call_settings";

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let place = Place::new();
    let file = place.path().join("pagebell.toml");
    fs::write(
        &file,
        format!(
            "listen = \"127.0.0.1:0\"\nstore = \"{}\"\ndev = true\ndefault_version = \"v21.0\"\n\
             [default_settings]\nvideo_enabled = true\nicon_enabled = false\naudio_enabled = false\n",
            place.store()
        ),
    )
    .unwrap();
    let mut command = pagebell();
    command
        .args(["serve", "--config", file.to_str().unwrap()])
        .args(["--default-settings-audio-enabled", "true"])
        .env("PAGEBELL_DEFAULT_SETTINGS_AUDIO_ENABLED", "false")
        .env("PAGEBELL_DEFAULT_SETTINGS_ICON_ENABLED", "true");
    let mut server = Server::start(command);
    let token = server.token();
    let reply = server.ask("GET", EDGE, &token, "");
    assert_eq!(
        reply.header("facebook-api-version"),
        Some("v21.0"),
        "from the file"
    );
    let settings = reply.json()["data"][0].clone();
    assert_eq!(settings["audio_enabled"], true, "from the flag");
    assert_eq!(settings["icon_enabled"], true, "from the environment");
    assert_eq!(settings["video_enabled"], true, "from the file");
}

#[test]
fn the_environment_alone_is_enough() {
    let place = Place::new();
    let mut command = pagebell();
    command
        .arg("serve")
        .env("PAGEBELL_LISTEN", "127.0.0.1:0")
        .env("PAGEBELL_STORE", "sqlite::memory:")
        .env("PAGEBELL_DEV", "1")
        .env("PAGEBELL_PROFILE", "reference")
        .current_dir(place.path());
    let mut server = Server::start(command);
    let token = server.token();
    let reply = server.ask("GET", EDGE, &token, "");
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.json()["code"],
        190,
        "the profile reference wants all three credentials"
    );
    let address = format!("{EDGE}?access_token={token}&oauth_token={token}");
    assert_eq!(server.ask("GET", &address, &token, "").status, 200);
}

#[test]
fn mistakes_are_named() {
    let place = Place::new();
    let file = place.path().join("pagebell.toml");
    for (text, part) in [
        ("lisen = \"127.0.0.1:0\"", "lisen"),
        (
            "[call_hours]\nmax_entries_per_day = 0",
            "max_entries_per_day",
        ),
        ("listen = ", "line 1"),
    ] {
        fs::write(&file, text).unwrap();
        let output = pagebell()
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--store",
                "sqlite::memory:",
                "--config",
            ])
            .arg(&file)
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(part), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
    for arguments in [
        ["--config", "/no/such/file.toml"],
        ["--store", "mysql:x"],
        ["--listen", "everywhere"],
        ["--profile", "strict"],
        ["--default-version", "v19.0"],
        ["--tls-key", "only-a-key.pem"],
        ["--max-headers", "0"],
        ["--max-body-bytes", "1"],
        ["--request-time", "0s"],
    ] {
        let output = pagebell().arg("serve").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn logs_are_text_or_json_with_the_trace_id() {
    for (format, is_json) in [("text", false), ("json", true)] {
        let place = Place::new();
        let mut server = place.serve(&["--dev", "--log-format", format]);
        let token = server.token();
        let reply = server.ask("GET", EDGE, &token, "");
        let trace_id = reply.header("x-fb-request-id").unwrap().to_owned();
        server.signal("TERM");
        let (_code, log) = server.wait();
        let line = log.lines().find(|line| line.contains(&trace_id)).unwrap();
        if is_json {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["trace_id"], trace_id);
            assert_eq!(event["status"], 200);
        }
    }
}
