//! A connection's stream with what hyper leaves to its users: the memory of an unfinished head is
//! charged to a budget, and a request that hyper itself refuses is answered with an error object.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use graph_api::GraphError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::idle::Progress;
use super::memory::Share;

/// What a connection is charged to.
pub(super) struct Shares {
    /// The memory of an unfinished head.
    pub(super) head: Share,
    /// The memory of answers until the caller has taken them.
    pub(super) unread: Arc<Share>,
}

/// A stream on whose reads and writes an eye is kept.
pub(super) struct Guarded<S, R> {
    stream: S,
    progress: Arc<Progress>,
    shares: Shares,
    /// How much of the head has arrived, in bytes.
    head_bytes: usize,
    /// The steps of the connection when the head began.
    seen_steps: u64,
    /// Makes the answer to a request that is refused here.
    refuse: R,
    /// What is left to write of such an answer.
    refusal: Bytes,
    is_refused: bool,
}

impl<S, R> Guarded<S, R>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Fn(&GraphError) -> Bytes + Unpin,
{
    pub(super) fn new(stream: S, progress: Arc<Progress>, shares: Shares, refuse: R) -> Self {
        Self {
            stream,
            progress,
            shares,
            head_bytes: 0,
            seen_steps: 0,
            refuse,
            refusal: Bytes::new(),
            is_refused: false,
        }
    }

    /// Counts bytes that have arrived; `false`: they are of a head that there is no room for.
    fn count(&mut self, bytes: usize) -> bool {
        let (steps, is_answering) = self.progress.state();
        if steps != self.seen_steps || is_answering {
            self.seen_steps = steps;
            self.head_bytes = 0;
            self.shares.head.release();
        }
        // While a request is answered, its body arrives, which is charged where it is kept.
        if is_answering {
            return true;
        }
        self.head_bytes += bytes;
        self.shares.head.hold(self.head_bytes)
    }

    fn begin_refusal(&mut self, error: &GraphError) {
        if !self.is_refused {
            self.refusal = (self.refuse)(error);
            self.is_refused = true;
        }
    }

    /// Writes what is left of a refusal.
    fn poll_refusal_written(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.refusal.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.refusal))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.refusal.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes and flushes what is left of a refusal.
    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal_written(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }
}

/// The error that a refusal of hyper's own stands for. hyper writes it without a body and ends the
/// connection after it; an answer of this server with these statuses always has a body.
fn bare_refusal(bytes: &[u8]) -> Option<GraphError> {
    const NO_BODY: &[u8] = b"\r\ncontent-length: 0\r\n";
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let error = match status {
        b"400" => GraphError::request_malformed(),
        b"414" | b"431" => GraphError::headers_too_large("64 KiB"),
        _ => return None,
    };
    let is_bare = bytes.ends_with(b"\r\n\r\n")
        && bytes.windows(NO_BODY.len()).any(|window| window == NO_BODY);
    is_bare.then_some(error)
}

impl<S, R> AsyncRead for Guarded<S, R>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Fn(&GraphError) -> Bytes + Unpin,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_refused {
            // To hyper, the caller has gone.
            return this.poll_refusal(context);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        if !this.count(buffer.filled().len() - before) {
            buffer.set_filled(before);
            this.begin_refusal(&GraphError::too_many_unfinished());
            return this.poll_refusal(context);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S, R> AsyncWrite for Guarded<S, R>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Fn(&GraphError) -> Bytes + Unpin,
{
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let Some(error) = bare_refusal(bytes) {
            this.begin_refusal(&error);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(this.poll_refusal_written(context))?;
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(context))?;
        // hyper flushes the stream when it has written all that it holds.
        self.shares.unread.release();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.poll_refusal_written(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_without_a_body_is_one_of_hyper() {
        let response = |status: &str, length: usize| {
            format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\ndate: x\r\n\r\n"
            )
        };
        for status in [
            "400 Bad Request",
            "414 URI Too Long",
            "431 Request Header Fields Too Large",
        ] {
            assert!(bare_refusal(response(status, 0).as_bytes()).is_some());
            assert!(bare_refusal(response(status, 2).as_bytes()).is_none());
        }
        assert!(bare_refusal(response("405 Method Not Allowed", 0).as_bytes()).is_none());
        assert!(bare_refusal(b"").is_none());
        assert!(bare_refusal(b"HTTP/1.1 4").is_none());
    }
}
