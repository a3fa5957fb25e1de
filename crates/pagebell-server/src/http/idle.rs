//! Connections on which nothing goes on.
//!
//! hyper has a timer for slow heads, but sets it anew for each request. Here a connection only counts,
//! and a timer looks at the count now and then.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// How often a connection is looked at within the time that it may be idle.
const LOOKS: u32 = 4;

/// What goes on on a connection.
#[derive(Debug, Default)]
pub(super) struct Progress {
    is_answering: AtomicBool,
    steps: AtomicU64,
}

/// Marks that a request is being answered, until it is dropped.
pub(super) struct Answering<'a>(&'a Progress);

impl Progress {
    /// Begins to answer a request.
    pub(super) fn answer(&self) -> Answering<'_> {
        self.is_answering.store(true, Ordering::Relaxed);
        self.step();
        Answering(self)
    }

    /// How many steps there have been, and whether a request is being answered.
    pub(super) fn state(&self) -> (u64, bool) {
        (
            self.steps.load(Ordering::Relaxed),
            self.is_answering.load(Ordering::Relaxed),
        )
    }

    fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until the connection has been idle for this long: no request was answered, none began,
    /// nothing of an answer left. What arrives is no progress before it is the whole head of a
    /// request, however slowly its bytes come.
    pub(super) async fn idle_for(&self, time: Duration) {
        let mut looks_without_progress = 0;
        let mut seen = self.steps.load(Ordering::Relaxed);
        while looks_without_progress < LOOKS {
            tokio::time::sleep(time / LOOKS).await;
            let steps = self.steps.load(Ordering::Relaxed);
            if steps != seen || self.is_answering.load(Ordering::Relaxed) {
                looks_without_progress = 0;
                seen = steps;
            } else {
                looks_without_progress += 1;
            }
        }
    }
}

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.is_answering.store(false, Ordering::Relaxed);
        self.0.step();
    }
}

/// A stream whose writes count as progress.
pub(super) struct Watched<S> {
    stream: TokioIo<S>,
    progress: Arc<Progress>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, progress: Arc<Progress>) -> Self {
        Self {
            stream: TokioIo::new(stream),
            progress,
        }
    }

    fn counted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(1..)) = written {
            self.progress.step();
        }
        written
    }
}

impl<S: AsyncRead + Unpin> Read for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> Write for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.counted(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.counted(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(20);

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_is_over_in_time() {
        let begun = tokio::time::Instant::now();
        Progress::default().idle_for(TIME).await;
        assert_eq!(begun.elapsed(), TIME);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_under_way_is_waited_for_and_the_time_begins_anew() {
        let progress = Arc::new(Progress::default());
        let begun = tokio::time::Instant::now();
        let answering = {
            let progress = Arc::clone(&progress);
            tokio::spawn(async move {
                tokio::time::sleep(TIME / 2).await;
                let answering = progress.answer();
                tokio::time::sleep(TIME * 3).await;
                drop(answering);
            })
        };
        progress.idle_for(TIME).await;
        answering.await.unwrap();
        let least = TIME / 2 + TIME * 3 + TIME;
        assert!(
            (least..=least + TIME / LOOKS).contains(&begun.elapsed()),
            "{:?}",
            begun.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_read_slowly_is_progress() {
        let progress = Progress::default();
        let begun = tokio::time::Instant::now();
        tokio::join!(progress.idle_for(TIME), async {
            for _ in 0..10 {
                tokio::time::sleep(TIME / 2).await;
                progress.step();
            }
        });
        assert!(begun.elapsed() >= TIME * 6, "{:?}", begun.elapsed());
    }
}
