//! The document of the command line is made from the help texts.

use std::fmt::Write;
use std::path::Path;

use crate::help;

#[test]
fn documents_are_up_to_date() {
    let mut document = String::from(
        "# The command line\n\n\
         Made from the help texts of all commands by a test; do not edit. Every option of `serve` is\n\
         also an environment variable, shown in brackets, and a key of the file that `--config` names:\n\
         the option's name with underscores. `--call-hours-*` and `--default-settings-*` are keys of\n\
         the tables `[call_hours]` and `[default_settings]`. The other commands read the store, the\n\
         entries a day and the default settings from the same file. A variable that is empty counts\n\
         as one that is not set.\n",
    );
    for help in help::all() {
        let name = [vec!["pagebell".to_owned()], help.command]
            .concat()
            .join(" ");
        write!(document, "\n## {name}\n\n```text\n{}```\n", help.text).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/command-line.md");
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == document,
        "docs/command-line.md is out of date; run UPDATE_DOCUMENTS=1 cargo test --package pagebell documents"
    );
}
