//! What is kept at hand of a Page.

use call_settings::{CallAvailability, CallSettings};
use graph_api::PreparedSettings;
use settings_store::{PageRecord, Revision};

/// What is kept at hand of a Page.
#[derive(Clone, Debug)]
pub(crate) struct PageCopy {
    /// The revision that it is of.
    pub(crate) revision: Revision,
    /// The answers to reads and updates, and the settings compiled for decisions.
    pub(crate) answers: PageAnswers,
}

/// What settings answer.
type PageAnswers = PreparedSettings<CallAvailability>;

/// Prepares what is kept.
#[derive(Debug)]
pub(super) struct Preparation {
    /// The answers for a Page that was never configured, shared by all of them.
    unconfigured: PageAnswers,
}

/// What a copy takes beside its answers: compiled hours of two changes a day, and its place in the
/// cache.
const OVERHEAD_BYTES: u64 = 100 + size_of::<PageCopy>() as u64;

/// What an average Page takes, with hours on five days.
pub(super) const TYPICAL_BYTES: u64 = 700 + OVERHEAD_BYTES;

impl PageCopy {
    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        self.answers.bytes() as u64 + OVERHEAD_BYTES
    }
}

impl Preparation {
    pub(super) fn new(defaults: &CallSettings) -> Self {
        Self {
            unconfigured: prepare(defaults),
        }
    }

    pub(super) fn copy(&self, record: &PageRecord) -> PageCopy {
        let answers = match &record.settings {
            Some(settings) => prepare(settings),
            None => self.unconfigured.clone(),
        };
        PageCopy {
            revision: record.revision,
            answers,
        }
    }
}

fn prepare(settings: &CallSettings) -> PageAnswers {
    PreparedSettings::new(settings, CallAvailability::new(settings))
}
