//! Notifications that a line received and nobody has looked at yet.
//!
//! Anybody who may connect to the database may send notifications, any number of them. So only some
//! wait here; when there are more, all of them are dropped, and whoever takes them is told that
//! anything may have changed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The most notifications that wait. Each has less than 8,000 bytes.
const MOST_WAITING: usize = 256;

/// The most notifications that are taken together.
const MOST_TAKEN: usize = 16;

/// The receiving end. One task at a time takes.
#[derive(Clone, Default)]
pub(crate) struct Inbox(Arc<Shared>);

/// The sending end; the inbox is closed when it is dropped.
pub(crate) struct InboxSender(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    payloads: VecDeque<String>,
    overflowed: bool,
    closed: bool,
}

/// What an inbox had.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// The payloads of some notifications, in the order in which they came.
    Payloads(Vec<String>),
    /// There were too many of them.
    TooMany,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// An empty inbox and its only sender.
    pub(crate) fn new() -> (InboxSender, Self) {
        let shared = Arc::<Shared>::default();
        (InboxSender(Arc::clone(&shared)), Self(shared))
    }

    /// Waits for notifications; `None`: the inbox is closed, and nothing waits.
    pub(crate) async fn take(&self) -> Option<Received> {
        loop {
            {
                let mut state = self.0.state();
                if std::mem::take(&mut state.overflowed) {
                    return Some(Received::TooMany);
                }
                let count = state.payloads.len().min(MOST_TAKEN);
                if count > 0 {
                    return Some(Received::Payloads(state.payloads.drain(..count).collect()));
                }
                if state.closed {
                    return None;
                }
            }
            // A change since then has left a permit.
            self.0.changed.notified().await;
        }
    }
}

impl InboxSender {
    /// Puts a notification in.
    pub(crate) fn send(&self, payload: &str) {
        let mut state = self.0.state();
        if state.overflowed {
            return;
        }
        if state.payloads.len() < MOST_WAITING {
            state.payloads.push_back(payload.to_owned());
        } else {
            state.payloads.clear();
            state.overflowed = true;
        }
        drop(state);
        self.0.changed.notify_one();
    }
}

impl Drop for InboxSender {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payloads(texts: &[&str]) -> Received {
        Received::Payloads(texts.iter().map(ToString::to_string).collect())
    }

    #[tokio::test]
    async fn notifications_come_in_their_order_until_the_end() {
        let (sender, inbox) = Inbox::new();
        let taker = inbox.clone();
        let waiting = tokio::spawn(async move { taker.take().await });
        tokio::task::yield_now().await;
        sender.send("1:1");
        assert_eq!(waiting.await.unwrap(), Some(payloads(&["1:1"])));
        sender.send("2:1");
        sender.send("3:1");
        drop(sender);
        assert_eq!(inbox.take().await, Some(payloads(&["2:1", "3:1"])));
        assert_eq!(inbox.take().await, None);
    }

    #[tokio::test]
    async fn too_many_become_one_and_take_no_room() {
        let (sender, inbox) = Inbox::new();
        for _ in 0..10 * MOST_WAITING {
            sender.send("1:1");
        }
        assert!(inbox.0.state().payloads.is_empty());
        assert_eq!(inbox.take().await, Some(Received::TooMany));
        sender.send("2:1");
        assert_eq!(inbox.take().await, Some(payloads(&["2:1"])));
        for _ in 0..MOST_WAITING {
            sender.send("1:1");
        }
        let mut taken = 0;
        while taken < MOST_WAITING {
            let Some(Received::Payloads(some)) = inbox.take().await else {
                panic!("they all had room");
            };
            assert!(some.len() <= MOST_TAKEN);
            taken += some.len();
        }
    }
}
