//! Whether the server can serve, as a task finds out that looks at the store all the time.
//!
//! Who asks gets what was found last, so that the answer comes at the same speed whatever the
//! store does.

use std::sync::Arc;
use std::time::Duration;

use settings_store::StoreError;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::Pagebell;

/// How often the store is looked at.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How long a look may take. One that takes longer counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the first question waits for the first look.
const FIRST_CHECK_TIMEOUT: Duration = Duration::from_millis(50);

/// What was found.
type Found = Result<(), Fault>;

/// What is wrong, for operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {reason}")]
pub(crate) struct Fault {
    /// Of what it is wrong.
    part: &'static str,
    /// One line.
    reason: String,
}

impl Fault {
    fn of_store(reason: &str) -> Self {
        Self {
            part: STORE,
            reason: reason.replace(['\r', '\n'], " "),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let part = match &error {
            StoreError::Full => "disk",
            StoreError::NewerSchema { .. } => "schema",
            StoreError::OutcomeUnknown { .. } => "writer",
            _ => STORE,
        };
        Self {
            part,
            ..Self::of_store(&error.to_string())
        }
    }
}

const STORE: &str = "store";

/// What the last look at the store found; `None`: there was none yet.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    found: watch::Sender<Option<Found>>,
}

/// A part of the server that readiness rests on, and what was found there.
pub(crate) type Check = (&'static str, Found);

impl Pagebell {
    /// Every check that readiness rests on, with what was found last.
    pub(crate) async fn checks(&self) -> [Check; 2] {
        let mut found = self.readiness.found.subscribe();
        let first = tokio::time::timeout(FIRST_CHECK_TIMEOUT, found.wait_for(Option::is_some));
        let store = match first.await {
            Ok(Ok(found)) => found.clone().unwrap_or(Ok(())),
            _ => Err(Fault::of_store("it has not answered yet")),
        };
        let lease = self.copies.check().map_err(|error| Fault {
            part: "lease",
            ..Fault::from(error)
        });
        [(STORE, store), ("lease", lease)]
    }

    /// Looks at the store again and again. A look that does not come back counts as failed, and no
    /// other one begins meanwhile.
    pub(crate) async fn keep_checking(self: Arc<Self>) {
        loop {
            let mut looking = self.look();
            let looked = match tokio::time::timeout(CHECK_TIMEOUT, &mut looking).await {
                Ok(looked) => looked,
                Err(_elapsed) => {
                    let seconds = CHECK_TIMEOUT.as_secs();
                    let reason = format!("it has not answered for {seconds} s");
                    self.found(Err(Fault::of_store(&reason)));
                    looking.await
                }
            };
            match looked {
                Ok(found) => self.found(found.map_err(Fault::from)),
                Err(error) if error.is_panic() => {
                    self.found(Err(Fault::of_store("looking at it panicked")));
                }
                // The runtime is ending.
                Err(_cancelled) => return,
            }
            tokio::time::sleep(CHECK_INTERVAL).await;
        }
    }

    /// A store may take its thread for as long as the disk takes to answer.
    fn look(&self) -> JoinHandle<Result<(), StoreError>> {
        let store = Arc::clone(&self.store);
        let runtime = tokio::runtime::Handle::current();
        spawn_blocking(move || runtime.block_on(store.check()))
    }

    fn found(&self, now: Found) {
        let before = self.readiness.found.send_replace(Some(now.clone()));
        match (before, now) {
            (Some(Err(before)), Err(now)) if before == now => {}
            (_, Err(fault)) => tracing::warn!("not ready: {fault}"),
            (Some(Err(_)), Ok(())) => tracing::info!("ready again"),
            _ => {}
        }
    }
}
