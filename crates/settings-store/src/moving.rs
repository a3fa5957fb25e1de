//! Moving everything from one store to another.

use call_settings::PageId;
use sha2::{Digest, Sha256};

use crate::{
    AppId, AppRecord, Coverage, HistoryEntry, PageRecord, Revision, TokenId, TokenRecord, document,
};

/// A Page with all that a store keeps of it, also when it was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholePage {
    /// The Page. One that was removed has no name and no settings, and nothing is stated about
    /// calling on it.
    pub record: PageRecord,
    /// Whether it was removed, and is kept for its revision and history only.
    pub removed: bool,
    /// Every entry of its history, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// What became of whole Pages that were put into a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Pages that were not there, or only with the beginning of their history.
    pub written: u64,
    /// Pages that were there just so.
    pub unchanged: u64,
    /// Pages that were changed here since, and are left as they are.
    pub conflicts: Vec<PageId>,
}

/// What is to be done with a whole Page, given the one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// It is just so already.
    Unchanged,
    /// What is there has another history.
    Conflict,
    /// The Page is to be written, and the history behind this revision to be appended.
    Write {
        /// The revision that the Page has now; 0 where there is none.
        after: Revision,
    },
}

impl WholePage {
    /// Decides what is to be done: what is there may be the same or older, with the same beginning.
    /// `newest` is the newest entry of the history there.
    pub fn decide(
        &self,
        present: Option<(&PageRecord, bool)>,
        newest: Option<&HistoryEntry>,
    ) -> Move {
        let Some((record, removed)) = present else {
            return Move::Write {
                after: Revision::default(),
            };
        };
        if (record, removed) == (&self.record, self.removed) {
            return Move::Unchanged;
        }
        // A name that was given here stays, and so does what was stated about calling, unless the
        // Page was removed since: nobody knows which of the two is newer.
        let names_differ = record.name.is_some() && record.name != self.record.name;
        let callings_differ = !record.calling.is_default() && record.calling != self.record.calling;
        if (names_differ || callings_differ) && !self.was_removed_after(record.revision) {
            return Move::Conflict;
        }
        let shared = newest.is_none_or(|newest| {
            self.history
                .iter()
                .any(|entry| fingerprint(entry) == fingerprint(newest))
        });
        if shared && record.revision <= self.record.revision {
            Move::Write {
                after: record.revision,
            }
        } else {
            Move::Conflict
        }
    }

    /// The revision of its newest removal; 0: it was never removed.
    pub fn newest_removal(&self) -> Revision {
        let mut newest_first = self.history.iter().rev();
        let removal = newest_first.find(|entry| entry.after.is_none());
        removal.map_or_else(Revision::default, |entry| entry.revision)
    }

    /// Whether there is a removal among the entries behind a revision.
    pub fn was_removed_after(&self, revision: Revision) -> bool {
        self.newest_removal() > revision
    }

    /// The entries behind a revision.
    pub fn history_after(&self, revision: Revision) -> &[HistoryEntry] {
        let start = self
            .history
            .partition_point(|entry| entry.revision <= revision);
        &self.history[start..]
    }
}

/// Counts and one checksum of all that a store holds: equal for two stores exactly when they hold
/// the same, whatever they are.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Pages, without the removed ones.
    pub pages: u64,
    /// Entries of history.
    pub history_entries: u64,
    /// Apps.
    pub apps: u64,
    /// Tokens.
    pub tokens: u64,
    digest: Sha256,
}

impl Inventory {
    /// Takes in a Page. The order counts: all of them in the order of their ids.
    pub fn add_page(&mut self, page: &WholePage) {
        self.pages += u64::from(!page.removed);
        self.history_entries += page.history.len() as u64;
        let record = &page.record;
        self.number(record.page_id.get());
        self.number(record.revision.get());
        self.number(page.removed.into());
        self.text(record.name.as_deref());
        self.text(record.settings.as_ref().map(document::encode).as_deref());
        self.number(record.calling.eligible.into());
        self.optional(record.calling.engaged_users);
        for entry in &page.history {
            let bytes = fingerprint(entry);
            self.digest.update(bytes);
        }
    }

    /// Takes in an app.
    pub fn add_app(&mut self, app: &AppRecord) {
        use secrecy::ExposeSecret;
        self.apps += 1;
        self.number(app.app_id.get());
        self.text(Some(&app.name));
        self.text(Some(app.secret.expose_secret()));
        self.number(app.require_proof.into());
        self.number(app.created_at.as_millisecond().cast_unsigned());
    }

    /// Takes in a token.
    pub fn add_token(&mut self, token: &TokenRecord) {
        self.tokens += 1;
        self.number(token.token_id.get());
        self.digest.update(token.hash.as_bytes());
        self.optional(token.app_id.map(AppId::get));
        match &token.coverage {
            Coverage::AllPages => self.number(u64::MAX),
            Coverage::Pages(pages) => {
                self.number(pages.len() as u64);
                for page in pages {
                    self.number(page.get());
                }
            }
        }
        self.number(token.scopes.len() as u64);
        for scope in &token.scopes {
            self.text(Some(scope));
        }
        let time = |at: jiff::Timestamp| at.as_millisecond().cast_unsigned();
        self.number(time(token.issued_at));
        self.optional(token.expires_at.map(time));
        self.optional(token.revoked_at.map(time));
    }

    /// The checksum of all that was taken in, 64 hexadecimal digits.
    pub fn checksum(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        for byte in self.digest.clone().finalize() {
            let _a_string_takes_all = write!(text, "{byte:02x}");
        }
        text
    }

    fn number(&mut self, number: u64) {
        self.digest.update(number.to_be_bytes());
    }

    fn optional(&mut self, number: Option<u64>) {
        self.number(number.is_some().into());
        self.number(number.unwrap_or_default());
    }

    fn text(&mut self, text: Option<&str>) {
        self.optional(text.map(|text| text.len() as u64));
        self.digest.update(text.unwrap_or_default());
    }
}

/// What an entry says, as far as every store keeps it.
fn fingerprint(entry: &HistoryEntry) -> [u8; 32] {
    let mut inventory = Inventory::default();
    inventory.number(entry.revision.get());
    inventory.text(entry.after.as_ref().map(document::encode).as_deref());
    inventory.optional(entry.author.token_id.map(TokenId::get));
    inventory.optional(entry.author.app_id.map(AppId::get));
    inventory.number(entry.changed_at.as_millisecond().cast_unsigned());
    inventory.text(Some(&entry.trace_id));
    inventory.digest.finalize().into()
}
