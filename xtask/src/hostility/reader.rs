//! Callers that mean well: they read at a fixed pace, whatever the server does, and take the time
//! from when a read was due. A read that had to wait for the one before it has waited.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::hostility::connection::{Answer, Connection};
use crate::hostility::victim::{EDGE, Target};

/// Callers that keep their connections.
const KEPT: u32 = 8;
/// Reads of all of them together in a second.
const READS_A_SECOND: u32 = 500;
/// Reads a second on connections of their own.
const NEWCOMERS_A_SECOND: u32 = 50;

/// Callers that read until they are stopped.
#[derive(Debug)]
pub(crate) struct Readers {
    stop: Arc<AtomicBool>,
    kept: Vec<JoinHandle<Vec<Read>>>,
    newcomer: JoinHandle<Vec<Read>>,
}

/// What callers saw.
#[derive(Debug)]
pub(crate) struct Reads {
    kept: Vec<Read>,
    newcomers: Vec<Read>,
}

#[derive(Debug)]
struct Read {
    due: Instant,
    took: Duration,
    failure: Option<String>,
}

/// How reads fared over some time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fared {
    pub(crate) count: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) most: Duration,
    pub(crate) failures: usize,
    pub(crate) first_failure: Option<String>,
}

/// What a caller asks, and the answer that is right.
#[derive(Debug, Clone)]
struct Question {
    address: SocketAddr,
    request: String,
    right: Vec<u8>,
}

impl Readers {
    pub(crate) fn start(target: &Target) -> anyhow::Result<Self> {
        // A Page that no attack writes to.
        let edge = EDGE.replace("1234567890", "4711");
        let request = target.request(&edge, None);
        let right = Connection::open(target.address)?
            .ask(&request)?
            .success()?
            .body;
        let question = Question {
            address: target.address,
            request,
            right,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let begun = Instant::now();
        let reader = |pace: Duration, offset: Duration, keeps: bool| {
            let (stop, question) = (Arc::clone(&stop), question.clone());
            thread::spawn(move || question.read_at_pace(&stop, begun + offset, pace, keeps))
        };
        let pace = Duration::from_secs(1) * KEPT / READS_A_SECOND;
        Ok(Self {
            kept: (0..KEPT)
                .map(|number| reader(pace, pace * number / KEPT, true))
                .collect(),
            newcomer: reader(
                Duration::from_secs(1) / NEWCOMERS_A_SECOND,
                Duration::ZERO,
                false,
            ),
            stop,
        })
    }

    pub(crate) fn stop(self) -> Reads {
        self.stop.store(true, Ordering::Relaxed);
        let reads_of =
            |thread: JoinHandle<Vec<Read>>| thread.join().expect("a reader never panics");
        Reads {
            kept: self.kept.into_iter().flat_map(reads_of).collect(),
            newcomers: reads_of(self.newcomer),
        }
    }
}

impl Question {
    fn read_at_pace(
        &self,
        stop: &AtomicBool,
        begun: Instant,
        pace: Duration,
        keeps: bool,
    ) -> Vec<Read> {
        let mut reads = Vec::new();
        let mut connection = None;
        let mut due = begun;
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let failure = self.ask(&mut connection).err();
            if !keeps || failure.is_some() {
                connection = None;
            }
            reads.push(Read {
                due,
                took: due.elapsed(),
                failure: failure.map(|error| format!("{error:#}")),
            });
            due += pace;
        }
        reads
    }

    fn ask(&self, connection: &mut Option<Connection>) -> anyhow::Result<()> {
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(Connection::open(self.address)?),
        };
        let Answer { body, .. } = connection.ask(&self.request)?.success()?;
        anyhow::ensure!(body == self.right, "answered with something else");
        Ok(())
    }
}

impl Reads {
    /// Reads on kept connections that were due in this time.
    pub(crate) fn between(&self, from: Instant, until: Instant) -> Fared {
        fared(&self.kept, from, until)
    }

    /// The same for reads on connections of their own.
    pub(crate) fn newcomers_between(&self, from: Instant, until: Instant) -> Fared {
        fared(&self.newcomers, from, until)
    }
}

fn fared(reads: &[Read], from: Instant, until: Instant) -> Fared {
    let reads: Vec<&Read> = reads
        .iter()
        .filter(|read| (from..until).contains(&read.due))
        .collect();
    let mut times: Vec<Duration> = reads.iter().map(|read| read.took).collect();
    times.sort_unstable();
    let at = |percent: usize| {
        let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(place).copied().unwrap_or_default()
    };
    let mut failures = reads.iter().filter_map(|read| read.failure.as_ref());
    Fared {
        count: reads.len(),
        p50: at(50),
        p99: at(99),
        most: at(100),
        failures: failures.clone().count(),
        first_failure: failures.next().cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_that_were_due_then_count() {
        let begun = Instant::now();
        let milliseconds = Duration::from_millis;
        let reads: Vec<Read> = (0..200)
            .map(|number| Read {
                due: begun + milliseconds(number),
                took: milliseconds(number),
                failure: (number == 150).then(|| "late".to_owned()),
            })
            .collect();
        let seen = fared(&reads, begun, begun + milliseconds(100));
        assert_eq!((seen.count, seen.failures), (100, 0));
        assert_eq!(seen.p50, milliseconds(49));
        assert_eq!(seen.p99, milliseconds(98));
        assert_eq!(seen.most, milliseconds(99));
        let seen = fared(&reads, begun + milliseconds(100), begun + milliseconds(200));
        assert_eq!(seen.first_failure.as_deref(), Some("late"));
        assert_eq!(fared(&reads, begun, begun).count, 0);
    }
}
