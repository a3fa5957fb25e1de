//! What a store of call settings keeps, and what it promises.
//!
//! [`SettingsStore`] is the one trait between the server and an adapter. Nothing of a driver
//! crosses it: records and errors are the ones of this crate. The promises are executable: every
//! store runs the tests of the module `contract` (feature `contract`).
//!
//! The trait asks for no more than a single statement per write can give: an upsert of one Page
//! with its own revision. So it fits an embedded file as well as a cluster.

mod calling;
#[cfg(feature = "contract")]
pub mod contract;
mod decision;
pub mod document;
mod error;
mod line;
mod memory;
mod moving;
mod name;
mod name_index;
mod observer;
mod page_search;
mod record;
mod signed;
mod store;

pub use calling::{CallingChange, PageCalling, PageChange};
pub use decision::Decision;
pub use error::StoreError;
pub use line::{BoundedKeeping, Hint, Line, OpenLine, PageAtLeader};
pub use memory::MemoryStore;
pub use moving::{Inventory, Move, Moved, WholePage};
pub use name::{LONGEST_NAME, NameError, check_page_name, parse_name};
pub use name_index::{
    DamagedSegment, EncodedSegment, FIRST_SEGMENTS, NAME_FILTER_BYTES, NameChanges, NameQuery,
    NameSegment, SegmentBuilder, first_segment,
};
pub use observer::{CommitReport, Invalidation, KeepCopies, StoreObserver, Unobserved};
pub use page_search::PageSearch;
pub use record::{
    AppId, AppRecord, Author, Coverage, HistoryEntry, PageRecord, ParseIdError, Revision,
    TokenHash, TokenId, TokenKey, TokenRecord,
};
pub use signed::{signed, signed_ids_after, unsigned};
pub use store::{
    Added, Imported, ImportedPage, NewPage, PagesImport, SettingsStore, SettingsWrite,
    WriteOutcome, Written,
};
