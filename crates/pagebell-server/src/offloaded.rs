//! Work that would keep a thread of the runtime for long.
//!
//! A search through all Pages, a long history or the rendering of a page would make every other
//! request wait that is served by the same thread. Such work runs on threads of its own: a few at
//! a time, so that it leaves cores and connections of the store to the others, while a bounded
//! number waits.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// The most searches that wait.
const SEARCHES_WAITING: usize = 64;

/// The most of other such work that waits.
const OTHERS_WAITING: usize = 256;

/// No more may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests of this kind are waiting")]
pub(crate) struct TooManyWaiting;

/// One kind of work, run a few at a time.
#[derive(Debug)]
pub(crate) struct Offloaded {
    /// Permits for work that runs or waits.
    admitted: Arc<Semaphore>,
    /// Permits for work that runs.
    running: Arc<Semaphore>,
}

/// Every kind of work.
#[derive(Debug)]
pub(crate) struct OffloadedWork {
    /// Searches through all Pages, whose time grows with the store.
    pub(crate) searches: Offloaded,
    /// What takes milliseconds: histories, availabilities of long spans, pages to render.
    pub(crate) others: Offloaded,
}

impl Default for OffloadedWork {
    /// On most machines the two together leave half of the cores to other requests, and always a
    /// connection of the store: it has one for each core, and three at least.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            searches: Offloaded::new((cores / 4).clamp(1, 2), SEARCHES_WAITING),
            others: Offloaded::new((cores / 2).clamp(1, 4), OTHERS_WAITING),
        }
    }
}

impl Offloaded {
    fn new(running: usize, waiting: usize) -> Self {
        Self {
            admitted: Arc::new(Semaphore::new(running + waiting)),
            running: Arc::new(Semaphore::new(running)),
        }
    }

    /// Runs a future to its end on a thread where it may block. It goes on to its end, and counts
    /// as running, also where the caller waits no longer.
    ///
    /// Without a tokio runtime it runs where it is called.
    ///
    /// # Errors
    /// [`TooManyWaiting`] where no more may wait, or the runtime is ending.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, TooManyWaiting> {
        let Ok(runtime) = Handle::try_current() else {
            return Ok(work.await);
        };
        let admitted = Arc::clone(&self.admitted);
        let admitted = admitted.try_acquire_owned().map_err(|_| TooManyWaiting)?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.expect("the semaphore is never closed");
        let finished = tokio::task::spawn_blocking(move || {
            let _permits = (admitted, running);
            runtime.block_on(work)
        })
        .await;
        match finished {
            Ok(value) => Ok(value),
            // The fault belongs to the request, as if it had run there.
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            Err(_runtime_is_ending) => Err(TooManyWaiting),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_few_run_a_few_wait_and_more_are_refused() {
        let work = Arc::new(Offloaded::new(1, 1));
        let (end_first, first_ends) = oneshot::channel::<u8>();
        let first = tokio::spawn({
            let work = Arc::clone(&work);
            async move { work.run(async { first_ends.await.unwrap() }).await }
        });
        while work.running.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let mut second = Box::pin(work.run(async { 2 }));
        assert!(second.as_mut().now_or_never().is_none(), "it waits");
        assert_eq!(work.run(async { 3 }).await, Err(TooManyWaiting));
        end_first.send(1).unwrap();
        assert_eq!(first.await.unwrap(), Ok(1));
        assert_eq!(second.await, Ok(2));
        assert_eq!(work.run(async { 3 }).await, Ok(3));
    }

    #[tokio::test]
    async fn a_caller_that_waits_no_longer_leaves_its_place_in_the_queue() {
        let work = Offloaded::new(1, 1);
        let held = Arc::clone(&work.running).acquire_owned().await.unwrap();
        assert!(work.run(async {}).now_or_never().is_none());
        assert_eq!(work.admitted.available_permits(), 2);
        drop(held);
        assert_eq!(work.run(async { 1 }).await, Ok(1));
    }

    #[tokio::test]
    async fn a_panic_is_that_of_the_caller() {
        let work = Offloaded::new(1, 1);
        let panicking = std::panic::AssertUnwindSafe(work.run(async { panic!("on purpose") }));
        assert!(panicking.catch_unwind().await.is_err());
        assert_eq!(work.run(async { 1 }).await, Ok(1));
    }

    #[test]
    fn without_a_runtime_it_runs_where_it_is_called() {
        let work = Offloaded::new(1, 1);
        assert_eq!(work.run(async { 1 }).now_or_never(), Some(Ok(1)));
    }
}
