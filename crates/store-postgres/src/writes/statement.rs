//! The statement that stores a group.

use deadpool_postgres::GenericClient;
use settings_store::{HistoryEntry, PageRecord, Revision, StoreError, document, signed};
use tokio_postgres::Error;

use super::fold::{Folded, PageFold};
use crate::error::Fate;
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

/// The Pages among these whose history has an entry of this attempt.
const FIND_OURS: &str = "
SELECT DISTINCT page_id FROM history
WHERE page_id = ANY($1) AND revision > $2 AND write_id = $3";

/// What became of one try.
#[derive(Debug)]
pub(super) enum Tried {
    /// The Pages that are stored as the attempt wants them, signed.
    Stored(Vec<i64>),
    Failed(Fate, StoreError),
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

    /// Sends it; the ids of the Pages that are stored, by this try or, if it is not the first, by
    /// an earlier one.
    pub(crate) async fn run(
        &self,
        session: &impl GenericClient,
        again: bool,
    ) -> Result<Vec<i64>, Error> {
        let mut stored = self.store(session).await?;
        if again && stored.len() < self.page_count() {
            stored.extend(self.find_ours(session).await?);
        }
        Ok(stored)
    }

    /// Sends it; the ids of the Pages that are stored by that.
    pub(crate) async fn store(&self, session: &impl GenericClient) -> Result<Vec<i64>, Error> {
        let Self {
            write_id,
            pages,
            entries,
        } = self;
        let statement = session.prepare_cached(STORE).await?;
        let rows = session
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
            .await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }

    async fn find_ours(&self, session: &impl GenericClient) -> Result<Vec<i64>, Error> {
        let least = self.pages.previous_revision.iter().min().copied();
        let statement = session.prepare_cached(FIND_OURS).await?;
        let rows = session
            .query(
                &statement,
                &[
                    &self.pages.page_id,
                    &least.unwrap_or_default(),
                    &self.write_id,
                ],
            )
            .await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }
}
