//! Deciding a group of writes: those of one Page one after the other.

use std::collections::{BTreeMap, BTreeSet};

use call_settings::PageId;
use settings_store::{
    Decision, HistoryEntry, PageRecord, Revision, SettingsWrite, StoreError, WriteOutcome, Written,
    signed,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Answer;
use crate::batch::Found;
use crate::rows::PageRow;

/// A write and who waits for it.
#[derive(Debug)]
pub(super) struct Member {
    write: SettingsWrite,
    answer: oneshot::Sender<Answer>,
    /// When it came.
    pub(super) since: Instant,
    /// How long it waits for the row of its Page, once that was found to be locked.
    pub(super) locked_until: Option<Instant>,
}

impl Member {
    pub(super) fn new(write: SettingsWrite, since: Instant) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, receiver) = oneshot::channel();
        let member = Self {
            write,
            answer,
            since,
            locked_until: None,
        };
        (member, receiver)
    }

    pub(super) fn page_id(&self) -> PageId {
        self.write.page_id
    }

    pub(super) fn answer(self, answer: Answer) {
        let _caller_is_gone = self.answer.send(answer);
    }
}

/// The Pages of these writes, each once, in their order.
pub(super) fn page_ids(members: &[Member]) -> Vec<PageId> {
    let ids: BTreeSet<PageId> = members.iter().map(|member| member.write.page_id).collect();
    ids.into_iter().collect()
}

/// What the writes of one Page come to.
#[derive(Debug)]
pub(super) struct PageFold {
    /// The Page after all of them; `None`: there is no such Page.
    pub(super) record: Option<PageRecord>,
    /// The revision that it was read with, which the statement compares.
    pub(super) read_revision: Revision,
    /// A new entry of the history for each change.
    pub(super) entries: Vec<HistoryEntry>,
    /// Whether the row has to be written: there are changes, or there was no Page.
    pub(super) is_to_be_stored: bool,
    /// The writes with what each is answered, once the Page is stored.
    members: Vec<(Member, Answer)>,
}

/// What the writes of a group come to.
#[derive(Debug)]
pub(super) struct Folded {
    pages: BTreeMap<PageId, PageFold>,
}

impl Folded {
    /// Decides every write in its turn.
    pub(super) fn new(members: Vec<Member>, mut found: Found<PageId, PageRow>) -> Self {
        let mut pages = BTreeMap::new();
        for member in members {
            let page_id = member.write.page_id;
            let page = pages
                .entry(page_id)
                .or_insert_with(|| PageFold::new(found.remove(&page_id)));
            match page {
                Ok(page) => page.add(member),
                // What is stored of this Page cannot be read: no reason to refuse the others.
                Err(error) => member.answer(Err(StoreError::clone(error))),
            }
        }
        Self {
            pages: pages
                .into_iter()
                .filter_map(|(page_id, page)| Some((page_id, page.ok()?)))
                .collect(),
        }
    }

    /// Whether there is nothing to be stored.
    pub(super) fn is_stored_already(&self) -> bool {
        !self.pages.values().any(|page| page.is_to_be_stored)
    }

    /// What is to be stored, in the order of the signed ids: the order in which every server takes
    /// the rows, so that no two of them wait for each other.
    pub(super) fn to_be_stored(&self) -> Vec<(&PageRecord, &PageFold)> {
        let mut pages: Vec<_> = self
            .pages
            .values()
            .filter(|page| page.is_to_be_stored)
            .filter_map(|page| Some((page.record.as_ref()?, page)))
            .collect();
        pages.sort_unstable_by_key(|(record, _)| signed(record.page_id.get()));
        pages
    }

    /// Takes out the Pages that need nothing or are among these, signed.
    pub(super) fn take_done(&mut self, stored: &BTreeSet<i64>) -> Self {
        self.take_if(|page_id, page| {
            !page.is_to_be_stored || stored.contains(&signed(page_id.get()))
        })
    }

    /// Takes out the Pages that are among these, signed.
    pub(super) fn take(&mut self, page_ids: &BTreeSet<i64>) -> Self {
        self.take_if(|page_id, _page| page_ids.contains(&signed(page_id.get())))
    }

    fn take_if(&mut self, mut is_taken: impl FnMut(PageId, &PageFold) -> bool) -> Self {
        let pages = std::mem::take(&mut self.pages);
        let (taken, left) = pages
            .into_iter()
            .partition(|(page_id, page)| is_taken(*page_id, page));
        self.pages = left;
        Self { pages: taken }
    }

    /// Takes out half of the Pages.
    pub(super) fn take_half(&mut self) -> Self {
        let mut left = self.pages.len() / 2;
        self.take_if(|_page_id, _page| {
            let is_taken = left > 0;
            left = left.saturating_sub(1);
            is_taken
        })
    }

    pub(super) fn page_count(&self) -> usize {
        self.pages.len()
    }

    pub(super) fn into_members(self) -> Vec<Member> {
        self.pages
            .into_values()
            .flat_map(|page| page.members)
            .map(|(member, _)| member)
            .collect()
    }

    /// Each Page that was changed as it is now, with the number of changes.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&PageRecord, usize)> {
        self.to_be_stored()
            .into_iter()
            .map(|(record, page)| (record, page.entries.len()))
    }

    /// Answers everyone.
    pub(super) fn answer(self) {
        for (member, answer) in self.pages.into_values().flat_map(|page| page.members) {
            member.answer(answer);
        }
    }
}

impl PageFold {
    fn new(row: Option<Result<PageRow, StoreError>>) -> Result<Self, StoreError> {
        let row = row.transpose()?;
        let read_revision = row
            .as_ref()
            .map_or_else(Revision::default, |row| row.record.revision);
        Ok(Self {
            record: row.filter(|row| !row.removed).map(|row| row.record),
            read_revision,
            entries: Vec::new(),
            is_to_be_stored: false,
            members: Vec::new(),
        })
    }

    fn add(&mut self, member: Member) {
        if self.record.is_none() && member.write.create_page {
            let page_id = member.write.page_id;
            self.record = Some(PageRecord::unconfigured(page_id, self.read_revision));
            self.is_to_be_stored = true;
        }
        let answer = match self.record.take() {
            None => Ok(WriteOutcome::PageMissing),
            Some(present) => self.decide(&member.write, present),
        };
        self.members.push((member, answer));
    }

    fn decide(&mut self, write: &SettingsWrite, present: PageRecord) -> Answer {
        let (record, changed, outcome) = match write.clone().decide(present.clone()) {
            Decision::NoRevisionLeft => {
                self.record = Some(present);
                return Err(StoreError::no_revision_left(write.page_id));
            }
            Decision::RevisionMismatch { found } => (
                present,
                false,
                Some(WriteOutcome::RevisionMismatch { found }),
            ),
            Decision::Unchanged(record) => (record, false, None),
            Decision::Change { record, entry } => {
                self.entries.push(entry);
                self.is_to_be_stored = true;
                (record, true, None)
            }
        };
        self.record = Some(record.clone());
        Ok(outcome.unwrap_or(WriteOutcome::Stored(Written { record, changed })))
    }
}
