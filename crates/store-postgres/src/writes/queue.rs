//! Updates that wait for their group. None of them waits without limit while a group is on its way.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::fold::Member;
use crate::error::{stopped, unavailable};

/// The most updates that share one statement.
const MOST_IN_GROUP: usize = 256;

/// How long an update waits for its group to begin.
const QUEUE_TIME: Duration = Duration::from_secs(10);

/// How often those that have waited for too long are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Queue {
    arriving: mpsc::Receiver<Member>,
    /// Those that were taken out of the channel already.
    waiting: VecDeque<Member>,
    /// Whether the store is to be closed without what waits.
    refuse_waiting: watch::Receiver<bool>,
    refuses: bool,
}

impl Queue {
    pub(super) fn new(
        arriving: mpsc::Receiver<Member>,
        refuse_waiting: watch::Receiver<bool>,
    ) -> Self {
        Self {
            arriving,
            waiting: VecDeque::new(),
            refuse_waiting,
            refuses: false,
        }
    }

    /// The next group, not empty; `None`: nobody can hand anything in any more.
    pub(super) async fn next_group(&mut self) -> Option<Vec<Member>> {
        loop {
            let mut group: Vec<Member> = Vec::new();
            let count = self.waiting.len().min(MOST_IN_GROUP);
            group.extend(self.waiting.drain(..count));
            if group.is_empty() && self.arriving.recv_many(&mut group, MOST_IN_GROUP).await == 0 {
                return None;
            }
            while group.len() < MOST_IN_GROUP
                && let Ok(member) = self.arriving.try_recv()
            {
                group.push(member);
            }
            self.refuses |= *self.refuse_waiting.borrow();
            if !self.refuses {
                return Some(group);
            }
            for member in group {
                member.answer(Err(stopped()));
            }
        }
    }

    /// Waits for the work on a group, and refuses meanwhile what waits for too long.
    pub(super) async fn look_after<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                value = &mut work => return value,
                () = sleep(LOOK_EVERY) => self.refuse_old(),
                _closing = self.refuse_waiting.changed(), if !self.refuses => {
                    self.refuses = true;
                    self.collect();
                    for member in self.waiting.drain(..) {
                        member.answer(Err(stopped()));
                    }
                }
            }
        }
    }

    fn collect(&mut self) {
        while let Ok(member) = self.arriving.try_recv() {
            self.waiting.push_back(member);
        }
    }

    fn refuse_old(&mut self) {
        self.collect();
        let now = Instant::now();
        let is_old = |member: &mut Member| now.duration_since(member.since) >= QUEUE_TIME;
        while let Some(member) = self.waiting.pop_front_if(is_old) {
            let reason = "the database has not finished earlier updates";
            member.answer(Err(unavailable(reason)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use call_settings::{CallSettings, PageId, SettingsUpdate};
    use jiff::Timestamp;
    use settings_store::{Author, SettingsWrite, StoreError};

    use super::*;

    fn member(page_id: u64) -> (Member, tokio::sync::oneshot::Receiver<super::super::Answer>) {
        let write = SettingsWrite {
            page_id: PageId::new(page_id),
            update: SettingsUpdate::default(),
            defaults: std::sync::Arc::new(CallSettings::default()),
            expected_revision: None,
            create_page: false,
            author: Author::default(),
            at: Timestamp::UNIX_EPOCH,
            trace_id: String::new(),
        };
        Member::new(write, Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_too_long_is_refused_while_a_group_is_on_its_way() {
        let (sender, receiver) = mpsc::channel(9);
        let (_closing, refuse_waiting) = watch::channel(false);
        let mut queue = Queue::new(receiver, refuse_waiting);
        let (waits, answer) = member(1);
        sender.send(waits).await.unwrap();
        tokio::select! {
            () = queue.look_after(pending()) => unreachable!("it never ends"),
            answer = answer => {
                assert!(matches!(answer.unwrap(), Err(StoreError::Unavailable { .. })));
            }
        }
        let (next, _answer) = member(2);
        sender.send(next).await.unwrap();
        let group = queue.next_group().await.unwrap();
        assert_eq!(group.len(), 1);
        assert_eq!(group[0].page_id(), PageId::new(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_closes_in_haste_refuses_what_waits() {
        let (sender, receiver) = mpsc::channel(9);
        let (closing, refuse_waiting) = watch::channel(false);
        let mut queue = Queue::new(receiver, refuse_waiting);
        let (waits, answer) = member(1);
        sender.send(waits).await.unwrap();
        let closes = async {
            closing.send_replace(true);
            answer.await.unwrap()
        };
        tokio::select! {
            () = queue.look_after(pending()) => unreachable!("it never ends"),
            answer = closes => assert!(answer.unwrap_err().to_string().contains("stopped")),
        }
        let (late, answer) = member(1);
        sender.send(late).await.unwrap();
        drop(sender);
        assert!(queue.next_group().await.is_none());
        assert!(answer.await.unwrap().is_err());
    }
}
