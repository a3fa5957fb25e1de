//! Imports of many Pages: all of them or none, also while servers update the same Pages.
//!
//! Pages are read and decided before the transaction, so that it holds locks only while it stores.
//! Pages that somebody else has changed meanwhile are read, decided and stored a second time in the
//! same transaction, with their rows locked: nobody can overtake it then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use call_settings::PageId;
use deadpool_postgres::{GenericClient, Object};
use settings_store::{
    Decision, HistoryEntry, Imported, ImportedPage, NameChanges, PageRecord, PagesImport, Revision,
    StoreError, signed,
};
use tokio_postgres::Error;

use crate::administration::{Change, IMPORT_TIME, MOST_ROUNDS, change, overtaken};
use crate::batch::Found;
use crate::calling::Callings;
use crate::name_index;
use crate::reads;
use crate::rows::PageRow;
use crate::sessions::Sessions;
use crate::writes::Attempt;

/// Adds many Pages with their settings, all of them or none.
pub(crate) async fn import(
    sessions: &Sessions,
    import: &PagesImport,
) -> Result<Imported, StoreError> {
    let plan = Plan::new(import);
    let rows = reads::find_pages(sessions, &plan.page_ids()).await?;
    let decided = plan.decide(rows)?;
    change(sessions, StoreImport { plan, decided }).await?
}

/// The lines of an import, those of one Page together.
struct Plan<'a> {
    import: &'a PagesImport,
    lines: BTreeMap<PageId, Vec<&'a ImportedPage>>,
}

/// What an import does to Pages, in the order of their signed ids: the order in which every server
/// takes the rows, so that no two of them wait for each other.
#[derive(Default)]
struct Decided {
    pages: BTreeMap<i64, DecidedPage>,
}

/// What an import does to a Page.
struct DecidedPage {
    record: PageRecord,
    /// The revision that it was read with.
    read_revision: Revision,
    name: Option<String>,
    entries: Vec<HistoryEntry>,
    /// Whether what is stated about calling changes.
    is_restated: bool,
    is_to_be_stored: bool,
    counts: Imported,
}

struct StoreImport<'a> {
    plan: Plan<'a>,
    decided: Decided,
}

impl<'a> Plan<'a> {
    fn new(import: &'a PagesImport) -> Self {
        let mut lines: BTreeMap<PageId, Vec<&ImportedPage>> = BTreeMap::new();
        for line in &import.pages {
            lines.entry(line.page_id).or_default().push(line);
        }
        Self { import, lines }
    }

    fn page_ids(&self) -> Vec<PageId> {
        self.lines.keys().copied().collect()
    }

    /// Decides all Pages, given the rows of those that there are.
    fn decide(&self, mut rows: Found<PageId, PageRow>) -> Result<Decided, StoreError> {
        let mut decided = Decided::default();
        for (page_id, lines) in &self.lines {
            let row = rows.remove(page_id).transpose()?;
            let page = self.decide_page(*page_id, lines, row)?;
            decided.pages.insert(signed(page_id.get()), page);
        }
        Ok(decided)
    }

    fn decide_page(
        &self,
        page_id: PageId,
        lines: &[&ImportedPage],
        row: Option<PageRow>,
    ) -> Result<DecidedPage, StoreError> {
        let read_revision = row
            .as_ref()
            .map_or_else(Revision::default, |row| row.record.revision);
        let record = row.filter(|row| !row.removed).map(|row| row.record);
        let mut is_new = record.is_none();
        let mut page = DecidedPage {
            record: record.unwrap_or_else(|| PageRecord::unconfigured(page_id, read_revision)),
            read_revision,
            name: None,
            entries: Vec::new(),
            is_restated: false,
            is_to_be_stored: is_new,
            counts: Imported::default(),
        };
        for line in lines {
            let changed = page.take_in(self.import, line)?;
            *if is_new {
                &mut page.counts.added
            } else if changed {
                &mut page.counts.changed
            } else {
                &mut page.counts.unchanged
            } += 1;
            is_new = false;
        }
        Ok(page)
    }
}

impl DecidedPage {
    /// Whether a line changes anything.
    fn take_in(&mut self, import: &PagesImport, line: &ImportedPage) -> Result<bool, StoreError> {
        let renamed = line.name.is_some() && line.name != self.record.name;
        if renamed {
            self.record.name.clone_from(&line.name);
            self.name.clone_from(&line.name);
        }
        let calling = self.record.calling.changed(line.calling);
        let restated = calling != self.record.calling;
        self.record.calling = calling;
        self.is_restated |= restated;
        let changed = match import.write_of(line).decide(self.record.clone()) {
            Decision::Change { record, entry } => {
                self.record = record;
                self.entries.push(entry);
                true
            }
            Decision::Unchanged(_) | Decision::RevisionMismatch { .. } => false,
            Decision::NoRevisionLeft => return Err(StoreError::no_revision_left(line.page_id)),
        };
        let is_changed = renamed || restated || changed;
        self.is_to_be_stored |= is_changed;
        Ok(is_changed)
    }
}

impl Decided {
    /// Stores what has to be written and was not overtaken, and counts it with what needs nothing.
    /// Returns the ids of the Pages that were overtaken, signed.
    async fn store(
        &self,
        transaction: &impl GenericClient,
        imported: &mut Imported,
    ) -> Result<Vec<i64>, Error> {
        let mut attempt = Attempt::empty(rand::random());
        for page in self.pages.values().filter(|page| page.is_to_be_stored) {
            let name = page.name.as_deref();
            attempt.add(&page.record, page.read_revision, name, &page.entries);
        }
        let stored = BTreeSet::from_iter(attempt.store(transaction).await?);
        let mut overtaken = Vec::new();
        let mut callings = Callings::default();
        let mut names = NameChanges::default();
        for (id, page) in &self.pages {
            if page.is_to_be_stored && !stored.contains(id) {
                overtaken.push(*id);
            } else {
                if page.is_restated {
                    callings.add(page.record.page_id, page.record.calling);
                }
                if page.name.is_some() {
                    names.set(page.record.page_id, page.name.as_deref());
                }
                imported.added += page.counts.added;
                imported.changed += page.counts.changed;
                imported.unchanged += page.counts.unchanged;
            }
        }
        callings.store(transaction).await?;
        name_index::apply(transaction, names).await?;
        Ok(overtaken)
    }
}

impl Change for StoreImport<'_> {
    type Output = Result<Imported, StoreError>;

    const TIME: Duration = IMPORT_TIME;

    async fn run(&self, session: &mut Object) -> Result<Self::Output, Error> {
        let transaction = session.transaction().await?;
        let mut imported = Imported::default();
        let mut missing = self.decided.store(&transaction, &mut imported).await?;
        for _ in 0..MOST_ROUNDS {
            if missing.is_empty() {
                transaction.commit().await?;
                return Ok(Ok(imported));
            }
            match self.decide_locked(&transaction, &missing).await? {
                Ok(decided) => missing = decided.store(&transaction, &mut imported).await?,
                Err(error) => {
                    transaction.rollback().await?;
                    return Ok(Err(error));
                }
            }
        }
        transaction.rollback().await?;
        Ok(Err(overtaken()))
    }
}

impl StoreImport<'_> {
    /// Decides these Pages, signed, again, with their rows locked until the transaction ends.
    async fn decide_locked(
        &self,
        transaction: &impl GenericClient,
        ids: &[i64],
    ) -> Result<Result<Decided, StoreError>, Error> {
        let sql = format!("{} ORDER BY page_id FOR UPDATE", reads::pages_sql());
        let lock = transaction.prepare_cached(&sql).await?;
        let rows = transaction.query(&lock, &[&ids]).await?;
        let wanted: BTreeSet<i64> = ids.iter().copied().collect();
        let lines = self.plan.lines.iter();
        let plan = Plan {
            import: self.plan.import,
            lines: lines
                .filter(|(page_id, _lines)| wanted.contains(&signed(page_id.get())))
                .map(|(page_id, lines)| (*page_id, lines.clone()))
                .collect(),
        };
        Ok(reads::pages_of(&rows).and_then(|rows| plan.decide(rows)))
    }
}
