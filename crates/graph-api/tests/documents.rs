//! The document of the error catalogue is made from the catalogue.

use std::fmt::Write;
use std::path::Path;

use graph_api::catalogue::{CATALOGUE, Mark};

fn error_document() -> String {
    let mut text = String::from(
        "# Errors\n\n\
         Made from the table in `crates/graph-api/src/catalogue.rs` by its test; do not edit.\n\n\
         The order is the one in which a request is checked. Braces stand for values of the request. \
         In the profile `reference` every status that is neither 403 nor 5xx is 400, and the error \
         object stands alone instead of under `error`.\n\n\
         Marks: *documented* by Meta; *seen* in recorded answers of the live API; *ours*, where the \
         live API's form is unknown or there is none.\n\n\
         | code | status | type | message | when | mark |\n|---|---|---|---|---|---|\n",
    );
    for entry in CATALOGUE {
        let subcode = entry.subcode.map_or(String::new(), |it| format!("/{it}"));
        let transient = if entry.is_transient {
            ", transient"
        } else {
            ""
        };
        writeln!(
            text,
            "| {}{subcode} | {}{transient} | {} | {} | {} | {} |",
            entry.code,
            entry.status,
            entry.error_type.name(),
            entry.message.replace('|', "\\|"),
            entry.when,
            entry.mark.word(),
        )
        .expect("writing to a string");
    }
    let ours = CATALOGUE.iter().filter(|it| it.mark == Mark::Ours).count();
    writeln!(text, "\n{} kinds, {ours} of them ours.", CATALOGUE.len())
        .expect("writing to a string");
    text
}

#[test]
fn documents_are_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let document = error_document();
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(&path, &document).expect("docs/ is writable");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == document,
        "docs/errors.md is out of date; run UPDATE_DOCUMENTS=1 cargo test --workspace documents"
    );
}
