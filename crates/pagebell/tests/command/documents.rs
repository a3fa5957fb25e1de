//! The document of the command line is made from the help texts.

use std::fmt::Write;
use std::path::Path;

use crate::process::pagebell;

const COMMANDS: [&[&str]; 14] = [
    &["serve"],
    &["app", "add"],
    &["app", "list"],
    &["page", "add"],
    &["page", "list"],
    &["page", "remove"],
    &["token", "create"],
    &["token", "list"],
    &["token", "revoke"],
    &["hours"],
    &["hours", "parse"],
    &["hours", "format"],
    &["hours", "import"],
    &["completion"],
];

#[test]
fn documents_are_up_to_date() {
    let mut document = String::from(
        "# The command line\n\n\
         Made from the help texts by a test; do not edit. Every option of `serve` is also an \
         environment variable, shown in brackets, and a key of the file that `--config` names: the \
         option's name with underscores. `--call-hours-*` and `--default-settings-*` are keys of the \
         tables `[call_hours]` and `[default_settings]`.\n",
    );
    for command in COMMANDS {
        let output = pagebell().args(command).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        write!(
            document,
            "\n## pagebell {}\n\n```text\n{help}```\n",
            command.join(" ")
        )
        .unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/command-line.md");
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == document,
        "docs/command-line.md is out of date; run UPDATE_DOCUMENTS=1 cargo test --workspace documents"
    );
}
