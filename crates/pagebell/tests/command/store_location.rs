//! How stores are named, and where one may come into being.

use std::fs;
use std::process::{Command, Output};

use crate::process::{Place, pagebell};

const SECRET: &str = "s3cret";

fn errors(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(errors.lines().count(), 1, "{errors}");
    errors
}

/// A command in the folder of a place. A server that starts against expectation takes a free port.
fn inside(place: &Place, arguments: &[&str]) -> Command {
    let mut command = pagebell();
    command.args(arguments).current_dir(place.path());
    command.env("PAGEBELL_LISTEN", "127.0.0.1:0");
    command
}

#[test]
fn no_error_repeats_a_password() {
    let place = Place::new();
    for location in [
        " postgres://u:s3cret@127.0.0.1:1/d",
        "postgre://u:s3cret@127.0.0.1:1/d",
        "Postgres://u:s3cret@127.0.0.1:1/d",
        "sqlite:postgres://u:s3cret@127.0.0.1:1/d",
        "sqlite://u:s3cret@127.0.0.1:1/d",
    ] {
        let file = place.path().join("pagebell.toml");
        fs::write(&file, format!("store = \"{location}\"\n")).unwrap();
        let file = file.to_str().unwrap();
        let other = "sqlite:other.db";
        for mut command in [
            inside(&place, &["serve", "--store", location]),
            inside(&place, &["serve", "--config", file]),
            inside(&place, &["page", "list", "--store", location]),
            inside(&place, &["page", "list", "--config", file]),
            inside(&place, &["check", "--store", location]),
            inside(&place, &["backup", "copy.db", "--store", location]),
            inside(&place, &["restore", "copy.db", "--store", location]),
            inside(&place, &["export", "--store", location]),
            inside(&place, &["migrate", "--from", location, "--to", other]),
            inside(&place, &["hours", "1", "--store", location]),
        ] {
            let errors = errors(&command.output().unwrap());
            assert!(!errors.contains(SECRET), "{command:?}: {errors}");
        }
        let mut command = inside(&place, &["serve"]);
        let errors = errors(&command.env("PAGEBELL_STORE", location).output().unwrap());
        assert!(!errors.contains(SECRET), "{errors}");
    }
}

#[test]
fn near_misses_create_nothing_and_say_what_is_meant() {
    let place = Place::new();
    for (location, part) in [
        ("sqlite://x.db", "write sqlite:x.db for a path"),
        ("sqlite::memory", "sqlite::memory: with both colons"),
        ("sqlite:memory:", "sqlite::memory: with both colons"),
        ("sqlite:x.db ", "whitespace"),
        ("pagebell.db", "a store is sqlite:PATH"),
    ] {
        for arguments in [
            &["serve", "--store", location][..],
            &["page", "add", "1", "--store", location],
        ] {
            let errors = errors(&inside(&place, arguments).output().unwrap());
            assert!(errors.contains(part), "{location}: {errors}");
        }
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn commands_create_no_store_that_nobody_named() {
    let place = Place::new();
    fs::write(place.path().join("pages.jsonl"), "").unwrap();
    for arguments in [
        &["page", "add", "1"][..],
        &["app", "add", "Demo"],
        &["token", "create", "--all-pages"],
        &["import", "pages.jsonl"],
        &["restore", "backup.db"],
        &["page", "list"],
        &["check"],
        &["export"],
    ] {
        let errors = errors(&inside(&place, arguments).output().unwrap());
        for part in ["no store is named", "--store", "PAGEBELL_STORE"] {
            assert!(errors.contains(part), "{arguments:?}: {errors}");
        }
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);

    // One that is named is created, and one that is there is used without a name.
    let store = "sqlite:pagebell.db";
    let output = inside(&place, &["page", "add", "1", "--store", store]).output();
    let output = output.unwrap();
    assert!(output.status.success());
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(
        note.contains("created the store sqlite:pagebell.db"),
        "{note}"
    );
    let output = inside(&place, &["page", "add", "2"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let output = inside(&place, &["page", "list", "--json"])
        .output()
        .unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
}
