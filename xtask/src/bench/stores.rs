//! Stores with many Pages, made by `pagebell import`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::bench::pages;
use crate::command;

/// Which Pages [`pages`] makes: raised with every change of them, so that no older store is reused.
const GENERATION: u32 = 1;

/// What belongs to a store in SQLite: the file itself and what may lie beside it.
const SUFFIXES: [&str; 4] = ["", "-wal", "-shm", ".lock"];

/// A complete store.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) label: Label,
    /// How long its import took; nothing when an earlier run made it.
    pub(crate) import: Option<Duration>,
}

/// What lies beside a store that is complete.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Label {
    generation: u32,
    pub(crate) pages: u32,
    /// A token for all Pages.
    pub(crate) token: String,
    /// The size of the file after the import.
    pub(crate) bytes: u64,
}

/// The store of the first `count` Pages in `folder`; one that is there already is taken as it is.
pub(crate) fn provide(binary: &Path, folder: &Path, count: u32) -> anyhow::Result<Store> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(format!("pages-{count}.db"));
    if let Some(label) = Label::read(&path)?
        && label.generation == GENERATION
        && label.pages == count
        && path.is_file()
    {
        eprintln!("the store of {count} Pages is there already");
        return Ok(Store {
            path,
            label,
            import: None,
        });
    }
    remove_files(&path)?;
    eprintln!("importing {count} Pages");
    let start = Instant::now();
    import(binary, &path, count)?;
    let import = start.elapsed();
    let mut create = Command::new(binary);
    create.args(["token", "create", "--all-pages", "--store"]);
    let token = command::output(create.arg(address(&path)))?;
    let label = Label {
        generation: GENERATION,
        pages: count,
        token: token.trim().to_owned(),
        bytes: fs::metadata(&path)?.len(),
    };
    label.write(&path)?;
    Ok(Store {
        path,
        label,
        import: Some(import),
    })
}

/// How a command is told of a store.
pub(crate) fn address(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

fn import(binary: &Path, path: &Path, count: u32) -> anyhow::Result<()> {
    let mut command = Command::new(binary);
    command.args(["import", "-", "--store"]).arg(address(path));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{}`", command::describe(&command)))?;
    let input = child.stdin.take().context("the import has no input")?;
    // An import that ended early says why itself, so its end is looked at before this error.
    let written = pages::write_lines(count, input);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!(
            "`{}` ended with {}",
            command::describe(&command),
            output.status
        );
    }
    written.context("the import did not read all Pages")?;
    let summary = String::from_utf8_lossy(&output.stdout);
    if imported(&summary) != Some(count) {
        bail!("the import of {count} Pages said {summary:?}");
    }
    Ok(())
}

/// How many Pages an import says it imported: `imported 1,000 Pages: ...`.
fn imported(summary: &str) -> Option<u32> {
    let count = summary.trim().strip_prefix("imported ")?;
    let (count, _) = count.split_once(" Pages")?;
    count.replace(',', "").parse().ok()
}

impl Label {
    fn path(store: &Path) -> PathBuf {
        store.with_extension("json")
    }

    fn read(store: &Path) -> anyhow::Result<Option<Self>> {
        let path = Self::path(store);
        match fs::read(&path) {
            // A label that another version wrote is as good as none.
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn write(&self, store: &Path) -> anyhow::Result<()> {
        let path = Self::path(store);
        fs::write(&path, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Removes what is left of a store that is not complete, and its label first: no part of a store
/// ever has one.
fn remove_files(path: &Path) -> anyhow::Result<()> {
    let parts = SUFFIXES.map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    });
    for file in [&[Label::path(path)][..], &parts].concat() {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", file.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A stand-in that keeps what it is given, and says what a test wants to hear.
    fn importer(folder: &Path, summary: &str) -> anyhow::Result<PathBuf> {
        let path = folder.join("importer");
        let script = format!(
            "#!/bin/sh\nif [ $1 = import ]; then cat > \"${{4#sqlite:}}\"; echo '{summary}'; \
             else echo TOKEN; fi\n"
        );
        fs::write(&path, script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }

    #[test]
    fn a_store_is_made_once_and_reused() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let binary = importer(folder.path(), "imported 2 Pages")?;
        let store = provide(&binary, folder.path(), 2)?;
        assert_eq!(store.label.token, "TOKEN");
        assert_eq!(fs::read_to_string(&store.path)?.lines().count(), 2);

        fs::write(&store.path, "kept")?;
        let again = provide(&binary, folder.path(), 2)?;
        assert_eq!(fs::read_to_string(&again.path)?, "kept");
        assert!(store.import.is_some() && again.import.is_none());

        fs::remove_file(Label::path(&store.path))?;
        let anew = provide(&binary, folder.path(), 2)?;
        assert_eq!(fs::read_to_string(&anew.path)?.lines().count(), 2);
        Ok(())
    }

    #[test]
    fn an_import_that_counts_otherwise_is_an_error() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let binary = importer(folder.path(), "imported 1 Pages")?;
        let error = provide(&binary, folder.path(), 2).map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.contains("imported 1 Pages")));
        Ok(())
    }

    #[test]
    fn the_number_of_imported_pages_may_have_commas() {
        assert_eq!(imported("imported 1,000 Pages: 1000 added\n"), Some(1000));
        assert_eq!(imported("imported 7 Pages"), Some(7));
        assert_eq!(imported("imported some Pages"), None);
    }
}
