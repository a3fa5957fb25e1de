//! Help texts, as people see them.

use crate::process::pagebell;

/// A command by its names, and its help text.
pub(crate) struct Help {
    pub(crate) command: Vec<String>,
    pub(crate) text: String,
}

/// The help texts of all commands, each before those below it. The tree is walked as the texts show
/// it, and a test of the program holds that it hides none.
pub(crate) fn all() -> Vec<Help> {
    let mut all = Vec::new();
    walk(&[], &mut all);
    all
}

fn walk(command: &[String], all: &mut Vec<Help>) {
    let output = pagebell().args(command).arg("--help").output().unwrap();
    assert!(output.status.success(), "{command:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let below = names_below(&text);
    all.push(Help {
        command: command.to_owned(),
        text,
    });
    for name in below {
        walk(&[command, &[name]].concat(), all);
    }
}

/// The names in the section `Commands`, each at the start of a line that is set in by two.
fn names_below(text: &str) -> Vec<String> {
    let section = text.lines().skip_while(|line| *line != "Commands:");
    section
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn help_texts_stay_as_they_are() {
    let all = all();
    assert!(all.len() > 20, "{} commands", all.len());
    for Help { command, text } in all {
        insta::assert_snapshot!(format!("help_{}", command.join("_")), text);
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
