//! The edge `messenger_call_settings_history` (ours): what became of the settings of a Page.

mod payload;
mod request;

pub use payload::{
    HistoryEntryPayload, HistoryField, HistoryList, HistoryPage, PagingCursors, PagingPayload,
};
pub use request::{Cursor, HistoryPosition, HistoryRequest, MAX_HISTORY_LIMIT};
