//! The pages of the console as HTML.

use askama::Template;

use call_settings::{PageId, RingTarget};

use super::editor::PageState;
use super::history::HistoryPart;
use super::list::{PageList, PageStatus};
use super::{
    Destination, FORM_TOKEN, PAGES_OF_A_LIST, PlainForm, PlainNotice, RETURN_TO, REVISION, Session,
};
use crate::assets;

/// Where people type their access token.
#[derive(Template)]
#[template(path = "console/sign_in.html")]
pub(crate) struct SignIn<'a> {
    pub(crate) complaint: Option<&'a str>,
    /// Where the sign-in leads.
    pub(crate) destination: Destination,
}

/// Leads on to the page that a link of another site asked for. The browser sends the cookies of the
/// console with that request, since a page of the console makes it.
#[derive(Template)]
#[template(path = "console/continue.html")]
pub(crate) struct Continue {
    pub(crate) destination: Destination,
}

/// The store does not answer.
#[derive(Template)]
#[template(path = "console/unavailable.html")]
pub(crate) struct Unavailable<'a> {
    pub(crate) wanted: &'a Destination,
}

/// The list of Pages.
#[derive(Template)]
#[template(path = "console/pages.html")]
pub(crate) struct Pages<'a> {
    pub(crate) session: &'a Session,
    pub(crate) text: &'a str,
    /// `None`: the store does not answer.
    pub(crate) list: Option<&'a PageList>,
    /// This is not the first part.
    pub(crate) is_later: bool,
    /// What to ask for again where the store did not answer.
    pub(crate) address: Destination,
}

/// The editor of a Page.
#[derive(Template)]
#[template(path = "console/page.html")]
pub(crate) struct Editor<'a> {
    pub(crate) session: &'a Session,
    pub(crate) page_id: PageId,
    pub(crate) name: &'a str,
    pub(crate) state: &'a PageState,
    /// The same as JSON, for the script.
    pub(crate) state_json: &'a str,
    pub(crate) max_entries_per_day: u8,
    /// What the form shows where no script runs.
    pub(crate) form: &'a PlainForm,
    /// What became of that form.
    pub(crate) notice: Option<PlainNotice>,
}

/// The history of a Page.
#[derive(Template)]
#[template(path = "console/history.html")]
pub(crate) struct History<'a> {
    pub(crate) session: &'a Session,
    pub(crate) page_id: PageId,
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
