//! Administration of a store, with or without a running server.

pub(crate) mod app;
mod left_out;
pub(crate) mod page;
pub(crate) mod token;

use std::io::Write;
use std::sync::Arc;

use serde_json::Value;
use settings_store::SettingsStore;
use tokio::runtime::Runtime;

use self::left_out::LeftOut;
use crate::failure::Failure;
use crate::store_location::{Opening, StoreLocation};

/// A store that a command works on.
pub(crate) struct OpenStore {
    runtime: Runtime,
    store: Arc<dyn SettingsStore>,
}

impl OpenStore {
    pub(crate) fn new(location: &StoreLocation, opening: Opening) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let store = runtime.block_on(location.open(opening))?;
        Ok(Self { runtime, store })
    }

    /// Runs a command's work, and closes the store. Where the store has left something out of what
    /// the command read, the command has failed.
    pub(crate) fn run<T>(
        self,
        work: impl AsyncFnOnce(&dyn SettingsStore) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Self { runtime, store } = self;
        runtime.block_on(async {
            let left_out = LeftOut::of(&*store);
            let result = work(&*store).await;
            store.close().await;
            result.and_then(|value| left_out.check().map(|()| value))
        })
    }

    /// Opens another store too, runs a command's work on both, and closes them.
    pub(crate) fn run_with<T>(
        self,
        other: &StoreLocation,
        opening: Opening,
        work: impl AsyncFnOnce(&dyn SettingsStore, &dyn SettingsStore) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.run(async |store| {
            let other = other.open(opening).await?;
            let left_out = LeftOut::of(&*other);
            let result = work(store, &*other).await;
            other.close().await;
            result.and_then(|value| left_out.check().map(|()| value))
        })
    }
}

/// Opens a store, runs a command's work on it, and closes it.
pub(crate) fn on_store<T>(
    location: &StoreLocation,
    opening: Opening,
    work: impl AsyncFnOnce(&dyn SettingsStore) -> Result<T, Failure>,
) -> Result<T, Failure> {
    OpenStore::new(location, opening)?.run(work)
}

/// A text as a terminal may have it: what would steer it, break the line or turn its direction is
/// escaped.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        let is_unsafe = character.is_control()
            || matches!(
                character,
                '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            );
        if is_unsafe {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Writes the rows of a table, its columns as wide as they need to be.
fn write_table<const N: usize>(
    output: &mut dyn Write,
    header: [&str; N],
    rows: &[[String; N]],
) -> Result<(), Failure> {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| printable(cell)))
        .collect();
    let mut widths = header.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let header = header.map(str::to_owned);
    for row in std::iter::once(&header).chain(&rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(output, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// Writes a JSON array, a line an element.
fn write_json(output: &mut dyn Write, elements: &[Value]) -> Result<(), Failure> {
    let lines: Vec<String> = elements.iter().map(|it| format!("  {it}")).collect();
    if lines.is_empty() {
        writeln!(output, "[]")?;
    } else {
        writeln!(output, "[\n{}\n]", lines.join(",\n"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_steers_a_terminal() {
        for (name, shown) in [
            ("Bäckerei 🥐", "Bäckerei 🥐"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("one\ntwo\r\t", "one\\ntwo\\r\\t"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("turned \u{202e}", "turned \\u{202e}"),
        ] {
            assert_eq!(printable(name), shown);
        }
    }
}
