//! Room for connections: how many there may be, and which one goes when there are too many.
//!
//! Connections that do nothing must not keep out callers that want something. So where there is no
//! room, idle ones are closed, as they would be when their time is up: first those that never had a
//! whole request, and among their like those that have been idle the longest.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How long a newcomer waits for room before it looks for idle connections again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// One in so many connections is closed where there is no room: looking for the idle ones takes
/// longer than closing some.
const SHARE_TO_CLOSE: usize = 64;

/// Added to the count where a connection has had an answer, so that those without go first.
const ANSWERED: u64 = 1 << 62;
/// A request of the connection is under way.
const BUSY: u64 = u64::MAX;
/// The connection is to be closed, and is waited for before others are chosen.
const CLOSING: u64 = u64::MAX - 1;
/// The connection is to be closed, but did not react in time: others are chosen meanwhile.
const OVERDUE: u64 = u64::MAX - 2;

/// The room that a server has for connections.
#[derive(Debug)]
pub(super) struct Room {
    places: Arc<Semaphore>,
    most: usize,
    /// How many connections there have been: what is idle since an earlier one is idle for longer.
    count: AtomicU64,
    /// How many are about to close, and will make room without more being asked to.
    closing: AtomicUsize,
    /// Those that are open. Connections look into it when they begin and end, never in between.
    open: Mutex<Vec<Arc<Activity>>>,
}

/// What a connection is doing.
#[derive(Debug)]
struct Activity {
    /// [`BUSY`], [`CLOSING`], [`OVERDUE`], or the count of connections at its beginning or last answer.
    idle_since: AtomicU64,
    close: Notify,
    /// Where it stands in the list of those that are open.
    position: AtomicUsize,
}

/// The place that a connection takes until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    activity: Arc<Activity>,
    _permit: OwnedSemaphorePermit,
}

/// A request of a connection, under way until it is dropped.
pub(super) struct UnderWay<'a>(&'a Place);

impl Room {
    /// Room for this many connections.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(most)),
            most,
            count: AtomicU64::new(0),
            closing: AtomicUsize::new(0),
            open: Mutex::default(),
        })
    }

    /// A place for a connection, made by closing idle ones where there is none.
    pub(super) async fn place(self: &Arc<Self>) -> Place {
        loop {
            let waiting = Arc::clone(&self.places).acquire_owned();
            if self.places.available_permits() == 0 {
                self.close_idle();
            }
            if let Ok(permit) = tokio::time::timeout(LOOK_AGAIN, waiting).await {
                return self.taken(permit.expect("the semaphore is never closed"));
            }
            self.wait_no_longer();
        }
    }

    fn taken(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Place {
        let now = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let mut open = self.open();
        let activity = Arc::new(Activity {
            idle_since: AtomicU64::new(now),
            close: Notify::new(),
            position: AtomicUsize::new(open.len()),
        });
        open.push(Arc::clone(&activity));
        drop(open);
        Place {
            room: Arc::clone(self),
            activity,
            _permit: permit,
        }
    }

    /// Closes the connections that have been idle the longest, unless some are closing already.
    /// Those that a request is under way on stay.
    pub(super) fn close_idle(&self) {
        let open = self.open();
        if self.closing.load(Ordering::Acquire) > 0 {
            return;
        }
        let mut idle: Vec<(u64, &Activity)> = open
            .iter()
            .map(|activity| (activity.idle_since.load(Ordering::Relaxed), &**activity))
            .filter(|(since, _activity)| *since < OVERDUE)
            .collect();
        if idle.is_empty() {
            return;
        }
        let wanted = (self.most / SHARE_TO_CLOSE).clamp(1, idle.len());
        idle.select_nth_unstable_by_key(wanted - 1, |(since, _activity)| *since);
        for (since, activity) in &idle[..wanted] {
            let state = &activity.idle_since;
            let (order, failed) = (Ordering::AcqRel, Ordering::Relaxed);
            self.closing.fetch_add(1, Ordering::AcqRel);
            match state.compare_exchange(*since, CLOSING, order, failed) {
                Ok(_since) => activity.close.notify_one(),
                Err(_busy) => {
                    self.closing.fetch_sub(1, Ordering::AcqRel);
                }
            }
        }
    }

    /// Lets others be chosen though some that were asked to close have not done so: one whose task
    /// does not get its turn must not keep the others open.
    fn wait_no_longer(&self) {
        if self.closing.load(Ordering::Acquire) == 0 {
            return;
        }
        for activity in &*self.open() {
            let (order, failed) = (Ordering::AcqRel, Ordering::Relaxed);
            let state = &activity.idle_since;
            if state
                .compare_exchange(CLOSING, OVERDUE, order, failed)
                .is_ok()
            {
                self.closing.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, Vec<Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Counts a request as under way. One that comes while its connection is to be closed is still
    /// answered.
    pub(super) fn busy(&self) -> UnderWay<'_> {
        self.turn(BUSY);
        UnderWay(self)
    }

    /// Changes what the connection is doing.
    fn turn(&self, state: u64) {
        if self.activity.idle_since.swap(state, Ordering::AcqRel) == CLOSING {
            self.room.closing.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Ends when the connection is to be closed for others to have room. To be polled by the task
    /// that makes the requests' [`UnderWay`], so that none begins in between.
    pub(super) async fn wanted_back(&self) {
        loop {
            self.activity.close.notified().await;
            let state = self.activity.idle_since.load(Ordering::Acquire);
            if state == CLOSING || state == OVERDUE {
                return;
            }
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let Place { room, activity, .. } = self.0;
        let now = room.count.load(Ordering::Relaxed);
        activity.idle_since.store(ANSWERED + now, Ordering::Release);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Out of the list first, so that it is not asked to close any more.
        let mut open = self.room.open();
        let position = self.activity.position.load(Ordering::Relaxed);
        open.swap_remove(position);
        if let Some(moved) = open.get(position) {
            moved.position.store(position, Ordering::Relaxed);
        }
        drop(open);
        self.turn(BUSY);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    async fn is_wanted_back(place: &Place) -> bool {
        tokio::time::timeout(Duration::ZERO, place.wanted_back())
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn the_longest_idle_connection_makes_room() {
        let room = Room::new(3);
        let first = room.place().await;
        let second = room.place().await;
        let third = room.place().await;
        drop(first.busy());
        let busy = third.busy();
        assert!(room.place().now_or_never().is_none());
        assert!(!is_wanted_back(&first).await, "it was used since");
        assert!(!is_wanted_back(&third).await, "it is at work");
        assert!(is_wanted_back(&second).await);
        drop(second);
        let fourth = room.place().await;
        drop(busy);
        drop((first, third, fourth));
        assert!(room.open().is_empty());
        assert_eq!(room.places.available_permits(), 3);
    }

    #[tokio::test]
    async fn no_more_are_closed_than_have_to() {
        let room = Room::new(2);
        let first = room.place().await;
        let second = room.place().await;
        for _ in 0..3 {
            room.close_idle();
        }
        assert!(is_wanted_back(&first).await);
        assert!(!is_wanted_back(&second).await);
        drop(first);
        room.close_idle();
        assert!(is_wanted_back(&second).await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_close_does_not_keep_the_others_open() {
        let room = Room::new(2);
        let first = room.place().await;
        let second = room.place().await;
        let newcomer = tokio::spawn({
            let room = Arc::clone(&room);
            async move { room.place().await }
        });
        second.wanted_back().await;
        drop(second);
        let third = newcomer.await.unwrap();
        assert!(is_wanted_back(&first).await, "it still has to close");
        drop(third);
        drop(first.busy());
        room.close_idle();
        assert!(is_wanted_back(&first).await, "its request was answered");
        drop(first);
        assert_eq!(room.closing.load(Ordering::Acquire), 0);
    }

    #[tokio::test]
    async fn a_request_that_comes_just_then_is_answered() {
        let room = Room::new(1);
        let only = room.place().await;
        room.close_idle();
        let busy = only.busy();
        assert!(!is_wanted_back(&only).await);
        room.close_idle();
        drop(busy);
        assert!(room.place().now_or_never().is_none());
        assert!(is_wanted_back(&only).await, "idle again, it goes");
    }
}
