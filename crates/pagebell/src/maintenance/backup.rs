//! `pagebell backup` and `pagebell restore`.

use std::io::{Write, stdout};

use store_sqlite::Revocations;

use super::{BackupOptions, RestoreOptions, counted, in_words};
use crate::failure::Failure;
use crate::system;

pub(crate) fn back_up(options: &BackupOptions) -> Result<(), Failure> {
    let location = options.store.location();
    let contents = store_sqlite::back_up(location.existing_file("backed up")?, &options.file)?;
    let file = options.file.display();
    writeln!(stdout(), "backed up to {file}: {}", in_words(contents))?;
    Ok(())
}

pub(crate) fn restore(options: &RestoreOptions) -> Result<(), Failure> {
    let location = options.store.location();
    let store = location.file("restored")?;
    let now = system::surroundings().clock.now();
    let restored = store_sqlite::restore(&options.file, store, options.replace, now)?;
    let mut output = stdout();
    writeln!(
        output,
        "restored {location}: {}",
        in_words(restored.contents)
    )?;
    match restored.revocations {
        Revocations::Carried { tokens, coverages } => {
            writeln!(
                output,
                "{} revoked since the backup stay revoked",
                counted(tokens, "token")
            )?;
            if coverages > 0 {
                writeln!(
                    output,
                    "Pages removed since the backup stay out of the tokens that named them: {} ended",
                    counted(coverages, "coverage")
                )?;
            }
        }
        Revocations::Unknown => writeln!(
            output,
            "there is no earlier store to compare with: tokens that were revoked since the backup \
             are valid again; list them with pagebell token list --store {location}"
        )?,
    }
    if let Some(kept) = restored.kept {
        writeln!(output, "the earlier store is kept as {}", kept.display())?;
    }
    if let Some(kept) = restored.kept_wal {
        writeln!(
            output,
            "a write-ahead log without its store is kept as {}",
            kept.display()
        )?;
    }
    Ok(())
}
