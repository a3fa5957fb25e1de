//! Answers to the writes of a group, given with one wake-up.
//!
//! To wake a task from another thread costs a system call. So the writer wakes only the first that
//! waits, and that one, on the runtime's own thread, hands the others their answers.

use settings_store::{StoreError, WriteOutcome};
use tokio::sync::oneshot::{self, Receiver, Sender};

/// What became of a change of settings.
pub(crate) type Answer = Result<WriteOutcome, StoreError>;

/// Where an answer goes.
pub(crate) struct Waiting(Sender<(Answer, Others)>);

/// Where an answer comes from.
pub(crate) struct Expected(Receiver<(Answer, Others)>);

/// Answers that are given when this is dropped, whatever the reason: so none is ever lost.
struct Others(Vec<(Waiting, Answer)>);

/// The writer went away without an answer.
pub(crate) struct WriterGone;

/// Both ends of an answer.
pub(crate) fn channel() -> (Waiting, Expected) {
    let (sender, receiver) = oneshot::channel();
    (Waiting(sender), Expected(receiver))
}

/// Gives all of them their answers by way of the first that still waits.
pub(crate) fn give_by_the_first(answers: Vec<(Waiting, Answer)>) {
    let mut rest = answers.into_iter();
    while let Some((Waiting(first), answer)) = rest.next() {
        if !first.is_closed() {
            // Should it leave at this very moment, what it was sent is dropped, and so given.
            let _given_either_way = first.send((answer, Others(rest.collect())));
            return;
        }
    }
}

impl Expected {
    /// The answer.
    pub(crate) async fn answer(self) -> Result<Answer, WriterGone> {
        let (answer, others) = self.0.await.map_err(|_closed| WriterGone)?;
        drop(others);
        Ok(answer)
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        for (Waiting(sender), answer) in self.0.drain(..) {
            let _caller_is_gone = sender.send((answer, Others(Vec::new())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who gets an answer when some of those who wait leave before it is given, or after.
    #[tokio::test]
    async fn everyone_who_stays_is_answered() {
        const WAITING: usize = 5;
        for left_before in 0..1 << WAITING {
            for left_after in 0..1 << WAITING {
                let is_in = |set: usize, index: usize| set & (1 << index) != 0;
                let (waiting, expected): (Vec<_>, Vec<_>) = (0..WAITING).map(|_| channel()).unzip();
                let mut expected: Vec<_> = expected.into_iter().map(Some).collect();
                for (index, one) in expected.iter_mut().enumerate() {
                    if is_in(left_before, index) {
                        *one = None;
                    }
                }
                let outcome = || Ok(WriteOutcome::PageMissing);
                give_by_the_first(waiting.into_iter().map(|one| (one, outcome())).collect());
                for (index, one) in expected.iter_mut().enumerate() {
                    if is_in(left_after, index) {
                        *one = None;
                    }
                }
                let staying: Vec<_> = expected.into_iter().flatten().collect();
                let answers = staying.into_iter().map(Expected::answer);
                for answer in futures_util::future::join_all(answers).await {
                    assert!(matches!(answer, Ok(Ok(WriteOutcome::PageMissing))));
                }
            }
        }
    }
}
