//! Finding Pages by a text.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use call_settings::PageId;
use rusqlite::{Connection, params};
use settings_store::{
    DamagedSegment, NameQuery, PageRecord, PageSearch, StoreError, signed_ids_after, unsigned,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{of_read, stopped};
use crate::readers::Readers;
use crate::rows;
use crate::writer::Shared;

/// Runs searches on threads that may wait, one after the other: a search reads for milliseconds, and
/// neither the threads of the runtime nor all connections should be busy with them.
#[derive(Clone)]
pub(crate) struct Searches {
    readers: Arc<Readers>,
    shared: Arc<Shared>,
    turns: Arc<Semaphore>,
}

/// Set when nobody waits for the search any more.
#[derive(Debug, Default)]
struct Abandoned(Arc<AtomicBool>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Searches {
    pub(crate) fn new(readers: Arc<Readers>, shared: Arc<Shared>) -> Self {
        Self {
            readers,
            shared,
            turns: Arc::new(Semaphore::new(1)),
        }
    }

    /// Pages that a search finds behind a Page, in the order of their ids. A search that is dropped
    /// ends before it reads the next segment or row.
    pub(crate) async fn find(
        &self,
        search: PageSearch,
        after: Option<PageId>,
        limit: usize,
    ) -> Result<Vec<PageRecord>, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_closed| stopped())?;
        let abandoned = Abandoned::default();
        let work = Work {
            shared: Arc::clone(&self.shared),
            search,
            limit,
            abandoned: Arc::clone(&abandoned.0),
            _turn: turn,
        };
        let readers = Arc::clone(&self.readers);
        let found = tokio::task::spawn_blocking(move || work.run(&readers, after)).await;
        found.unwrap_or_else(|error| {
            Err(StoreError::Unavailable {
                reason: format!("a search ended: {error}"),
            })
        })
    }
}

struct Work {
    shared: Arc<Shared>,
    search: PageSearch,
    limit: usize,
    abandoned: Arc<AtomicBool>,
    _turn: OwnedSemaphorePermit,
}

impl Work {
    fn run(&self, readers: &Readers, after: Option<PageId>) -> Result<Vec<PageRecord>, StoreError> {
        let connection = readers.take()?;
        // The index and the rows are those of one moment.
        let transaction = connection
            .unchecked_transaction()
            .map_err(|error| of_read(&error))?;
        let mut found = Vec::new();
        let mut after = after;
        while found.len() < self.limit
            && let Some(last) = self.find(&transaction, after, &mut found)?
        {
            after = Some(last);
        }
        transaction.commit().map_err(|error| of_read(&error))?;
        Ok(found)
    }

    /// Appends the first Pages that are found; returns the last that was looked at where there may be
    /// more.
    fn find(
        &self,
        connection: &Connection,
        after: Option<PageId>,
        found: &mut Vec<PageRecord>,
    ) -> Result<Option<PageId>, StoreError> {
        let mut ids = BTreeSet::new();
        if let Some(query) = self.search.name_query() {
            for range in signed_ids_after(after) {
                self.by_name(connection, &query, range, &mut ids)?;
            }
        }
        let mut by_id = Vec::new();
        for range in self.search.signed_ids_after(after) {
            self.by_id(connection, range, &mut by_id)?;
        }
        ids.extend(by_id);
        let mut last = None;
        // Behind as many as are wanted there may be gaps, as each kind of hit is read so far only.
        for page_id in ids.iter().take(self.limit).copied().map(PageId::new) {
            if found.len() == self.limit {
                return Ok(None);
            }
            let row = self.shared.readable(rows::find_page(connection, page_id))?;
            let row = row.flatten();
            let record = row.filter(|row| !row.removed).map(|row| row.record);
            found.extend(record.filter(|it| self.search.finds(it.page_id, it.name.as_deref())));
            last = Some(page_id);
        }
        Ok(last.filter(|_| ids.len() >= self.limit))
    }

    /// The ids of the first Pages of a range whose names hold the words, until there are as many as
    /// are wanted.
    fn by_name(
        &self,
        connection: &Connection,
        query: &NameQuery,
        range: RangeInclusive<i64>,
        ids: &mut BTreeSet<u64>,
    ) -> Result<(), StoreError> {
        let mut filters = connection
            .prepare_cached(
                "SELECT first_id, filter FROM name_segment WHERE first_id >= coalesce(\
                 (SELECT max(first_id) FROM name_segment WHERE first_id <= ?1), ?1) \
                 AND first_id <= ?2 ORDER BY first_id",
            )
            .map_err(|error| of_read(&error))?;
        let mut filters = filters
            .query(params![range.start(), range.end()])
            .map_err(|error| of_read(&error))?;
        while ids.len() < self.limit
            && let Some(row) = filters.next().map_err(|error| of_read(&error))?
        {
            self.check_wanted()?;
            let first_id: i64 = row.get(0).map_err(|error| of_read(&error))?;
            let filter = row.get_ref(1).map_err(|error| of_read(&error))?;
            if filter
                .as_blob()
                .is_ok_and(|filter| !query.may_be_in(filter))
            {
                continue;
            }
            let found = in_segment(connection, query, first_id)
                .map_err(|error| of_read(&error))?
                .map_err(|error: DamagedSegment| StoreError::Corrupt {
                    what: format!("{error}: the one from {first_id} on"),
                })?;
            let found = found.into_iter().filter(|id| range.contains(id));
            ids.extend(found.map(unsigned));
        }
        Ok(())
    }

    /// The ids of the first Pages of a range, until there are as many as are wanted.
    fn by_id(
        &self,
        connection: &Connection,
        range: RangeInclusive<i64>,
        ids: &mut Vec<u64>,
    ) -> Result<(), StoreError> {
        let mut pages = connection
            .prepare_cached(
                "SELECT page_id, removed FROM page WHERE page_id >= ?1 AND page_id <= ?2 \
                 ORDER BY page_id",
            )
            .map_err(|error| of_read(&error))?;
        let mut pages = pages
            .query(params![range.start(), range.end()])
            .map_err(|error| of_read(&error))?;
        while ids.len() < self.limit
            && let Some(row) = pages.next().map_err(|error| of_read(&error))?
        {
            self.check_wanted()?;
            let removed: bool = row.get(1).map_err(|error| of_read(&error))?;
            if !removed {
                ids.push(row.get(0).map(unsigned).map_err(|error| of_read(&error))?);
            }
        }
        Ok(())
    }

    fn check_wanted(&self) -> Result<(), StoreError> {
        if self.abandoned.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable {
                reason: "nobody waits for the search any more".to_owned(),
            });
        }
        Ok(())
    }
}

fn in_segment(
    connection: &Connection,
    query: &NameQuery,
    first_id: i64,
) -> rusqlite::Result<Result<Vec<i64>, DamagedSegment>> {
    connection
        .prepare_cached("SELECT names FROM name_segment WHERE first_id = ?1")?
        .query_row([first_id], |row| {
            Ok(query.find(first_id, row.get_ref(0)?.as_blob()?))
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use settings_store::Unobserved;

    use super::*;
    use crate::connection::{self, Purpose};
    use crate::schema;

    fn readers(folder: &tempfile::TempDir) -> Arc<Readers> {
        let path = folder.path().join("pagebell.db");
        let mut connection = connection::open(&path, Purpose::Write).unwrap();
        schema::migrate(&mut connection, &path).unwrap();
        Arc::new(Readers::open(&path).unwrap())
    }

    fn shared() -> Arc<Shared> {
        Arc::new(Shared::new(Arc::new(Unobserved)))
    }

    /// The only thread of this runtime goes on while the search waits for a connection.
    #[tokio::test]
    async fn a_search_does_not_block_the_runtime() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        let taken: Vec<_> = (0..readers.count())
            .map(|_| readers.take().unwrap())
            .collect();
        let searches = Searches::new(Arc::clone(&readers), shared());
        let mut search = Box::pin(searches.find(PageSearch::new("bakery"), None, 9));
        let waited = tokio::time::timeout(Duration::from_millis(10), &mut search).await;
        assert!(waited.is_err(), "it has no connection yet");
        drop(taken);
        assert_eq!(search.await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_search_that_nobody_waits_for_ends() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        let abandoned = Abandoned::default();
        let flag = Arc::clone(&abandoned.0);
        let work = Work {
            shared: shared(),
            search: PageSearch::new("bakery"),
            limit: 9,
            abandoned: Arc::clone(&flag),
            _turn: Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap(),
        };
        assert_eq!(work.run(&readers, None).unwrap(), []);
        drop(abandoned);
        let error = work.run(&readers, None).unwrap_err().to_string();
        assert!(error.contains("nobody waits"), "{error}");
    }
}
