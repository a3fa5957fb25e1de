//! Updates of Pages whose rows somebody else has locked. They wait apart from all others, so that
//! an open transaction of another program stops the updates of its own Pages only.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use call_settings::PageId;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::MOST_WAITING;
use super::commit::Locks;
use super::fold::Member;
use super::rounds::Rounds;
use crate::error::{stopped, unavailable};
use crate::sessions::TRY_TIME;

/// How long an update waits for the row of its Page.
const LOCKED_TIME: Duration = Duration::from_secs(5);

/// The pause between two looks at the rows.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The updates that wait so.
#[derive(Debug)]
pub(super) struct LockedPages {
    shared: Arc<Shared>,
    waiting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    /// The Pages whose updates wait. Held while an update is handed over, so that no Page goes out of
    /// it with an update on its way.
    pages: Mutex<BTreeSet<PageId>>,
    sender: mpsc::Sender<Member>,
}

impl Shared {
    fn pages(&self) -> MutexGuard<'_, BTreeSet<PageId>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LockedPages {
    /// Starts to look after them on the present runtime.
    pub(super) fn start(rounds: Arc<Rounds>, refuse_waiting: watch::Receiver<bool>) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let shared = Arc::new(Shared {
            pages: Mutex::default(),
            sender,
        });
        let work = Work {
            shared: Arc::downgrade(&shared),
            rounds,
            refuse_waiting,
            after: None,
        };
        Self {
            waiting: tokio::spawn(work.run(receiver)),
            shared,
        }
    }

    /// Takes updates of locked Pages over.
    pub(super) fn put(&self, members: impl IntoIterator<Item = Member>) {
        let mut pages = self.shared.pages();
        let until = Instant::now() + LOCKED_TIME;
        for mut member in members {
            let page_id = member.page_id();
            member.locked_until.get_or_insert(until);
            match self.shared.sender.try_send(member) {
                Ok(()) => {
                    if pages.insert(page_id) {
                        tracing::debug!(%page_id, "the row of a Page is locked: its updates wait");
                    }
                }
                Err(error) => locked(error.into_inner()),
            }
        }
    }

    /// Keeps of a group what is of no such Page, and takes the rest over.
    pub(super) fn put_apart(&self, group: Vec<Member>) -> Vec<Member> {
        let (apart, group) = {
            let pages = self.shared.pages();
            if pages.is_empty() {
                return group;
            }
            let is_apart = |member: &Member| pages.contains(&member.page_id());
            group.into_iter().partition::<Vec<_>, _>(is_apart)
        };
        self.put(apart);
        group
    }

    /// Waits until the last of them is answered.
    pub(super) async fn end(self) {
        drop(self.shared);
        if let Err(error) = self.waiting.await {
            tracing::error!(%error, "the updates of locked Pages did not end well");
        }
    }
}

fn locked(member: Member) {
    let page_id = member.page_id();
    let reason = format!("another transaction has locked the row of the Page {page_id}");
    member.answer(Err(unavailable(reason)));
}

struct Work {
    shared: std::sync::Weak<Shared>,
    rounds: Arc<Rounds>,
    refuse_waiting: watch::Receiver<bool>,
    /// The Page that was waited for last.
    after: Option<PageId>,
}

impl Work {
    async fn run(mut self, mut arriving: mpsc::Receiver<Member>) {
        let mut waiting = Vec::new();
        loop {
            if waiting.is_empty() {
                let Some(member) = arriving.recv().await else {
                    return;
                };
                waiting.push(member);
            } else {
                sleep(LOOK_EVERY).await;
            }
            while let Ok(member) = arriving.try_recv() {
                waiting.push(member);
            }
            waiting = self.refuse_old(waiting);
            waiting = self.look(waiting).await;
            if let Some(shared) = self.shared.upgrade() {
                let mut pages = shared.pages();
                while let Ok(member) = arriving.try_recv() {
                    waiting.push(member);
                }
                *pages = waiting.iter().map(Member::page_id).collect();
            }
        }
    }

    fn refuse_old(&self, waiting: Vec<Member>) -> Vec<Member> {
        if *self.refuse_waiting.borrow() {
            for member in waiting {
                member.answer(Err(stopped()));
            }
            return Vec::new();
        }
        let now = Instant::now();
        let is_old = |member: &Member| member.locked_until.is_some_and(|until| now >= until);
        let (old, waiting) = waiting.into_iter().partition::<Vec<_>, _>(is_old);
        old.into_iter().for_each(locked);
        waiting
    }

    /// Stores what can be stored now; returns the rest.
    async fn look(&mut self, waiting: Vec<Member>) -> Vec<Member> {
        if waiting.is_empty() {
            return waiting;
        }
        let deadline = Instant::now() + TRY_TIME;
        let waiting = self.rounds.settle(waiting, Locks::Skip, deadline).await;
        // One Page after the other is waited for a little: a row that is always locked by somebody
        // else is not to be had without, and neither is one that somebody else is just adding.
        let ids: BTreeSet<PageId> = waiting.iter().map(Member::page_id).collect();
        let next = ids.iter().find(|page_id| Some(**page_id) > self.after);
        let Some(turn) = next.or(ids.first()).copied() else {
            return waiting;
        };
        self.after = Some(turn);
        let is_next = |member: &Member| member.page_id() == turn;
        let (next, mut waiting) = waiting.into_iter().partition::<Vec<_>, _>(is_next);
        waiting.extend(self.rounds.settle(next, Locks::Wait, deadline).await);
        waiting
    }
}
