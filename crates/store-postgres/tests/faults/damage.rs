//! Rows that cannot be right.

use std::sync::{Arc, Mutex};

use call_settings::PageId;
use futures_util::future::join_all;
use settings_store::{
    CommitReport, Invalidation, PageRecord, Revision, SettingsStore, StoreError, StoreObserver,
};

use super::{add_pages, cluster, open, revision, write};

/// Hears what lists leave out.
#[derive(Debug, Default)]
struct LeftOut(Mutex<Vec<String>>);

impl LeftOut {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl StoreObserver for LeftOut {
    fn page_written(&self, _record: &PageRecord) {}
    fn invalidated(&self, _what: Invalidation) {}
    fn group_committed(&self, _report: CommitReport) {}
    fn failed(&self, _error: &StoreError) {}
    fn left_out(&self, error: &StoreError) {
        self.0.lock().unwrap().push(error.to_string());
    }
}

/// In either half of the order of ids, as the first of a portion and as all of one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_leave_out_what_is_damaged() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    let left_out = Arc::new(LeftOut::default());
    store.set_observer(Arc::clone(&left_out) as Arc<dyn StoreObserver>);
    let page_ids = (1..=9).chain([u64::MAX - 1, u64::MAX]);
    add_pages(&store, page_ids.clone()).await;
    let updates = page_ids.map(|page_id| store.update_settings(write(page_id, true)));
    for answer in join_all(updates).await {
        assert_eq!(revision(&answer), 1);
    }
    for damage in [
        "UPDATE page SET checksum = 1 WHERE page_id IN (1, 4, 5, -2)",
        "UPDATE history SET checksum = 1 WHERE page_id = 7",
        "UPDATE page SET revision = -1 WHERE page_id = 9",
    ] {
        cluster.query("postgres", damage).unwrap();
    }
    let readable = [2, 3, 6, 7, 8, u64::MAX];
    for portion in [1, 2, 3, 100] {
        let mut listed = Vec::new();
        while let Some(found) = Some(store.pages(listed.last().copied(), portion).await.unwrap())
            .filter(|found| !found.is_empty())
        {
            assert!(found.len() <= portion);
            listed.extend(found.iter().map(|page| page.page_id));
        }
        assert_eq!(listed, readable.map(PageId::new), "{portion}");
        let told = left_out.take();
        for page in [1, 4, 5, 9, u64::MAX - 1] {
            let page = format!("Page {page} ");
            assert!(told.iter().any(|text| text.contains(&page)), "{told:?}");
        }

        let mut whole = Vec::new();
        while let Some(found) = Some(
            store
                .whole_pages(whole.last().copied(), portion)
                .await
                .unwrap(),
        )
        .filter(|found| !found.is_empty())
        {
            assert!(found.len() <= portion);
            assert!(found.iter().all(|page| page.history.len() == 1));
            whole.extend(found.iter().map(|page| page.record.page_id));
        }
        assert_eq!(whole, [2, 3, 6, 8, u64::MAX].map(PageId::new), "{portion}");
        let told = left_out.take().join("; ");
        assert!(
            told.contains("in the history of the Page 7 do not"),
            "{told}"
        );
    }
}

const INNOCENT: [u64; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_that_is_ahead_of_its_page_refuses_this_page_only() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    add_pages(&store, INNOCENT).await;
    add_pages(&store, [15]).await;
    let entry = "INSERT INTO history (page_id, revision, changed_ms, trace_id, write_id) \
                 VALUES (15, 1, 0, '', 0), (16, 1, 0, '', 0)";
    cluster.query("postgres", entry).unwrap();
    for round in 0..10 {
        let bad = (0..4).map(|number| {
            let mut bad = write(15 + number % 2, true);
            bad.create_page = true;
            store.update_settings(bad)
        });
        let innocent = INNOCENT.map(|id| store.update_settings(write(id, round % 2 == 0)));
        let (bad, innocent) = tokio::join!(join_all(bad), join_all(innocent));
        for (number, answer) in bad.into_iter().enumerate() {
            let Err(StoreError::Corrupt { what }) = answer else {
                panic!("{answer:?}");
            };
            let page = format!("history of the Page {} ", 15 + number % 2);
            assert!(what.contains(&page), "{what}");
        }
        for answer in innocent {
            assert_eq!(revision(&answer), round + 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_the_database_refuses_leaves_its_group() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    add_pages(&store, INNOCENT).await;
    let constraint = "ALTER TABLE page ADD CHECK (page_id <> 3 OR revision = 0)";
    cluster.query("postgres", constraint).unwrap();
    for round in 0..10 {
        let answers = INNOCENT.map(|id| store.update_settings(write(id, round % 2 == 0)));
        for (page_id, answer) in INNOCENT.into_iter().zip(join_all(answers).await) {
            if page_id == 3 {
                assert!(matches!(answer, Err(StoreError::Unavailable { .. })));
            } else {
                assert_eq!(revision(&answer), round + 1);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_end_without_beginning_again() {
    let cluster = cluster("");
    let store = open(&cluster).await;
    add_pages(&store, [1, 2, 3]).await;
    let revisions = "UPDATE page SET revision = CASE page_id WHEN 1 THEN -1 \
                     WHEN 2 THEN 9223372036854775807 ELSE 9223372036854775806 END";
    cluster.query("postgres", revisions).unwrap();
    let negative = store.page(PageId::new(1)).await;
    assert!(matches!(negative, Err(StoreError::Corrupt { .. })));
    let read = store.page(PageId::new(2)).await.unwrap().unwrap();
    assert_eq!(read.revision, Revision::LAST);
    let answers = join_all([1, 2, 3].map(|id| store.update_settings(write(id, true)))).await;
    for answer in &answers[..2] {
        assert!(
            matches!(answer, Err(StoreError::Corrupt { .. })),
            "{answer:?}"
        );
    }
    assert_eq!(revision(&answers[2]), Revision::LAST.get());
    let removed = store.remove_page(PageId::new(3), jiff::Timestamp::UNIX_EPOCH);
    assert!(matches!(removed.await, Err(StoreError::Corrupt { .. })));
    // What changes nothing is no reason to refuse anything.
    let same = store.update_settings(write(3, true)).await;
    assert_eq!(revision(&same), Revision::LAST.get());
}
