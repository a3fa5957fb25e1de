//! The console: Pages, settings and history for people, behind an access token.

mod changes;
mod destination;
mod editor;
mod form_token;
mod history;
mod list;
mod merge;
mod plain_form;
mod session;
pub(crate) mod view;
pub(crate) mod zones;

pub(crate) use destination::{Destination, RETURN_TO};
pub(crate) use editor::{Conflict, Previewed, Saved};
pub(crate) use form_token::FormKey;
pub(crate) use list::PAGES_OF_A_LIST;
pub(crate) use plain_form::{FORM_TOKEN, PlainForm, PlainNotice, REVISION};
pub(crate) use session::{Session, SessionError};
