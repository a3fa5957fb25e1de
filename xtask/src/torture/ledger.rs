//! What is known about each Page, and whether a restarted server agrees with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::Value;

use crate::torture::client::{Record, edge};
use crate::torture::clock;
use crate::torture::http::Connection;
use crate::torture::linearizability::Checker;
use crate::torture::register::{Operation, Outcome, Request, State};
use crate::torture::settings::{Seen, Settings, Update};
use crate::torture::violation::{Kind, Violation};

/// The most entries that one page of a history has.
const PAGE_OF_HISTORY: u64 = 100;
/// The number under which the ledger's own reads are recorded.
const LEDGER: usize = usize::MAX;

/// All Pages of a run.
#[derive(Debug)]
pub(crate) struct Ledger {
    pages: Vec<Page>,
}

#[derive(Debug)]
struct Page {
    id: u64,
    checker: Checker,
    /// The settings at each revision, as the history told them; the place is the revision.
    revisions: Vec<Settings>,
}

/// An entry of a history.
#[derive(Debug)]
struct Entry {
    revision: u64,
    before: Settings,
    after: Settings,
    trace_id: String,
}

impl Ledger {
    /// The ledger of Pages that were never configured.
    pub(crate) fn new(page_ids: &[u64]) -> Self {
        let page = |page_id: &u64| Page {
            id: *page_id,
            checker: Checker::new(State::NEVER_CONFIGURED),
            revisions: vec![Settings::NEVER_CONFIGURED],
        };
        Self {
            pages: page_ids.iter().map(page).collect(),
        }
    }

    /// Holds what clients were told, up to the end of the server before, against a new server.
    pub(crate) async fn verify(
        &mut self,
        connection: &mut Connection,
        records: &[Record],
    ) -> anyhow::Result<Vec<Violation>> {
        let mut violations = Vec::new();
        for (place, page) in self.pages.iter_mut().enumerate() {
            let records: Vec<&Record> = records.iter().filter(|it| it.page == place).collect();
            page.verify(connection, &records, &mut violations).await?;
        }
        Ok(violations)
    }

    /// Reads every history from its end to its begin and compares it with what was told before.
    pub(crate) async fn verify_whole(
        &self,
        connection: &mut Connection,
    ) -> anyhow::Result<Vec<Violation>> {
        let mut violations = Vec::new();
        for page in &self.pages {
            let newest = page.revisions.len() as u64 - 1;
            match page.entries(connection, newest, 0).await? {
                Err(violation) => violations.push(violation),
                Ok(entries) => {
                    let told = entries.iter().rev().map(|entry| &entry.after);
                    if !told.eq(&page.revisions[1..]) {
                        violations.push(page.violation(
                            Kind::History,
                            "the history is no longer the one that was told before",
                        ));
                    }
                }
            }
        }
        Ok(violations)
    }

    /// How many changes there are in all histories.
    pub(crate) fn changes(&self) -> usize {
        self.pages.iter().map(|page| page.revisions.len() - 1).sum()
    }
}

impl Page {
    async fn verify(
        &mut self,
        connection: &mut Connection,
        records: &[&Record],
        violations: &mut Vec<Violation>,
    ) -> anyhow::Result<()> {
        let (read, present) = match self.read(connection).await? {
            Ok(found) => found,
            Err(violation) => {
                violations.push(violation);
                return Ok(());
            }
        };
        let known = self.revisions.len() as u64 - 1;
        if present.revision < known {
            violations.push(self.violation(
                Kind::Lost,
                format!(
                    "it is at revision {}, and was at {known} before",
                    present.revision
                ),
            ));
            return Ok(());
        }
        match self.entries(connection, present.revision, known).await? {
            Err(violation) => violations.push(violation),
            Ok(entries) => self.compare(present, &entries, records, violations),
        }
        let mut operations: Vec<Operation> =
            records.iter().map(|record| record.operation).collect();
        operations.push(read);
        if let Err(refused) = self.checker.check(operations) {
            violations.push(self.violation(Kind::Stale, refused.story));
        }
        Ok(())
    }

    /// Reads the present settings.
    async fn read(
        &self,
        connection: &mut Connection,
    ) -> anyhow::Result<Result<(Operation, State), Violation>> {
        let begin = clock::now();
        let answer = connection.get(&edge(self.id)).await?;
        let end = clock::now();
        let json = answer.json()?;
        let Some(settings) = json.pointer("/data/0") else {
            return Ok(Err(
                self.violation(Kind::Answer, format!("it cannot be read: {json}"))
            ));
        };
        let revision = answer.revision.context("an answer without a revision")?;
        let seen = match Seen::from_json(settings, true) {
            Ok(seen) => seen,
            Err(reason) => return Ok(Err(self.violation(Kind::Half, format!("{reason:#}")))),
        };
        let settings = seen.whole().context("an answer without all its fields")?;
        let operation = Operation {
            client: LEDGER,
            request: Request::Read,
            outcome: Outcome::Done { revision, seen },
            begin,
            end: Some(end),
        };
        Ok(Ok((operation, State { revision, settings })))
    }

    /// The entries above the revision `known`, newest first, found to be complete and in order.
    async fn entries(
        &self,
        connection: &mut Connection,
        newest: u64,
        known: u64,
    ) -> anyhow::Result<Result<Vec<Entry>, Violation>> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut expected = newest;
        while expected > known {
            let limit = (expected - known).min(PAGE_OF_HISTORY);
            let mut target = format!("{}_history?limit={limit}", edge(self.id));
            if let Some(last) = entries.last() {
                let _ = write!(target, "&after=r{}", last.revision);
            }
            let json = connection.get(&target).await?.json()?;
            let Some(data) = json.get("data").and_then(Value::as_array) else {
                let text = format!("the history cannot be read: {json}");
                return Ok(Err(self.violation(Kind::Answer, text)));
            };
            if data.is_empty() {
                let text = format!("the history has no entry of revision {expected}");
                return Ok(Err(self.violation(Kind::History, text)));
            }
            for item in data {
                let entry = match entry(item) {
                    Ok(entry) => entry,
                    Err(reason) => {
                        return Ok(Err(self.violation(Kind::Half, format!("{reason:#}"))));
                    }
                };
                let chained = entries
                    .last()
                    .is_none_or(|later| later.before == entry.after);
                if entry.revision != expected || !chained {
                    let text = format!("revision {expected} is due in the history, not {entry:?}");
                    return Ok(Err(self.violation(Kind::History, text)));
                }
                expected = entry.revision.saturating_sub(1);
                entries.push(entry);
            }
        }
        Ok(Ok(entries))
    }

    /// Holds new entries, newest first, against what clients sent and were told.
    fn compare(
        &mut self,
        present: State,
        entries: &[Entry],
        records: &[&Record],
        violations: &mut Vec<Violation>,
    ) {
        let settings_before = *self.revisions.last().expect("revision 0 is always known");
        let (newest, oldest) = (entries.first(), entries.last());
        if newest.map_or(settings_before, |entry| entry.after) != present.settings {
            let text = format!("{present:?} is not what the newest entry made: {newest:?}");
            violations.push(self.violation(Kind::History, text));
        }
        if oldest.is_some_and(|entry| entry.before != settings_before) {
            let text = format!("{oldest:?} did not start from what was there: {settings_before:?}");
            violations.push(self.violation(Kind::History, text));
        }

        let mut acknowledged: BTreeMap<u64, Vec<(Update, &Record)>> = BTreeMap::new();
        let mut open: Vec<Update> = Vec::new();
        for record in records {
            match (record.operation.request, record.operation.outcome) {
                (Request::Write { update, .. }, Outcome::Done { revision, .. }) => {
                    let same = acknowledged.entry(revision).or_default();
                    same.push((update, record));
                }
                (Request::Write { update, .. }, Outcome::Unknown) => open.push(update),
                _ => {}
            }
        }
        for entry in entries.iter().rev() {
            self.revisions.push(entry.after);
            let makes_it = |update: &Update| update.applied_to(entry.before) == entry.after;
            let told = acknowledged.get(&entry.revision).into_iter().flatten();
            let mut makers = told.filter(|(update, _)| makes_it(update));
            let its_own = |record: &Record| record.trace_id == entry.trace_id;
            if makers.clone().any(|(_, record)| its_own(record)) {
                continue;
            }
            if let Some(place) = open.iter().position(makes_it) {
                open.swap_remove(place);
            } else if let Some((_, record)) = makers.next() {
                let text = format!("{entry:?} has not the id of {}", record.operation);
                violations.push(self.violation(Kind::History, text));
            } else {
                let text = format!("no write, as it was sent, makes {entry:?}");
                violations.push(self.violation(Kind::Half, text));
            }
        }
        for (revision, writes) in &acknowledged {
            let stored = usize::try_from(*revision)
                .ok()
                .and_then(|revision| self.revisions.get(revision));
            for (update, record) in writes {
                if stored.is_none_or(|stored| update.applied_to(*stored) != *stored) {
                    let text = format!(
                        "it is at revision {}; acknowledged and not in it: {}",
                        present.revision, record.operation
                    );
                    violations.push(self.violation(Kind::Lost, text));
                }
            }
        }
    }

    fn violation(&self, kind: Kind, text: impl Into<String>) -> Violation {
        Violation {
            kind,
            text: format!("Page {}: {}", self.id, text.into()),
        }
    }
}

fn entry(json: &Value) -> anyhow::Result<Entry> {
    let settings = |name: &str| match json.get(name) {
        None => Ok(Settings::NEVER_CONFIGURED),
        Some(settings) => Seen::from_json(settings, true)?
            .whole()
            .with_context(|| format!("settings without all their fields: {settings}")),
    };
    Ok(Entry {
        revision: json["revision"]
            .as_u64()
            .context("an entry without a revision")?,
        before: settings("before")?,
        after: settings("after")?,
        trace_id: json["fbtrace_id"].as_str().unwrap_or_default().to_owned(),
    })
}
