//! The copies under several threads at once: readers that fill, a writer that hints, and one who
//! loses the channel and replaces the route.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use bounded_copies::{Bound, BoundedCopies, Capacity, ChannelUse, MonotonicTime, Weighed};
use settings_store::Revision;

const KEYS: usize = 4;
const WRITES: usize = 40_000;
const READERS: usize = 3;

thread_local! {
    static HASHED: Cell<u32> = const { Cell::new(0) };
}

/// A key that sometimes lets other threads go on while it is looked for, and so in the midst of what
/// the copies do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key(usize);

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let count = HASHED.get().wrapping_add(1);
        HASHED.set(count);
        if count.is_multiple_of(5) {
            thread::yield_now();
        }
        self.0.hash(hasher);
    }
}

#[derive(Clone, Copy, Debug)]
struct Number(u64);

impl Weighed for Number {
    fn weight(&self) -> u64 {
        1
    }
}

/// What all threads share.
struct Shared {
    copies: BoundedCopies<Key, Number>,
    /// The newest revision of each key.
    database: [AtomicU64; KEYS],
    /// The revision of each key below which no copy may be served any more.
    floor: [AtomicU64; KEYS],
    is_over: AtomicBool,
    served: AtomicU64,
}

impl Shared {
    fn new() -> Self {
        let shared = Self {
            copies: BoundedCopies::new(
                Bound::new(Duration::from_secs(1)),
                ChannelUse::HeardEvery(Duration::from_secs(1)),
                Capacity {
                    weight: 3,
                    expected_copies: KEYS,
                    shards: 1,
                    // So many that to begin another generation in all of them takes a while.
                    generation_shards: 512,
                },
            ),
            database: Default::default(),
            floor: Default::default(),
            is_over: AtomicBool::new(false),
            served: AtomicU64::new(0),
        };
        shared.copies.channel_restored(MonotonicTime::default());
        shared.renew();
        shared
    }

    fn renew(&self) {
        let lease = self.copies.lease();
        lease.confirm(lease.begin(MonotonicTime::default()));
    }

    fn raise_floor(&self, key: usize, revision: u64) {
        self.floor[key].fetch_max(revision, Ordering::SeqCst);
    }

    fn read(&self, key: usize) {
        let now = MonotonicTime::default();
        let floor = self.floor[key].load(Ordering::SeqCst);
        if let Some(kept) = self.copies.get(&Key(key), now) {
            assert_eq!(kept.revision.get(), kept.value.0, "no mixture");
            assert!(kept.value.0 >= floor, "{kept:?} was served at {floor}");
            self.served.fetch_add(1, Ordering::Relaxed);
        } else {
            let ticket = self.copies.begin_fill(Key(key), now);
            let revision = self.database[key].load(Ordering::SeqCst);
            thread::yield_now();
            let _whether_kept =
                self.copies
                    .complete_fill(ticket, Revision::new(revision), Number(revision));
        }
    }

    fn write(&self, key: usize, by_itself: bool) {
        let ticket = self.copies.begin_fill(Key(key), MonotonicTime::default());
        let revision = self.database[key].fetch_add(1, Ordering::SeqCst) + 1;
        if by_itself {
            let _whether_kept =
                self.copies
                    .written(ticket, Revision::new(revision), Number(revision));
        } else {
            self.copies.hint(&Key(key), Revision::new(revision));
        }
        self.raise_floor(key, revision);
    }

    /// Afterwards no copy from before is served.
    fn disturb(&self, by_route: bool) {
        let before: Vec<u64> = self
            .database
            .iter()
            .map(|revision| revision.load(Ordering::SeqCst))
            .collect();
        if by_route {
            self.copies.route_replaced();
            self.renew();
        } else {
            self.copies.channel_lost();
        }
        for (key, revision) in before.into_iter().enumerate() {
            self.raise_floor(key, revision);
        }
        if !by_route {
            self.copies.channel_restored(MonotonicTime::default());
        }
    }
}

#[test]
fn no_thread_is_served_what_another_has_invalidated() {
    let shared = Shared::new();
    thread::scope(|scope| {
        for reader in 0..READERS {
            let shared = &shared;
            scope.spawn(move || {
                let mut key = reader;
                while !shared.is_over.load(Ordering::Relaxed) {
                    key = (key + 1) % KEYS;
                    shared.read(key);
                }
            });
        }
        scope.spawn(|| {
            let mut by_route = false;
            while !shared.is_over.load(Ordering::Relaxed) {
                by_route = !by_route;
                shared.disturb(by_route);
                thread::yield_now();
            }
        });
        for write in 0..WRITES {
            shared.write(write % KEYS, write % 7 == 0);
            if write % 16 == 0 {
                thread::yield_now();
            }
        }
        shared.is_over.store(true, Ordering::Relaxed);
    });
    assert!(shared.served.load(Ordering::Relaxed) > 0);
}
