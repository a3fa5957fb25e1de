//! The statement that stores a group.

use std::collections::BTreeSet;

use deadpool_postgres::GenericClient;
use settings_store::{HistoryEntry, PageRecord, Revision, document, signed};
use tokio_postgres::{Error, Row};

use super::fold::{Folded, PageFold};
use crate::rows::checksum;

/// Changes each Page whose revision is still the one that its change started from, adds the Pages
/// that are new, and the history of exactly these. Returns their ids. The columns come as arrays,
/// one place for each row.
const STORE: &str = "
WITH written AS (
    INSERT INTO page (page_id, name, revision, previous_revision, document, checksum, removed)
    SELECT page_id, name, revision, previous_revision, document, checksum, false
    FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
        AS change (page_id, name, revision, previous_revision, document, checksum)
    ON CONFLICT (page_id) DO UPDATE SET
        name = coalesce(excluded.name, page.name),
        revision = excluded.revision,
        previous_revision = excluded.previous_revision,
        document = excluded.document,
        checksum = excluded.checksum,
        removed = false
    WHERE page.revision = excluded.previous_revision
    RETURNING page_id
), entered AS (
    INSERT INTO history (page_id, revision, document, checksum, token_id, app_id, changed_ms,
        trace_id, write_id)
    SELECT entry.page_id, entry.revision, entry.document, entry.checksum, entry.token_id,
        entry.app_id, entry.changed_ms, entry.trace_id, $15::bigint
    FROM unnest($7::bigint[], $8::bigint[], $9::text[], $10::bigint[], $11::bigint[],
        $12::bigint[], $13::bigint[], $14::text[])
        AS entry (page_id, revision, document, checksum, token_id, app_id, changed_ms, trace_id)
    INNER JOIN written ON written.page_id = entry.page_id
    RETURNING page_id
)
SELECT page_id FROM written";

/// As [`STORE`], but waits for nobody: of the Pages that are there, it takes those whose rows nobody
/// else has locked. Returns these, each with whether it is stored. Pages that are new are left out,
/// as a row that somebody else is adding cannot be skipped.
const STORE_UNLOCKED: &str = "
WITH change AS (
    SELECT page_id, name, revision, previous_revision, document, checksum
    FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
        AS change (page_id, name, revision, previous_revision, document, checksum)
), unlocked AS MATERIALIZED (
    SELECT page_id FROM page WHERE page_id = ANY($1) ORDER BY page_id FOR UPDATE SKIP LOCKED
), written AS (
    UPDATE page SET
        name = coalesce(change.name, page.name),
        revision = change.revision,
        previous_revision = change.previous_revision,
        document = change.document,
        checksum = change.checksum,
        removed = false
    FROM change INNER JOIN unlocked ON unlocked.page_id = change.page_id
    WHERE page.page_id = change.page_id AND page.revision = change.previous_revision
    RETURNING page.page_id
), entered AS (
    INSERT INTO history (page_id, revision, document, checksum, token_id, app_id, changed_ms,
        trace_id, write_id)
    SELECT entry.page_id, entry.revision, entry.document, entry.checksum, entry.token_id,
        entry.app_id, entry.changed_ms, entry.trace_id, $15::bigint
    FROM unnest($7::bigint[], $8::bigint[], $9::text[], $10::bigint[], $11::bigint[],
        $12::bigint[], $13::bigint[], $14::text[])
        AS entry (page_id, revision, document, checksum, token_id, app_id, changed_ms, trace_id)
    INNER JOIN written ON written.page_id = entry.page_id
    RETURNING page_id
)
SELECT unlocked.page_id, written.page_id IS NOT NULL
FROM unlocked LEFT JOIN written ON written.page_id = unlocked.page_id";

/// The Pages among these whose history goes on behind the revision that they were read with.
const FIND_AHEAD: &str = "
SELECT DISTINCT read.page_id
FROM unnest($1::bigint[], $2::bigint[]) AS read (page_id, revision)
INNER JOIN history ON history.page_id = read.page_id AND history.revision > read.revision
LEFT JOIN page ON page.page_id = read.page_id
WHERE coalesce(page.revision, 0) = read.revision";

/// The Pages among these whose history has an entry of this attempt.
const FIND_OURS: &str = "
SELECT DISTINCT page_id FROM history
WHERE page_id = ANY($1) AND revision > $2 AND write_id = $3";

/// What a try found out about the Pages of an attempt, all of them signed.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// Those that are stored as the attempt wants them.
    pub(super) stored: BTreeSet<i64>,
    /// Those that are not, as somebody else has overtaken them.
    pub(super) overtaken: BTreeSet<i64>,
}

/// A group as columns, with a number of its own. It can be sent any number of times and stores each
/// Page at most once.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    write_id: i64,
    pages: PageColumns,
    entries: EntryColumns,
}

#[derive(Debug, Default)]
struct PageColumns {
    page_id: Vec<i64>,
    name: Vec<Option<String>>,
    revision: Vec<i64>,
    previous_revision: Vec<i64>,
    document: Vec<Option<String>>,
    checksum: Vec<Option<i64>>,
}

#[derive(Debug, Default)]
struct EntryColumns {
    page_id: Vec<i64>,
    revision: Vec<i64>,
    document: Vec<Option<String>>,
    checksum: Vec<Option<i64>>,
    token_id: Vec<Option<i64>>,
    app_id: Vec<Option<i64>>,
    changed_ms: Vec<i64>,
    trace_id: Vec<String>,
}

impl Attempt {
    /// The group under a number that no other attempt has.
    pub(super) fn new(folded: &Folded, write_id: i64) -> Self {
        let mut attempt = Self::empty(write_id);
        for (record, page) in folded.to_be_stored() {
            let PageFold { read_revision, .. } = page;
            attempt.add(record, *read_revision, None, &page.entries);
        }
        attempt
    }

    /// An attempt to store nothing yet.
    pub(crate) fn empty(write_id: i64) -> Self {
        Self {
            write_id,
            ..Self::default()
        }
    }

    /// One more Page, with the revision that it was read with, a name if it gets another one, and
    /// what its history gets.
    pub(crate) fn add(
        &mut self,
        record: &PageRecord,
        read_revision: Revision,
        name: Option<&str>,
        entries: &[HistoryEntry],
    ) {
        let text = record.settings.as_ref().map(document::encode);
        let pages = &mut self.pages;
        pages.page_id.push(signed(record.page_id.get()));
        pages.name.push(name.map(str::to_owned));
        pages.revision.push(signed(record.revision.get()));
        pages.previous_revision.push(signed(read_revision.get()));
        pages.checksum.push(text.as_deref().map(checksum));
        pages.document.push(text);
        for entry in entries {
            let text = entry.after.as_ref().map(document::encode);
            let entries = &mut self.entries;
            entries.page_id.push(signed(entry.page_id.get()));
            entries.revision.push(signed(entry.revision.get()));
            entries.checksum.push(text.as_deref().map(checksum));
            entries.document.push(text);
            let author = &entry.author;
            entries
                .token_id
                .push(author.token_id.map(|id| signed(id.get())));
            entries
                .app_id
                .push(author.app_id.map(|id| signed(id.get())));
            entries.changed_ms.push(entry.changed_at.as_millisecond());
            entries.trace_id.push(entry.trace_id.clone());
        }
    }

    /// How many Pages there are.
    pub(crate) fn page_count(&self) -> usize {
        self.pages.page_id.len()
    }

    /// The ids of its Pages, signed.
    pub(super) fn page_ids(&self) -> &[i64] {
        &self.pages.page_id
    }

    /// The rest of it, under the same number.
    pub(super) fn without(&self, done: &BTreeSet<i64>) -> Self {
        Self {
            write_id: self.write_id,
            pages: self.pages.without(done),
            entries: self.entries.without(done),
        }
    }

    /// Sends it, and waits for the locks of others as long as the connection allows. What is stored
    /// may be so by this try or, if it is not the first, by an earlier one.
    pub(super) async fn run(
        &self,
        session: &impl GenericClient,
        is_first: bool,
    ) -> Result<Tried, Error> {
        let stored = self.store(session).await?.into_iter().collect();
        self.complete(
            session,
            self.pages.page_id.iter().copied(),
            stored,
            is_first,
        )
        .await
    }

    /// As [`Self::run`], but only for the Pages whose rows nobody else has locked. Those that are
    /// neither stored nor overtaken then are locked or new.
    pub(super) async fn run_unlocked(
        &self,
        session: &impl GenericClient,
        is_first: bool,
    ) -> Result<Tried, Error> {
        let rows = self.send(session, STORE_UNLOCKED).await?;
        let (mut unlocked, mut stored) = (Vec::new(), BTreeSet::new());
        for row in &rows {
            let page_id = row.try_get(0)?;
            unlocked.push(page_id);
            if row.try_get(1)? {
                stored.insert(page_id);
            }
        }
        self.complete(session, unlocked.into_iter(), stored, is_first)
            .await
    }

    /// Sorts the Pages whose fate a statement has decided.
    async fn complete(
        &self,
        session: &impl GenericClient,
        decided: impl Iterator<Item = i64>,
        mut stored: BTreeSet<i64>,
        is_first: bool,
    ) -> Result<Tried, Error> {
        let mut rest: BTreeSet<i64> = decided.filter(|id| !stored.contains(id)).collect();
        if !is_first && !rest.is_empty() {
            for page_id in self.find_ours(session, &rest).await? {
                rest.remove(&page_id);
                stored.insert(page_id);
            }
        }
        Ok(Tried {
            stored,
            overtaken: rest,
        })
    }

    /// Sends it; the ids of the Pages that are stored by that.
    pub(crate) async fn store(&self, session: &impl GenericClient) -> Result<Vec<i64>, Error> {
        let rows = self.send(session, STORE).await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }

    async fn send(&self, session: &impl GenericClient, sql: &str) -> Result<Vec<Row>, Error> {
        let Self {
            write_id,
            pages,
            entries,
        } = self;
        let statement = session.prepare_cached(sql).await?;
        session
            .query(
                &statement,
                &[
                    &pages.page_id,
                    &pages.name,
                    &pages.revision,
                    &pages.previous_revision,
                    &pages.document,
                    &pages.checksum,
                    &entries.page_id,
                    &entries.revision,
                    &entries.document,
                    &entries.checksum,
                    &entries.token_id,
                    &entries.app_id,
                    &entries.changed_ms,
                    &entries.trace_id,
                    write_id,
                ],
            )
            .await
    }

    /// The Pages among these that an earlier try has stored.
    async fn find_ours(
        &self,
        session: &impl GenericClient,
        page_ids: &BTreeSet<i64>,
    ) -> Result<Vec<i64>, Error> {
        let least = self.pages.previous_revision.iter().min().copied();
        let page_ids: Vec<i64> = page_ids.iter().copied().collect();
        let statement = session.prepare_cached(FIND_OURS).await?;
        let rows = session
            .query(
                &statement,
                &[&page_ids, &least.unwrap_or_default(), &self.write_id],
            )
            .await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }

    /// Its Pages that no attempt can store, as their history has what it would add already, signed.
    pub(super) async fn find_ahead(
        &self,
        session: &impl GenericClient,
    ) -> Result<BTreeSet<i64>, Error> {
        let pages = &self.pages;
        let statement = session.prepare_cached(FIND_AHEAD).await?;
        let rows = session
            .query(&statement, &[&pages.page_id, &pages.previous_revision])
            .await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }
}

/// The places of a column whose rows stay.
fn kept<T: Clone>(column: &[T], stays: &[bool]) -> Vec<T> {
    let rows = column.iter().zip(stays);
    rows.filter(|(_, stays)| **stays)
        .map(|(value, _)| value.clone())
        .collect()
}

impl PageColumns {
    fn without(&self, done: &BTreeSet<i64>) -> Self {
        let stays: Vec<bool> = self.page_id.iter().map(|id| !done.contains(id)).collect();
        Self {
            page_id: kept(&self.page_id, &stays),
            name: kept(&self.name, &stays),
            revision: kept(&self.revision, &stays),
            previous_revision: kept(&self.previous_revision, &stays),
            document: kept(&self.document, &stays),
            checksum: kept(&self.checksum, &stays),
        }
    }
}

impl EntryColumns {
    fn without(&self, done: &BTreeSet<i64>) -> Self {
        let stays: Vec<bool> = self.page_id.iter().map(|id| !done.contains(id)).collect();
        Self {
            page_id: kept(&self.page_id, &stays),
            revision: kept(&self.revision, &stays),
            document: kept(&self.document, &stays),
            checksum: kept(&self.checksum, &stays),
            token_id: kept(&self.token_id, &stays),
            app_id: kept(&self.app_id, &stays),
            changed_ms: kept(&self.changed_ms, &stays),
            trace_id: kept(&self.trace_id, &stays),
        }
    }
}
