//! What the answers of a batch may hold in memory.

use std::sync::atomic::{AtomicUsize, Ordering};

use graph_api::GraphError;
use graph_api::batch::BatchOperation;
use http::Method;

use crate::dispatch::Pagebell;
use crate::http::Share;
use crate::request::GraphResponse;

/// The largest answer that every operation may have, in bytes: settings are smaller, so that an
/// update is never refused for its answer.
const ORDINARY_ANSWER_BYTES: usize = 64 * 1024;

/// How often an answer is in memory at the same time: by itself, and within the text of the batch.
const TIMES_HELD: usize = 2;

/// The same for an answer that later operations may refer to, which is kept as JSON values too.
const TIMES_HELD_WITH_VALUES: usize = 8;

/// The room that is left for the answers of a batch. Histories and long availabilities are
/// thousands of times larger than the operations that ask for them.
#[derive(Debug)]
pub(super) struct AnswerRoom {
    limit: usize,
    /// What is left for answers that are larger than ordinary ones, in bytes.
    left: AtomicUsize,
    /// The memory of answers, of which batches and connections have their parts.
    share: Share,
}

impl AnswerRoom {
    pub(super) fn new(pagebell: &Pagebell) -> Self {
        let limit = pagebell.configuration.limits.batch_answer_bytes;
        Self {
            limit,
            left: AtomicUsize::new(limit),
            share: pagebell.unread.share_without_own_part(),
        }
    }

    /// Takes the room of an answer.
    ///
    /// # Errors
    /// What the operation is to be answered instead, where the batch or the whole server has no
    /// room for the answer.
    pub(super) fn take(
        &self,
        operation: &BatchOperation,
        response: &GraphResponse,
    ) -> Result<(), GraphError> {
        let bytes = response.body.len();
        if bytes > ORDINARY_ANSWER_BYTES {
            let order = Ordering::Relaxed;
            self.left
                .fetch_update(order, order, |left| left.checked_sub(bytes))
                .map_err(|_left| GraphError::batch_answer_too_large(self.limit))?;
        }
        let times = match operation.name {
            Some(_) => TIMES_HELD_WITH_VALUES,
            None => TIMES_HELD,
        };
        if self.share.hold_more(bytes * times) || is_short_update(operation, bytes) {
            return Ok(());
        }
        Err(GraphError::too_many_unread(operation.method != Method::GET))
    }
}

/// Whether this is the answer to an update that can be no other request, and not longer than
/// settings are: nobody is to be told that an update may have failed that was stored.
fn is_short_update(operation: &BatchOperation, bytes: usize) -> bool {
    let says_method = |text: &str| text.contains("method");
    operation.method == Method::POST
        && bytes <= ORDINARY_ANSWER_BYTES
        && !says_method(&operation.relative_url)
        && !operation.body.as_deref().is_some_and(says_method)
}
