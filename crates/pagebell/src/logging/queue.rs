//! The queue between those who log and the one thread that writes the log.
//!
//! Whoever logs never waits for the log: a pipe that nobody reads or a disk that is full or slow
//! costs lines, which are counted, and nothing else.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pagebell_server::DroppedLogLines;
use tracing_subscriber::fmt::MakeWriter;

/// The most lines that wait to be written.
const MOST_LINES: usize = 8_192;

/// The most bytes that wait to be written.
const MOST_BYTES: usize = 4 << 20;

/// About how many bytes are written with one call.
const CHUNK_BYTES: usize = 64 << 10;

/// How long to wait before a write is repeated that would have blocked.
const WOULD_BLOCK_BACKOFF: Duration = Duration::from_millis(10);

/// Lines that wait to be written. Clones share one queue.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Wakes the thread that writes.
    filled: Condvar,
    /// Wakes those who wait until everything is written.
    drained: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Box<[u8]>>,
    bytes: usize,
    /// Whether the thread is writing, so that it looks at the queue again before it waits.
    is_writing: bool,
    /// Lines that were dropped since the start.
    dropped: u64,
    metric: Option<DroppedLogLines>,
}

impl State {
    fn drop_lines(&mut self, lines: u64) {
        self.dropped += lines;
        if let Some(metric) = &self.metric {
            metric.add(lines);
        }
    }
}

impl LogQueue {
    /// Starts the thread that writes to `output`. It ends with the process.
    pub(super) fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Self(Arc::new(Shared {
            state: Mutex::default(),
            filled: Condvar::new(),
            drained: Condvar::new(),
        }));
        let writer = queue.clone();
        std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.write_lines(output))?;
        Ok(queue)
    }

    /// Adds a line, or drops it where there is no room.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.state();
        if state.lines.len() >= MOST_LINES || state.bytes + line.len() > MOST_BYTES {
            state.drop_lines(1);
            return;
        }
        self.add(state, line);
    }

    /// Adds a line, whatever waits already: for the line that says why the process ends.
    pub(super) fn push_last(&self, line: &[u8]) {
        self.add(self.state(), line);
    }

    fn add(&self, mut state: MutexGuard<'_, State>, line: &[u8]) {
        state.bytes += line.len();
        state.lines.push_back(line.into());
        // The thread looks again by itself after each write. Waking it is a system call.
        let wake = !state.is_writing;
        state.is_writing = true;
        drop(state);
        if wake {
            self.0.filled.notify_one();
        }
    }

    /// Waits until everything is written, for so long at most.
    pub(super) fn flush(&self, limit: Duration) {
        let is_busy = |state: &mut State| state.is_writing || !state.lines.is_empty();
        let _written_or_late = self
            .0
            .drained
            .wait_timeout_while(self.state(), limit, is_busy)
            .map(|(state, result)| (drop(state), result));
    }

    /// Counts dropped lines in a metric, those of the past included.
    pub(super) fn count_in(&self, metric: DroppedLogLines) {
        let mut state = self.state();
        metric.add(state.dropped);
        state.metric = Some(metric);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_lines(&self, mut output: impl Write) {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let mut reported = 0;
        // Whether the last thing written is half a line.
        let mut is_torn = false;
        loop {
            let dropped = self.take(&mut chunk, is_torn);
            match write_all(&mut output, &chunk) {
                Ok(()) => {
                    is_torn = false;
                    if dropped > reported {
                        reported = dropped;
                        // It takes the way of every other line. When it is dropped too, then that
                        // is counted, and the next line says so.
                        tracing::warn!(
                            dropped,
                            "log lines were dropped, as stderr could not be written, or not fast \
                             enough; the count is from the start of the server"
                        );
                    }
                }
                Err(written) => {
                    if let Some(last) = chunk[..written].last() {
                        is_torn = *last != b'\n';
                    }
                    self.state().drop_lines(lines_in(&chunk[written..]));
                }
            }
        }
    }

    /// Waits for lines, moves some into `chunk`, and returns how many were dropped so far.
    fn take(&self, chunk: &mut Vec<u8>, is_torn: bool) -> u64 {
        chunk.clear();
        let mut state = self.state();
        while state.lines.is_empty() {
            state.is_writing = false;
            self.0.drained.notify_all();
            state = self
                .0
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.is_writing = true;
        while chunk.len() < CHUNK_BYTES
            && let Some(line) = state.lines.pop_front()
        {
            if chunk.is_empty() && is_torn {
                chunk.push(b'\n');
            }
            state.bytes -= line.len();
            chunk.extend_from_slice(&line);
        }
        state.dropped
    }
}

/// How many lines end in these bytes. A line end that only closes a torn line counts for none.
fn lines_in(bytes: &[u8]) -> u64 {
    let bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Writes all of it; the error is how many bytes were written before one was in the way.
fn write_all(output: &mut impl Write, bytes: &[u8]) -> Result<(), usize> {
    let mut written = 0;
    while written < bytes.len() {
        match output.write(&bytes[written..]) {
            Ok(0) => return Err(written),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                std::thread::park_timeout(WOULD_BLOCK_BACKOFF);
            }
            Err(_) => return Err(written),
        }
    }
    Ok(())
}

impl<'a> MakeWriter<'a> for LogQueue {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// Each call is one line, as tracing-subscriber writes an event.
impl Write for &LogQueue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    /// An output whose writes wait until the test says how they end.
    struct Scripted {
        answers: Receiver<io::Result<usize>>,
        written: Sender<String>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let answer = self.answers.recv().unwrap_or(Ok(usize::MAX));
            let count = answer?.min(bytes.len());
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            self.written.send(text).ok();
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn scripted() -> (LogQueue, Sender<io::Result<usize>>, Receiver<String>) {
        let (answer, answers) = channel();
        let (written, seen) = channel();
        let queue = LogQueue::start(Scripted { answers, written }).unwrap();
        (queue, answer, seen)
    }

    #[test]
    fn a_queue_is_bounded_in_lines_and_in_bytes_and_counts_what_it_drops() {
        let (queue, answer, _seen) = scripted();
        // The thread takes the first line and stays with it.
        queue.push(b"first\n");
        while !queue.state().lines.is_empty() {
            std::thread::yield_now();
        }
        for _ in 0..MOST_LINES + 3 {
            queue.push(b"x\n");
        }
        assert_eq!(queue.state().lines.len(), MOST_LINES);
        assert_eq!(queue.state().dropped, 3);
        let metric = DroppedLogLines::default();
        queue.count_in(metric.clone());
        queue.push(b"x\n");
        assert_eq!(metric.count(), 4);
        drop(answer);
        queue.flush(LIMIT);
        assert_eq!(queue.state().bytes, 0);

        let (queue, _answer, _seen) = scripted();
        queue.push(b"first\n");
        let long = vec![b'x'; 1 << 20];
        for _ in 0..6 {
            queue.push(&long);
        }
        assert!(queue.state().bytes <= MOST_BYTES);
        assert!(queue.state().dropped >= 1);
    }

    #[test]
    fn an_output_that_nobody_reads_does_not_hold_the_end() {
        let (queue, _answer, _seen) = scripted();
        queue.push(b"line\n");
        queue.push_last(b"last\n");
        queue.flush(Duration::from_millis(10));
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_a_torn_one_is_closed() {
        let (queue, answer, seen) = scripted();
        queue.push(b"torn\n");
        answer.send(Ok(2)).unwrap();
        answer.send(Err(ErrorKind::StorageFull.into())).unwrap();
        assert_eq!(seen.recv_timeout(LIMIT).unwrap(), "to");
        queue.flush(LIMIT);
        assert_eq!(queue.state().dropped, 1);
        queue.push(b"lost\n");
        answer.send(Err(ErrorKind::BrokenPipe.into())).unwrap();
        queue.flush(LIMIT);
        assert_eq!(queue.state().dropped, 2);
        queue.push(b"whole\n");
        answer.send(Err(ErrorKind::WouldBlock.into())).unwrap();
        answer.send(Err(ErrorKind::Interrupted.into())).unwrap();
        answer.send(Ok(usize::MAX)).unwrap();
        assert_eq!(seen.recv_timeout(LIMIT).unwrap(), "\nwhole\n");
        queue.flush(LIMIT);
        assert_eq!(queue.state().dropped, 2);
    }
}
