//! Administration of a store, with or without a running server.

pub(crate) mod app;
pub(crate) mod page;
pub(crate) mod token;

use std::io::Write;
use std::sync::Arc;

use serde_json::Value;
use settings_store::SettingsStore;
use tokio::runtime::Runtime;

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

    /// Runs a command's work, and closes the store.
    pub(crate) fn run<T>(
        self,
        work: impl AsyncFnOnce(&dyn SettingsStore) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Self { runtime, store } = self;
        runtime.block_on(async {
            let result = work(&*store).await;
            store.close().await;
            result
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
            let result = work(store, &*other).await;
            other.close().await;
            result
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
