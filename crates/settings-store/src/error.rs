//! Why a store did not do what it was asked.

use call_settings::PageId;

/// An error of a store. None but [`Unstorable`](Self::Unstorable) means that a write was refused for
/// its content; what is refused so otherwise is an outcome, not an error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached or has stopped, and the write, if it was one, did not happen.
    #[error("the store is not available: {reason}")]
    Unavailable {
        /// What is in the way.
        reason: String,
    },
    /// A write was under way when the store failed: it may or may not have been stored.
    #[error("the store failed in the middle of a write: {reason}")]
    OutcomeUnknown {
        /// What happened.
        reason: String,
    },
    /// Something has a value that no store keeps; nothing was stored.
    #[error("this cannot be stored: {what}")]
    Unstorable {
        /// What, with the way out.
        what: String,
    },
    /// There is no room for the write. Reads go on; writes may be tried again.
    #[error("the store is full")]
    Full,
    /// What is stored cannot be right.
    #[error("the store is damaged: {what}")]
    Corrupt {
        /// What was found.
        what: String,
    },
    /// The store was written by a newer program.
    #[error(
        "the store has the schema version {found}, this program knows versions up to {known}; \
         use a newer pagebell"
    )]
    NewerSchema {
        /// The version of the store.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// Another server has the store.
    #[error("another server uses the store {location}; stop it first, or use another store")]
    InUse {
        /// Where the store lies.
        location: String,
    },
    /// The store cannot be opened.
    #[error("the store {location} cannot be opened: {reason}")]
    CannotOpen {
        /// Where the store lies.
        location: String,
        /// Why, with the way out.
        reason: String,
    },
}

impl StoreError {
    /// The refusal of a change to a Page that is at [`Revision::LAST`](crate::Revision::LAST).
    #[must_use]
    pub fn no_revision_left(page_id: PageId) -> Self {
        Self::Corrupt {
            what: format!("the Page {page_id} is at the last revision that there is"),
        }
    }

    /// Whether the store can no longer be trusted, so that its process should end and the next one
    /// open and check it anew.
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::OutcomeUnknown { .. })
    }
}
