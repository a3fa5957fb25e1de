//! The pages of the console as HTML.

use askama::Template;

use super::editor::PageState;
use super::history::HistoryPart;
use super::list::{PageList, PageStatus};
use super::{PAGES_OF_A_LIST, Session};
use crate::assets;

/// Where people type their access token.
#[derive(Template)]
#[template(path = "console/sign_in.html")]
pub(crate) struct SignIn<'a> {
    pub(crate) complaint: Option<&'a str>,
}

/// The list of Pages.
#[derive(Template)]
#[template(path = "console/pages.html")]
pub(crate) struct Pages<'a> {
    pub(crate) session: &'a Session,
    pub(crate) text: &'a str,
    pub(crate) list: &'a PageList,
    /// This is not the first part.
    pub(crate) is_later: bool,
}

/// The editor of a Page.
#[derive(Template)]
#[template(path = "console/page.html")]
pub(crate) struct Editor<'a> {
    pub(crate) session: &'a Session,
    pub(crate) page_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) state: &'a PageState,
    /// The same as JSON, for the script.
    pub(crate) state_json: &'a str,
    pub(crate) max_entries_per_day: u8,
}

/// The history of a Page.
#[derive(Template)]
#[template(path = "console/history.html")]
pub(crate) struct History<'a> {
    pub(crate) session: &'a Session,
    pub(crate) page_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) revision: u64,
    pub(crate) part: &'a HistoryPart,
}

/// Something that is not there, or not now.
#[derive(Template)]
#[template(path = "console/message.html")]
pub(crate) struct Message<'a> {
    pub(crate) session: &'a Session,
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
}
