//! Many Pages in one transaction.

use rusqlite::Connection;
use settings_store::{
    Decision, Imported, ImportedPage, Invalidation, NameChanges, PageRecord, PagesImport, Revision,
    StoreError, signed,
};

use crate::rows::{self, PageRow};
use crate::{administration, changes, error, name_index};

/// Adds or updates the Pages of an import, within the transaction of the caller.
pub(crate) fn import(
    connection: &Connection,
    mut import: PagesImport,
) -> Result<Imported, StoreError> {
    // Neighbours in the order of their ids share database pages, so far fewer of them are written.
    // The sort is stable: a Page that comes twice keeps its order.
    import.pages.sort_by_key(|page| signed(page.page_id.get()));
    let mut imported = Imported::default();
    let mut names = NameChanges::default();
    for page in &import.pages {
        let present = rows::find_page(connection, page.page_id)?;
        if page.name.is_some() {
            names.set(page.page_id, page.name.as_deref());
        }
        let count = match present {
            None => {
                add(connection, &import, page)?;
                &mut imported.added
            }
            Some(row) if row.removed => {
                administration::insert_page(connection, page.page_id, page.name.as_deref())?;
                let row = rows::find_page(connection, page.page_id)?;
                if let Some(row) = row {
                    change(connection, &import, page, row)?;
                }
                &mut imported.added
            }
            Some(row) => {
                if change(connection, &import, page, row)? {
                    &mut imported.changed
                } else {
                    &mut imported.unchanged
                }
            }
        };
        *count += 1;
    }
    name_index::apply(connection, names)?;
    if imported.added + imported.changed > 0 {
        // One word for all of them: a running server that keeps copies drops them.
        changes::append(connection, Invalidation::Everything)
            .map_err(|error| error::of_write(&error))?;
    }
    Ok(imported)
}

/// Adds a Page that is not known: its row is written once, with its settings.
fn add(
    connection: &Connection,
    import: &PagesImport,
    page: &ImportedPage,
) -> Result<(), StoreError> {
    let mut unconfigured = PageRecord::unconfigured(page.page_id, Revision::default());
    unconfigured.name.clone_from(&page.name);
    unconfigured.calling = unconfigured.calling.changed(page.calling);
    let stated = !unconfigured.calling.is_default();
    match import.write_of(page).decide(unconfigured) {
        Decision::NoRevisionLeft => Err(StoreError::no_revision_left(page.page_id)),
        Decision::Change { record, entry } => {
            administration::insert_configured(connection, &record, &entry)
        }
        Decision::Unchanged(_) | Decision::RevisionMismatch { .. } => {
            administration::insert_page(connection, page.page_id, page.name.as_deref())?;
            if stated {
                administration::state_calling(connection, page.page_id, page.calling)?;
            }
            Ok(())
        }
    }
}

/// Updates a Page that is there, with its name and what is stated about calling; `false`: it was
/// just so already.
fn change(
    connection: &Connection,
    import: &PagesImport,
    page: &ImportedPage,
    row: PageRow,
) -> Result<bool, StoreError> {
    let renamed = page.name.is_some() && page.name != row.record.name;
    if renamed {
        administration::insert_page(connection, page.page_id, page.name.as_deref())?;
    }
    let restated = row.record.calling.changed(page.calling) != row.record.calling;
    if restated {
        administration::state_calling(connection, page.page_id, page.calling)?;
    }
    Ok(update(connection, import, page, row)? || renamed || restated)
}

fn update(
    connection: &Connection,
    import: &PagesImport,
    page: &ImportedPage,
    row: PageRow,
) -> Result<bool, StoreError> {
    let newest_entry = row.newest_entry;
    match import.write_of(page).decide(row.record) {
        Decision::NoRevisionLeft => Err(StoreError::no_revision_left(page.page_id)),
        Decision::Change { record, entry } => {
            administration::store_settings(connection, newest_entry, &record, &entry)?;
            Ok(true)
        }
        Decision::Unchanged(_) | Decision::RevisionMismatch { .. } => Ok(false),
    }
}
