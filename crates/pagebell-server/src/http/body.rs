//! Reading bodies, up to a limit.

use std::time::Duration;

use bytes::Bytes;
use graph_api::GraphError;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::memory::Share;

/// How much of a body that is too large is still taken in, so that its sender gets to read why it
/// was refused: most clients send everything before they look at the answer.
const DRAINED_BYTES: usize = 32 * 1024 * 1024;

/// Why a body was not read to its end.
pub(super) enum BodyError {
    /// It is to be answered with this error, on a connection that can go on.
    Answer(GraphError),
    /// The same, but what is left of the body makes the connection useless.
    AnswerAndClose(GraphError),
}

/// Reads a body of at most `limit` bytes within the time, and charges it to the share. Most
/// requests have none, and ask for no limit.
pub(super) async fn read(
    mut body: Incoming,
    headers: &HeaderMap,
    limit: impl FnOnce() -> usize,
    time: Duration,
    share: &Share,
) -> Result<Bytes, BodyError> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let limit = limit();
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    let too_large = GraphError::body_too_large(limit);
    if announced.is_some_and(|length| length > limit) && headers.contains_key(EXPECT) {
        // The client asks before it sends, so there is nothing to take in.
        return Err(BodyError::AnswerAndClose(too_large));
    }
    let reading = async {
        // No more memory than has arrived: an announcement costs its sender nothing.
        let mut whole = Vec::new();
        let mut received = 0_usize;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Err(BodyError::AnswerAndClose(GraphError::body_malformed(
                    "the connection ended within the body",
                )));
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            received += data.len();
            if received > DRAINED_BYTES {
                return Err(BodyError::AnswerAndClose(too_large));
            }
            if received <= limit {
                if whole.capacity() < received {
                    let capacity = received.next_power_of_two().min(limit);
                    if !share.hold(capacity) {
                        return Err(BodyError::AnswerAndClose(GraphError::too_many_unfinished()));
                    }
                    whole.reserve_exact(capacity - whole.len());
                }
                whole.extend_from_slice(&data);
            } else {
                whole = Vec::new();
                share.release();
            }
        }
        if received > limit {
            return Err(BodyError::Answer(too_large));
        }
        Ok(Bytes::from(whole))
    };
    match tokio::time::timeout(time, reading).await {
        Ok(result) => result,
        Err(_elapsed) => Err(BodyError::AnswerAndClose(GraphError::request_too_slow(
            time.as_secs(),
        ))),
    }
}
