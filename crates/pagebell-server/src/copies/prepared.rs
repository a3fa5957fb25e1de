//! What is kept at hand of a Page.

use std::sync::Arc;

use call_settings::{CallAvailability, CallSettings};
use graph_api::PreparedSettings;
use settings_store::{PageRecord, Revision};

/// What is kept at hand of a Page.
#[derive(Clone, Debug)]
pub(crate) struct PageCopy {
    /// The revision that it is of.
    pub(crate) revision: Revision,
    /// What its settings answer.
    pub(crate) answers: Arc<PageAnswers>,
}

/// What settings answer.
#[derive(Debug)]
pub(crate) struct PageAnswers {
    /// The answers to reads and updates.
    pub(crate) prepared: PreparedSettings,
    /// The settings compiled for decisions.
    pub(crate) availability: CallAvailability,
}

/// Prepares what is kept.
#[derive(Debug)]
pub(super) struct Preparation {
    /// The answers for a Page that was never configured, shared by all of them.
    unconfigured: Arc<PageAnswers>,
}

/// What a copy takes beside its body: its own fields, compiled hours of two changes a day, the
/// reference counts and its place in the cache.
const OVERHEAD_BYTES: u64 = 150 + (size_of::<PageCopy>() + size_of::<PageAnswers>()) as u64;

/// What an average Page takes, with hours on five days.
pub(super) const TYPICAL_BYTES: u64 = 600 + OVERHEAD_BYTES;

impl PageAnswers {
    fn new(settings: &CallSettings) -> Self {
        Self {
            prepared: PreparedSettings::new(settings),
            availability: CallAvailability::new(settings),
        }
    }
}

impl PageCopy {
    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.answers.prepared.body().len() as u64 + OVERHEAD_BYTES
    }
}

impl Preparation {
    pub(super) fn new(defaults: &CallSettings) -> Self {
        Self {
            unconfigured: Arc::new(PageAnswers::new(defaults)),
        }
    }

    pub(super) fn copy(&self, record: &PageRecord) -> PageCopy {
        let answers = match &record.settings {
            Some(settings) => Arc::new(PageAnswers::new(settings)),
            None => Arc::clone(&self.unconfigured),
        };
        PageCopy {
            revision: record.revision,
            answers,
        }
    }
}
