//! Promises about settings, revisions and history.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;

use call_settings::{CallHoursChange, CallSettings, RingTarget, SettingsUpdate};

use super::{Heard, add, audio, hours, mondays, page, start, stored, write};
use crate::{AppId, Author, Revision, SettingsStore, StoreError, TokenId, WriteOutcome};

/// Each field that is present is replaced, the others stay, and each change counts.
pub async fn updates_merge_and_count_revisions(store: &dyn SettingsStore) {
    add(store, 1).await;
    let fresh = store
        .page(page(1))
        .await
        .unwrap()
        .expect("the Page is there");
    assert_eq!((fresh.revision, fresh.settings), (Revision::new(0), None));

    let first = stored(store, write(1, audio(false))).await;
    assert!(first.changed);
    assert_eq!(first.record.revision, Revision::new(1));
    stored(store, write(1, hours(mondays()))).await;
    let partners = SettingsUpdate {
        ring_target: Some(RingTarget::Partners),
        ..SettingsUpdate::default()
    };
    stored(store, write(1, partners)).await;

    let expected = CallSettings {
        audio_enabled: false,
        ring_target: RingTarget::Partners,
        call_hours: Some(mondays()),
        ..CallSettings::default()
    };
    let read = store.page(page(1)).await.unwrap().unwrap();
    assert_eq!(read.settings, Some(expected));
    assert_eq!(read.revision, Revision::new(3));

    let removed = SettingsUpdate {
        call_hours: CallHoursChange::Remove,
        ..SettingsUpdate::default()
    };
    let last = stored(store, write(1, removed)).await;
    assert_eq!(last.record.settings.unwrap().call_hours, None);
}

/// An update that names nothing, or only what is stored already, makes no revision.
pub async fn empty_and_equal_updates_change_nothing(store: &dyn SettingsStore) {
    add(store, 1).await;
    let empty = stored(store, write(1, SettingsUpdate::default())).await;
    assert!(!empty.changed);
    assert_eq!(
        empty.record.settings, None,
        "an empty update configures nothing"
    );

    assert!(
        stored(store, write(1, audio(true))).await.changed,
        "the first one configures"
    );
    let equal = stored(store, write(1, audio(true))).await;
    assert!(!equal.changed);
    assert_eq!(equal.record.revision, Revision::new(1));
    assert_eq!(store.history(page(1), None, 10).await.unwrap().len(), 1);
}

/// No Page, no write, unless the write says so.
pub async fn pages_that_are_missing_are_not_written(store: &dyn SettingsStore) {
    let outcome = store.update_settings(write(1, audio(false))).await.unwrap();
    assert_eq!(outcome, WriteOutcome::PageMissing);
    assert_eq!(store.page(page(1)).await.unwrap(), None);

    let mut create = write(1, audio(false));
    create.create_page = true;
    assert!(stored(store, create).await.changed);
    assert!(store.page(page(1)).await.unwrap().is_some());

    let mut create = write(2, SettingsUpdate::default());
    create.create_page = true;
    stored(store, create).await;
    assert!(store.page(page(2)).await.unwrap().is_some());
}

/// A write with an expected revision is stored only on that revision.
pub async fn an_expected_revision_guards_the_write(store: &dyn SettingsStore) {
    add(store, 1).await;
    let expecting = |number, enabled| {
        let mut write = write(1, audio(enabled));
        write.expected_revision = Some(Revision::new(number));
        write
    };
    stored(store, expecting(0, false)).await;
    let outcome = store.update_settings(expecting(0, true)).await.unwrap();
    let found = Revision::new(1);
    assert_eq!(outcome, WriteOutcome::RevisionMismatch { found });
    let read = store.page(page(1)).await.unwrap().unwrap();
    assert!(!read.settings.unwrap().audio_enabled, "nothing was stored");
    stored(store, expecting(1, true)).await;
}

/// Writers of the same Page do not lose each other's changes.
pub async fn concurrent_writers_each_make_one_revision(store: &dyn SettingsStore) {
    const WRITERS: u16 = 40;
    add(store, 1).await;
    let writes = (0..WRITERS).map(|writer| {
        let mut week = mondays().weekly_operating_hours().to_vec();
        week[0] = call_settings::OperatingHours::new(
            week[0].day(),
            call_settings::ClockTime::new(0, writer).unwrap(),
            week[0].close(),
        )
        .unwrap();
        let zone = mondays().timezone_id();
        let limits = call_settings::HoursLimits::default();
        let changed = call_settings::CallHours::new(zone, week, limits).unwrap();
        stored(store, write(1, hours(changed)))
    });
    let mut revisions: Vec<u64> = join_all(writes)
        .await
        .into_iter()
        .map(|written| written.record.revision.get())
        .collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=u64::from(WRITERS)).collect::<Vec<_>>());

    let history = store.history(page(1), None, 100).await.unwrap();
    assert_eq!(history.len(), usize::from(WRITERS));
    for pair in history.windows(2) {
        assert_eq!(
            pair[0].before, pair[1].after,
            "each change starts where the last ended"
        );
    }
}

/// Runs futures of one task at once, as many requests on one connection pool would.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| Some(Box::pin(future))).collect();
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, output) in waiting.iter_mut().zip(&mut done) {
            if let Some(running) = future
                && let std::task::Poll::Ready(value) = running.as_mut().poll(context)
            {
                *output = Some(value);
                *future = None;
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(done.drain(..).flatten().collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

/// The observer has each change, in order, when the caller gets its answer.
pub async fn observers_hear_in_order_and_before_the_caller(store: &dyn SettingsStore) {
    add(store, 1).await;
    let heard = Arc::new(Heard::default());
    store.set_observer(heard.clone());
    for round in 1..=10_u64 {
        let written = stored(store, write(1, audio(round % 2 == 0))).await;
        let known = heard.written.lock().unwrap().last().cloned();
        assert_eq!(known, Some(written.record));
    }
    let revisions: Vec<u64> = heard
        .written
        .lock()
        .unwrap()
        .iter()
        .map(|record| record.revision.get())
        .collect();
    assert_eq!(revisions, (1..=10).collect::<Vec<_>>());
}

/// The history says who changed what and when, newest first, page by page.
pub async fn history_is_paged_newest_first(store: &dyn SettingsStore) {
    add(store, 1).await;
    add(store, 2).await;
    let author = Author {
        token_id: Some(TokenId::new(77)),
        app_id: Some(AppId::new(5)),
    };
    for round in 0..5 {
        let mut change = write(1, audio(round % 2 == 1));
        change.author = author;
        stored(store, change).await;
        stored(store, write(2, audio(round % 2 == 1))).await;
    }
    let newest = store.history(page(1), None, 2).await.unwrap();
    let numbers: Vec<u64> = newest.iter().map(|entry| entry.revision.get()).collect();
    assert_eq!(numbers, [5, 4]);
    assert_eq!(newest[0].author, author);
    assert_eq!(newest[0].changed_at, start());
    assert_eq!(newest[0].trace_id, "AtraceAtraceAtraceAtrac");

    let older = store
        .history(page(1), Some(Revision::new(4)), 10)
        .await
        .unwrap();
    let numbers: Vec<u64> = older.iter().map(|entry| entry.revision.get()).collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(older[2].before, None);
    assert!(store.history(page(3), None, 10).await.unwrap().is_empty());
}

/// Nothing is taken after the end.
pub async fn a_closed_store_refuses(store: &dyn SettingsStore) {
    add(store, 1).await;
    store.check().await.unwrap();
    store.close().await;
    let refused = store.update_settings(write(1, audio(false))).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
    assert!(store.check().await.is_err());
}
