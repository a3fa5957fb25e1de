//! `pagebell backup` and `pagebell restore`.

use std::io::{Write, stdout};
use std::path::PathBuf;

use super::{BackupOptions, RestoreOptions, in_words};
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
    let aside = (options.replace && store.exists()).then(|| {
        let now = system::surroundings().clock.now();
        let mut name = store.as_os_str().to_owned();
        name.push(now.strftime(".replaced-%Y%m%dT%H%M%SZ").to_string());
        PathBuf::from(name)
    });
    let contents = store_sqlite::restore(&options.file, store, aside.as_deref())?;
    writeln!(stdout(), "restored {location}: {}", in_words(contents))?;
    if let Some(aside) = aside {
        writeln!(stdout(), "the earlier store is kept as {}", aside.display())?;
    }
    Ok(())
}
