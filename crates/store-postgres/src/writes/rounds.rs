//! What a group of updates goes through: its Pages are read, its updates decided, the outcome stored.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use call_settings::PageId;
use settings_store::{CommitReport, Hint, StoreError, signed};
use tokio::time::Instant;

use super::Observers;
use super::commit::{Committer, Failed, Locks};
use super::fold::{self, Folded, Member};
use super::statement::Attempt;
use crate::error::unavailable;
use crate::hints::Hints;
use crate::reads;
use crate::sessions::Sessions;

#[derive(Debug)]
pub(super) struct Rounds {
    sessions: Arc<Sessions>,
    committer: Committer,
    observers: Arc<Observers>,
    hints: Option<Hints>,
    /// Held while the observer is told.
    telling: Mutex<()>,
}

impl Rounds {
    pub(super) fn new(
        sessions: Arc<Sessions>,
        observers: Arc<Observers>,
        hints: Option<Hints>,
    ) -> Self {
        Self {
            committer: Committer::new(Arc::clone(&sessions)),
            sessions,
            observers,
            hints,
            telling: Mutex::new(()),
        }
    }

    /// Answers every update but those whose rows somebody else has locked, which are returned.
    pub(super) async fn settle(
        &self,
        members: Vec<Member>,
        locks: Locks,
        deadline: Instant,
    ) -> Vec<Member> {
        let mut locked = Vec::new();
        let mut groups = vec![members];
        while let Some(members) = groups.pop() {
            if !members.is_empty() {
                let again = self.round(members, locks, deadline, &mut locked).await;
                groups.extend(again);
            }
        }
        locked
    }

    /// Decides and stores; returns the groups that are to be decided once more.
    async fn round(
        &self,
        members: Vec<Member>,
        locks: Locks,
        deadline: Instant,
        locked: &mut Vec<Member>,
    ) -> Vec<Vec<Member>> {
        let start = Instant::now();
        let page_ids = fold::page_ids(&members);
        let found = match reads::find_pages(&self.sessions, &page_ids).await {
            Ok(found) => found,
            Err(error) => {
                refuse(members, &error);
                return Vec::new();
            }
        };
        let mut folded = Folded::new(members, found);
        if folded.is_stored_already() {
            folded.answer();
            return Vec::new();
        }
        let attempt = Attempt::new(&folded, rand::random());
        let settled = self.committer.store(&attempt, locks, deadline).await;
        let stored = folded.take_done(&settled.stored);
        self.tell(&stored, start.elapsed());
        stored.answer();
        locked.extend(folded.take(&settled.locked).into_members());
        let mut again = Vec::new();
        let overtaken = folded.take(&settled.overtaken).into_members();
        if Instant::now() < deadline {
            again.push(overtaken);
        } else {
            let reason = "others change the Page all the time";
            refuse(overtaken, &unavailable(reason));
        }
        if let Some(failed) = settled.failed {
            again.extend(self.refuse_failed(folded, &attempt, &failed).await);
        }
        again
    }

    /// Refuses what could not be stored; where single Pages may be to blame for that, only these.
    /// Returns the groups that may be stored without them.
    async fn refuse_failed(
        &self,
        mut folded: Folded,
        attempt: &Attempt,
        failed: &Failed,
    ) -> Vec<Vec<Member>> {
        if !failed.is_of_content {
            refuse(folded.into_members(), &failed.error);
            return Vec::new();
        }
        let ahead = folded.take(&self.committer.find_ahead(attempt).await);
        if ahead.page_count() > 0 {
            for member in ahead.into_members() {
                let error = ahead_of_its_page(member.page_id());
                member.answer(Err(error));
            }
            return vec![folded.into_members()];
        }
        if folded.page_count() > 1 {
            let half = folded.take_half();
            return vec![half.into_members(), folded.into_members()];
        }
        refuse(folded.into_members(), &failed.error);
        Vec::new()
    }

    fn tell(&self, stored: &Folded, duration: Duration) {
        let _one_after_the_other = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let observer = self.observers.get();
        let mut writes = 0;
        for (record, changes) in stored.changed() {
            writes += changes;
            observer.page_written(record);
            if let Some(hints) = &self.hints {
                hints.send(Hint::Page(record.page_id, record.revision));
            }
        }
        if writes > 0 {
            observer.group_committed(CommitReport { writes, duration });
        }
    }
}

/// The history of a Page has entries that the Page knows nothing of, so that its next revision is
/// there already.
fn ahead_of_its_page(page_id: PageId) -> StoreError {
    StoreError::Corrupt {
        what: format!(
            "the history of the Page {page_id} goes on behind the revision of the Page; in the \
             database it has the page_id {}",
            signed(page_id.get())
        ),
    }
}

fn refuse(members: Vec<Member>, error: &StoreError) {
    for member in members {
        member.answer(Err(error.clone()));
    }
}
