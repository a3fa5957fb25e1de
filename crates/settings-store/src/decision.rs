//! What a write does to a Page: the one rule that every store follows.

use call_settings::CallSettings;
use jiff::Timestamp;

use crate::{HistoryEntry, PageRecord, Revision, SettingsWrite};

/// What is to be done for a write, given the Page as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The Page is as the write wants it already.
    Unchanged(PageRecord),
    /// The Page has another revision than the write expects.
    RevisionMismatch {
        /// The revision that it has.
        found: Revision,
    },
    /// The Page is at [`Revision::LAST`], so that no change of it can be stored.
    NoRevisionLeft,
    /// Both are to be stored, in one transaction.
    Change {
        /// The Page as it will be.
        record: PageRecord,
        /// The entry of its history.
        entry: HistoryEntry,
    },
}

impl SettingsWrite {
    /// Decides what the write does to a Page. An update that names nothing, or only what is stored
    /// already, makes no revision; the first one that names anything configures the Page.
    pub fn decide(self, present: PageRecord) -> Decision {
        let found = present.revision;
        if self
            .expected_revision
            .is_some_and(|expected| expected != found)
        {
            return Decision::RevisionMismatch { found };
        }
        let base: &CallSettings = present.settings.as_ref().unwrap_or(&self.defaults);
        let after = base.updated(&self.update);
        if self.update.is_empty() || present.settings.as_ref() == Some(&after) {
            return Decision::Unchanged(present);
        }
        let Some(revision) = found.next() else {
            return Decision::NoRevisionLeft;
        };
        let record = PageRecord {
            revision,
            settings: Some(after.clone()),
            name: present.name,
            page_id: present.page_id,
            calling: present.calling,
        };
        let entry = HistoryEntry {
            page_id: record.page_id,
            revision: record.revision,
            before: present.settings,
            after: Some(after),
            author: self.author,
            changed_at: whole_milliseconds(self.at),
            trace_id: self.trace_id,
        };
        Decision::Change { record, entry }
    }
}

/// The time as every store keeps it.
pub(crate) fn whole_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
