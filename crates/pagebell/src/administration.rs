//! Administration of a store, with or without a running server.

pub(crate) mod app;
pub(crate) mod page;
pub(crate) mod token;

use serde_json::Value;
use settings_store::SettingsStore;
use std::io::Write;
use store_sqlite::SqliteStore;

use crate::failure::Failure;

/// Runs a command's work on a store, and closes the store.
pub(crate) fn on_store<T>(
    store: &SqliteStore,
    work: impl AsyncFnOnce(&SqliteStore) -> Result<T, Failure>,
) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .build()?
        .block_on(async {
            let result = work(store).await;
            store.close().await;
            result
        })
}

/// Writes the rows of a table, its columns as wide as they need to be.
fn write_table<const N: usize>(
    output: &mut dyn Write,
    header: [&str; N],
    rows: &[[String; N]],
) -> Result<(), Failure> {
    let mut widths = header.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let header = header.map(str::to_owned);
    for row in std::iter::once(&header).chain(rows) {
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
