//! What an operator states about calling on a Page, beside its settings.

use call_settings::PageId;

/// What is stated about calling on a Page. It is no part of the settings: it has neither a revision
/// nor a history, and the removal of the Page resets it to the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageCalling {
    /// Whether the Page may use the calling API.
    pub eligible: bool,
    /// How many people are engaged with the Page; `None`: not stated.
    pub engaged_users: Option<u64>,
}

impl Default for PageCalling {
    fn default() -> Self {
        Self {
            eligible: true,
            engaged_users: None,
        }
    }
}

impl PageCalling {
    /// This with a change applied.
    ///
    /// # Examples
    ///
    /// ```
    /// use settings_store::{CallingChange, PageCalling};
    ///
    /// let change = CallingChange {
    ///     eligible: Some(false),
    ///     engaged_users: None,
    /// };
    /// let calling = PageCalling::default().changed(change);
    /// assert_eq!((calling.eligible, calling.engaged_users), (false, None));
    /// ```
    #[must_use]
    pub fn changed(self, change: CallingChange) -> Self {
        Self {
            eligible: change.eligible.unwrap_or(self.eligible),
            engaged_users: change.engaged_users.or(self.engaged_users),
        }
    }

    /// Whether nothing is stated.
    pub fn is_default(self) -> bool {
        self == Self::default()
    }
}

/// A change of what is stated about calling on a Page. `None` leaves the present value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallingChange {
    /// Whether the Page may use the calling API.
    pub eligible: Option<bool>,
    /// How many people are engaged with the Page.
    pub engaged_users: Option<u64>,
}

/// A change of a Page outside of its settings.
#[derive(Clone, Debug)]
pub struct PageChange {
    /// The Page.
    pub page_id: PageId,
    /// A name for people; `None` leaves the present one.
    pub name: Option<String>,
    /// What is stated about calling.
    pub calling: CallingChange,
}
