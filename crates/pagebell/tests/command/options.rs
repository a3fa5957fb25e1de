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
        ["--request-time", "0ms"],
        ["--cache-bound", "1500ms"],
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

#[test]
fn switches_take_a_value_with_and_without_an_equals_sign() {
    for arguments in [
        &["--dev", "true", "--access-log", "true"][..],
        &["--dev=true", "--access-log=true"],
        &["--dev", "--access-log"],
        &["--access-log", "--dev"],
        &["--access-log", "1", "--dev", "yes"],
    ] {
        let place = Place::new();
        let mut server = place.serve(arguments);
        let token = server.token();
        server.ask("GET", EDGE, &token, "");
        server.signal("TERM");
        let (code, log) = server.wait();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("messenger_call_settings"), "{log}");
    }
    let place = Place::new();
    let server = place.serve(&["--dev", "false", "--access-log", "false"]);
    assert_eq!(server.ask("GET", "/control/clock", "", "").status, 400);
}

#[test]
fn a_bad_value_is_reported_by_where_it_comes_from() {
    let place = Place::new();
    let errors = |arguments: &[&str], variable: &str, value: &str| {
        let mut command = pagebell();
        command.args(arguments).current_dir(place.path());
        let output = command.env(variable, value).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{variable}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (variable, value) in [
        ("PAGEBELL_MAX_HEADERS", "many"),
        ("PAGEBELL_LISTEN", "everywhere"),
        ("PAGEBELL_PROFILE", "strict"),
        ("PAGEBELL_DEV", "perhaps"),
        ("PAGEBELL_DEFAULT_SETTINGS_RING_TARGET", "BOTH"),
    ] {
        let errors = errors(&["serve"], variable, value);
        assert!(errors.contains(&format!("for '{variable}'")), "{errors}");
        assert!(!errors.lines().next().unwrap().contains("--"), "{errors}");
    }
    let errors = errors(
        &["serve", "--max-headers", "many"],
        "PAGEBELL_MAX_HEADERS",
        "7",
    );
    assert!(errors.contains("for '--max-headers"), "{errors}");
}

#[test]
fn an_empty_variable_counts_as_none() {
    let place = Place::new();
    let mut command = pagebell();
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(["--store", &place.store()]);
    for variable in [
        "PAGEBELL_CONFIG",
        "PAGEBELL_DEV",
        "PAGEBELL_MAX_HEADERS",
        "PAGEBELL_PROFILE",
        "PAGEBELL_REQUEST_TIME",
        "PAGEBELL_DEFAULT_SETTINGS_RING_TARGET",
        "PAGEBELL_TLS_KEY",
    ] {
        command.env(variable, "");
    }
    let server = Server::start(command);
    assert_eq!(server.ask("GET", "/healthz", "", "").status, 200);
    place.must(&["page", "add", "1"]);
    let output = pagebell()
        .args(["page", "list"])
        .current_dir(place.path())
        .env("PAGEBELL_STORE", "")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn durations_take_milliseconds() {
    let place = Place::new();
    let server = place.serve(&["--request-time", "1500ms", "--header-time", "1m"]);
    assert_eq!(server.ask("GET", "/healthz", "", "").status, 200);
    let output = place.run(&["token", "create", "--all-pages", "--expires-in", "500ms"]);
    assert!(output.status.success(), "{output:?}");
}
