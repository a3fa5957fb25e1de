//! The console: Pages, settings and history for people, behind an access token.

mod changes;
mod editor;
mod history;
mod list;
mod merge;
mod session;
pub(crate) mod view;
pub(crate) mod zones;

pub(crate) use editor::{Previewed, Saved};
pub(crate) use list::PAGES_OF_A_LIST;
pub(crate) use session::{COOKIE, Session, SessionError};
