//! Help texts, as people see them.

use crate::process::pagebell;

#[test]
fn help_texts_stay_as_they_are() {
    for command in [
        &[][..],
        &["serve"],
        &["app", "add"],
        &["page", "add"],
        &["page", "list"],
        &["token", "create"],
        &["token", "revoke"],
        &["import"],
        &["export"],
        &["backup"],
        &["restore"],
        &["check"],
        &["hours"],
        &["hours", "parse"],
        &["hours", "format"],
        &["hours", "import"],
    ] {
        let output = pagebell().args(command).arg("--help").output().unwrap();
        assert!(output.status.success());
        let name = format!("help_{}", command.join("_"));
        insta::assert_snapshot!(name, String::from_utf8(output.stdout).unwrap());
    }
}

#[test]
fn every_shell_gets_its_completion() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = pagebell().args(["completion", shell]).output().unwrap();
        assert!(output.status.success());
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("pagebell")
        );
    }
}

#[test]
fn a_command_that_does_not_exist_could_not_run() {
    let output = pagebell().arg("frobnicate").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_version_names_what_is_inside() {
    let output = pagebell().arg("--version").output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.starts_with("pagebell 0."), "{line}");
    assert!(
        line.contains("SQLite 3.") && line.contains("time zones 20"),
        "{line}"
    );
}
