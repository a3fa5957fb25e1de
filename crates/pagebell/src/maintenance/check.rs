//! `pagebell check`.

use std::io::{Write, stdout};

use super::{CheckOptions, counted, in_words};
use crate::failure::Failure;

pub(crate) fn check(options: &CheckOptions) -> Result<(), Failure> {
    let location = options.store.location();
    let examination = store_sqlite::examine(location.existing_file("checked")?)?;
    if examination.findings.is_empty() {
        writeln!(
            stdout(),
            "{location} is sound: {}",
            in_words(examination.contents)
        )?;
        return Ok(());
    }
    for finding in &examination.findings {
        writeln!(stdout(), "{finding}")?;
    }
    let count = u64::try_from(examination.findings.len()).unwrap_or(u64::MAX);
    Err(Failure::Refused(format!(
        "{location} is damaged: {}; stop the server, keep a copy of the file, and restore a backup",
        counted(count, "finding")
    )))
}
