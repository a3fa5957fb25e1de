//! The tests that every store must pass.
//!
//! An adapter calls [`contract_tests!`](crate::contract_tests) with an async closure that opens an
//! empty store; each promise becomes a test of its own.

mod access;
mod calling;
mod moving;
mod pages;
mod search;
mod settings;

use std::sync::Mutex;

use call_settings::{
    CallHours, CallHoursChange, CallSettings, DayOfWeek, HoursLimits, OperatingHours, PageId,
    SettingsUpdate,
};
use jiff::Timestamp;

use crate::{
    Author, CommitReport, Invalidation, NewPage, PageRecord, SettingsStore, SettingsWrite,
    StoreError, StoreObserver, WriteOutcome, Written,
};

pub use access::{
    a_revocation_is_never_cleared, apps_are_kept, removed_pages_open_to_no_former_token,
    tokens_are_kept_and_revoked,
};
pub use calling::{
    imports_state_calling, pages_are_changed_outside_of_their_settings,
    whole_pages_carry_what_is_stated_about_calling,
};
pub use moving::whole_pages_move_with_their_history;
pub use pages::{
    many_pages_are_imported_like_updates, names_that_not_every_store_keeps_are_refused,
    page_ids_of_the_whole_range, pages_are_added_listed_and_removed, pages_are_found,
    removed_pages_come_back_empty,
};
pub use search::searches_find_what_the_names_hold;
pub use settings::{
    a_closed_store_refuses, an_expected_revision_guards_the_write,
    concurrent_writers_each_make_one_revision, empty_and_equal_updates_change_nothing,
    history_is_paged_newest_first, observers_hear_in_order_and_before_the_caller,
    pages_that_are_missing_are_not_written, updates_merge_and_count_revisions,
};

/// Makes one test of each promise. The argument is an async closure that opens an empty store, or
/// returns something that dereferences to one and lives as long as the test.
#[macro_export]
macro_rules! contract_tests {
    ($open:expr) => {
        $crate::contract_tests!(@each $open;
            updates_merge_and_count_revisions
            empty_and_equal_updates_change_nothing
            pages_that_are_missing_are_not_written
            an_expected_revision_guards_the_write
            concurrent_writers_each_make_one_revision
            observers_hear_in_order_and_before_the_caller
            history_is_paged_newest_first
            a_closed_store_refuses
            pages_are_added_listed_and_removed
            pages_are_found
            searches_find_what_the_names_hold
            removed_pages_come_back_empty
            many_pages_are_imported_like_updates
            page_ids_of_the_whole_range
            names_that_not_every_store_keeps_are_refused
            whole_pages_move_with_their_history
            pages_are_changed_outside_of_their_settings
            imports_state_calling
            whole_pages_carry_what_is_stated_about_calling
            apps_are_kept
            tokens_are_kept_and_revoked
            a_revocation_is_never_cleared
            removed_pages_open_to_no_former_token
        );
    };
    (@each $open:expr; $($promise:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let store = ($open)().await;
                $crate::contract::$promise(&*store).await;
            }
        )*
    };
}

/// The instant that tests count from.
fn start() -> Timestamp {
    Timestamp::from_millisecond(1_764_000_000_123).expect("a time in range")
}

fn page(number: u64) -> PageId {
    PageId::new(number)
}

async fn add(store: &dyn SettingsStore, number: u64) {
    let page = NewPage {
        page_id: page(number),
        name: None,
        at: start(),
    };
    store.add_page(page).await.expect("the Page is added");
}

fn write(number: u64, update: SettingsUpdate) -> SettingsWrite {
    SettingsWrite {
        page_id: page(number),
        update,
        defaults: std::sync::Arc::new(CallSettings::default()),
        expected_revision: None,
        create_page: false,
        author: Author::default(),
        at: start(),
        trace_id: "AtraceAtraceAtraceAtrac".to_owned(),
    }
}

async fn stored(store: &dyn SettingsStore, write: SettingsWrite) -> Written {
    match store
        .update_settings(write)
        .await
        .expect("the store answers")
    {
        WriteOutcome::Stored(written) => written,
        other => panic!("the write should be stored, but: {other:?}"),
    }
}

fn audio(enabled: bool) -> SettingsUpdate {
    SettingsUpdate {
        audio_enabled: Some(enabled),
        ..SettingsUpdate::default()
    }
}

fn mondays() -> CallHours {
    let entry = OperatingHours::new(
        DayOfWeek::Monday,
        "0900".parse().expect("a time"),
        "1700".parse().expect("a time"),
    )
    .expect("a span");
    let zone = "Europe/Paris".parse().expect("a zone");
    CallHours::new(zone, vec![entry], HoursLimits::default()).expect("lawful hours")
}

fn hours(hours: CallHours) -> SettingsUpdate {
    SettingsUpdate {
        call_hours: CallHoursChange::Replace(hours),
        ..SettingsUpdate::default()
    }
}

/// Writes down what it hears.
#[derive(Debug, Default)]
struct Heard {
    written: Mutex<Vec<PageRecord>>,
    invalidated: Mutex<Vec<Invalidation>>,
}

impl StoreObserver for Heard {
    fn page_written(&self, record: &PageRecord) {
        self.written
            .lock()
            .expect("not poisoned")
            .push(record.clone());
    }
    fn invalidated(&self, what: Invalidation) {
        self.invalidated.lock().expect("not poisoned").push(what);
    }
    fn group_committed(&self, _report: CommitReport) {}
    fn failed(&self, error: &StoreError) {
        panic!("the store failed: {error}");
    }
}
