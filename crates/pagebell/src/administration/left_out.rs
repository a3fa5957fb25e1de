//! What a list of a store leaves out, as it cannot be read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use settings_store::{
    CommitReport, Invalidation, PageRecord, SettingsStore, StoreError, StoreObserver,
};

use crate::failure::Failure;
use crate::logging::write_notice;

/// Names each thing that a store leaves out, once.
#[derive(Debug, Default)]
pub(super) struct LeftOut(Mutex<BTreeSet<String>>);

impl LeftOut {
    /// Observes a store.
    pub(super) fn of(store: &dyn SettingsStore) -> Arc<Self> {
        let left_out = Arc::new(Self::default());
        store.set_observer(Arc::clone(&left_out) as Arc<dyn StoreObserver>);
        left_out
    }

    /// The failure of a command that has left something out.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).len() {
            0 => Ok(()),
            1 => Err(Failure::Refused("1 Page was left out".to_owned())),
            count => Err(Failure::Refused(format!("{count} Pages were left out"))),
        }
    }
}

impl StoreObserver for LeftOut {
    fn page_written(&self, _record: &PageRecord) {}

    fn invalidated(&self, _what: Invalidation) {}

    fn group_committed(&self, _report: CommitReport) {}

    fn failed(&self, _error: &StoreError) {}

    fn left_out(&self, error: &StoreError) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = error.to_string();
        if !told.contains(&text) {
            write_notice(&format!("left out: {text}"));
            told.insert(text);
        }
    }
}
