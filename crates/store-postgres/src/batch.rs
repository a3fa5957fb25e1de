//! Many callers, one statement: what is asked for while a statement is on its way goes with the next.
//!
//! An answer is never older than its question, as the statement is sent after it was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use settings_store::StoreError;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::error::stopped;

/// The most keys of one statement.
const MOST_KEYS: usize = 256;

/// Questions that wait for a lane; more of them wait before they are put.
const MOST_WAITING: usize = 4096;

/// Statements on their way at a time: while the database works on one, the next is made ready.
const LANES: usize = 2;

/// What was found under each key. What is absent is not there.
pub(crate) type Found<K, V> = BTreeMap<K, Result<V, StoreError>>;

/// Looks up many keys at once.
pub(crate) type LookUp<K, V> =
    Arc<dyn Fn(Vec<K>) -> BoxFuture<'static, Result<Found<K, V>, StoreError>> + Send + Sync>;

type Question<K, V> = (K, oneshot::Sender<Result<Option<V>, StoreError>>);

/// Collects questions and answers them together.
pub(crate) struct Batched<K, V> {
    questions: mpsc::Sender<Question<K, V>>,
}

impl<K, V> fmt::Debug for Batched<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Batched").finish_non_exhaustive()
    }
}

impl<K, V> Batched<K, V>
where
    K: Copy + Ord + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Starts the lanes on the present runtime. They end when this is dropped.
    pub(crate) fn start(look_up: &LookUp<K, V>) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..LANES {
            tokio::spawn(supervise(Arc::clone(&receiver), Arc::clone(look_up)));
        }
        Self { questions: sender }
    }

    /// What is stored under a key.
    pub(crate) async fn get(&self, key: K) -> Result<Option<V>, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.questions
            .send((key, sender))
            .await
            .map_err(|_lanes_are_gone| stopped())?;
        receiver
            .await
            .unwrap_or_else(|_lane_is_gone| Err(stopped()))
    }
}

/// Starts a lane again when it ends by a panic: reads change nothing, so only those who wait for
/// that group have to be refused.
async fn supervise<K, V>(
    questions: Arc<Mutex<mpsc::Receiver<Question<K, V>>>>,
    look_up: LookUp<K, V>,
) where
    K: Copy + Ord + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    while let Err(error) = tokio::spawn(run(Arc::clone(&questions), Arc::clone(&look_up))).await {
        if !error.is_panic() {
            return;
        }
        tracing::error!(%error, "a task for reads is started again");
    }
}

async fn run<K: Copy + Ord, V: Clone>(
    questions: Arc<Mutex<mpsc::Receiver<Question<K, V>>>>,
    look_up: LookUp<K, V>,
) {
    let mut group = Vec::new();
    loop {
        // The other lane collects only after this one has all that waits.
        let count = questions
            .lock()
            .await
            .recv_many(&mut group, MOST_KEYS)
            .await;
        if count == 0 {
            return;
        }
        group.retain(|(_, answer)| !answer.is_closed());
        let keys: BTreeSet<K> = group.iter().map(|(key, _)| *key).collect();
        if keys.is_empty() {
            group.clear();
            continue;
        }
        let found = look_up(keys.into_iter().collect()).await;
        for (key, answer) in group.drain(..) {
            let value = match &found {
                Ok(found) => found.get(&key).cloned().transpose(),
                Err(error) => Err(error.clone()),
            };
            let _caller_is_gone = answer.send(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn everyone_gets_the_answer_to_its_own_question_with_few_statements() {
        const ASKED: u64 = 1000;
        let statements = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&statements);
        let look_up: LookUp<u64, u64> = Arc::new(move |keys: Vec<u64>| {
            counted.fetch_add(1, Ordering::Relaxed);
            assert!(keys.is_sorted() && keys.len() <= MOST_KEYS);
            Box::pin(async move {
                tokio::task::yield_now().await;
                let even = keys.into_iter().filter(|key| key % 2 == 0);
                Ok(even.map(|key| (key, Ok(key * 10))).collect())
            })
        });
        let batched = Batched::start(&look_up);
        let answers = (0..ASKED).map(|number| batched.get(number % 300));
        let answers = futures_util::future::join_all(answers).await;
        for (number, answer) in (0..ASKED).zip(answers) {
            let key = number % 300;
            assert_eq!(answer.unwrap(), (key % 2 == 0).then_some(key * 10));
        }
        assert!(statements.load(Ordering::Relaxed) < 50);
    }

    #[tokio::test]
    async fn an_error_reaches_everyone_who_waits_for_it() {
        let look_up: LookUp<u64, u64> = Arc::new(|_keys| Box::pin(async { Err(stopped()) }));
        let batched = Batched::start(&look_up);
        let answers = futures_util::future::join_all((0..9).map(|key| batched.get(key))).await;
        for answer in answers {
            assert!(matches!(answer, Err(StoreError::Unavailable { .. })));
        }
    }

    #[tokio::test]
    async fn a_panic_refuses_one_group_and_ends_no_lane() {
        let look_up: LookUp<u64, u64> = Arc::new(|keys: Vec<u64>| {
            Box::pin(async move {
                assert!(!keys.contains(&13), "on purpose");
                Ok(keys.into_iter().map(|key| (key, Ok(key))).collect())
            })
        });
        let batched = Batched::start(&look_up);
        for _ in 0..2 * LANES {
            let answer = batched.get(13).await;
            assert!(matches!(answer, Err(StoreError::Unavailable { .. })));
        }
        assert_eq!(batched.get(1).await.unwrap(), Some(1));
    }
}
