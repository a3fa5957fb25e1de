//! Updates at a fixed rate: what a caller waits for while the server is not saturated.
//!
//! wrk asks anew as soon as it is answered, so at one core's limit its percentiles tell of the
//! queue. Here every request has a time at which it is due, whatever became of the others, and its
//! latency counts from then: a server that stalls is charged for all that it kept waiting.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, anyhow, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::bench::work::{Figures, Load, Work};

/// How far ahead of a due request the waiting is done without sleep, since sleep ends late.
const AWAKE: Duration = Duration::from_micros(150);
/// How long answers may take after the last request was due.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than any load asks for, so that runs do not share documents.
const DOCUMENTS_PER_SECOND: u64 = 200_000;
const FIRST_PAGE: u64 = 2_000_000_000;
const PAGES: u64 = 1000;
const SUCCESS: &[u8] = br#"{"result":"success"}"#;
const DAYS: [&str; 5] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"];

/// Durable updates, each due at its own time.
#[derive(Debug)]
pub(crate) struct PacedPosts {
    pub(crate) contender: &'static str,
    pub(crate) address: SocketAddr,
    /// The whole header, `Authorization: ...`.
    pub(crate) authorization: String,
    pub(crate) connections: u32,
    pub(crate) per_second: u32,
}

impl Work for PacedPosts {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn contender(&self) -> &'static str {
        self.contender
    }

    fn connections(&self) -> u32 {
        self.connections
    }

    fn run(&self, load: Load) -> anyhow::Result<Figures> {
        let measure = || {
            let mut core = CpuSet::new();
            core.set(load.cores.load);
            // Of this thread alone.
            sched_setaffinity(None, &core)?;
            self.measure(load.seconds)
        };
        thread::scope(|scope| scope.spawn(measure).join())
            .map_err(|_| anyhow!("the load panicked"))?
            .context("no figures for paced POSTs")
    }
}

impl PacedPosts {
    pub(crate) const NAME: &str = "durable POST, paced";

    fn measure(&self, seconds: u32) -> anyhow::Result<Figures> {
        let total = self.per_second * seconds;
        let due = |number: u32| Duration::from_secs(1) * number / self.per_second;
        let mut connections = (0..self.connections)
            .map(|_| Connection::open(self.address))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut idle: VecDeque<usize> = (0..connections.len()).collect();
        let mut latencies = Vec::new();
        let mut sent = 0;
        // Another document for every request of every run, so that each changes something.
        let first_document = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)?
            .as_secs()
            * DOCUMENTS_PER_SECOND;

        let start = Instant::now();
        while sent < total || idle.len() < connections.len() {
            while sent < total && due(sent) <= start.elapsed() {
                let Some(place) = idle.pop_front() else {
                    break;
                };
                let request = self.request(first_document + u64::from(sent));
                connections[place].send(&request, due(sent))?;
                sent += 1;
            }
            let pause = if sent == total {
                PATIENCE
            } else {
                let early = if idle.is_empty() { PATIENCE } else { due(sent) };
                early.saturating_sub(start.elapsed()).saturating_sub(AWAKE)
            };
            for place in readable(&connections, pause)? {
                if connections[place].receive()? {
                    let due = connections[place].asked.take();
                    latencies.extend(due.map(|due| start.elapsed().saturating_sub(due)));
                    idle.push_back(place);
                }
            }
            if start.elapsed() > due(total) + PATIENCE {
                bail!("{} of {total} answers are missing", total - sent);
            }
        }
        let rate = f64::from(total) / start.elapsed().as_secs_f64();
        Figures::of(latencies, rate).context("nothing was asked")
    }

    fn request(&self, document: u64) -> String {
        let body = call_hours(document);
        format!(
            "POST /v26.0/{}/messenger_call_settings HTTP/1.1\r\nhost: {}\r\n{}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            FIRST_PAGE + document % PAGES,
            self.address,
            self.authorization,
            body.len()
        )
    }
}

/// The same document as `post_call_hours.lua` makes of the number.
fn call_hours(mut number: u64) -> String {
    let week = DAYS.map(|day| {
        let minute = number % 60;
        number /= 60;
        format!(r#"{{"day_of_week":"{day}","open_time":"0900","close_time":"18{minute:02}"}}"#)
    });
    format!(
        r#"{{"call_hours":{{"timezone_id":"Europe/Berlin","weekly_operating_hours":[{}]}}}}"#,
        week.join(",")
    )
}

/// Waits, at most for `pause`, until one of the asked connections has something to read.
fn readable(connections: &[Connection], pause: Duration) -> anyhow::Result<Vec<usize>> {
    let asked: Vec<usize> = (0..connections.len())
        .filter(|place| connections[*place].asked.is_some())
        .collect();
    let mut waiting: Vec<PollFd<'_>> = asked
        .iter()
        .map(|place| PollFd::new(&connections[*place].stream, PollFlags::IN))
        .collect();
    poll(&mut waiting, Some(&Timespec::try_from(pause)?))?;
    let ready = asked.iter().zip(&waiting);
    Ok(ready
        .filter(|(_, state)| !state.revents().is_empty())
        .map(|(place, _)| *place)
        .collect())
}

/// A connection that is kept open, with one request at a time.
#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
    /// When the request that is under way was due, since the start.
    asked: Option<Duration>,
}

impl Connection {
    fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            answer: Vec::new(),
            asked: None,
        })
    }

    fn send(&mut self, request: &str, due: Duration) -> anyhow::Result<()> {
        self.stream.write_all(request.as_bytes())?;
        self.asked = Some(due);
        Ok(())
    }

    /// Reads what has come; whether that completes the answer. A wrong answer is an error.
    fn receive(&mut self) -> anyhow::Result<bool> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => bail!("the server closed a connection"),
            Ok(count) => self.answer.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let complete = is_success(&self.answer)?;
        if complete {
            self.answer.clear();
        }
        Ok(complete)
    }
}

/// Whether an answer is complete; one that says anything but success is an error.
fn is_success(answer: &[u8]) -> anyhow::Result<bool> {
    let separator = b"\r\n\r\n";
    let Some(end) = answer
        .windows(separator.len())
        .position(|window| window == separator)
    else {
        return Ok(false);
    };
    let body = &answer[end + separator.len()..];
    let right = answer.starts_with(b"HTTP/1.1 200 ") && SUCCESS.starts_with(body);
    if !right {
        bail!("a wrong answer: {}", String::from_utf8_lossy(answer));
    }
    Ok(body.len() == SUCCESS.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_body_and_wrong_with_another() {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n";
        let seen = |text: &str| is_success(text.as_bytes()).ok();
        assert_eq!(seen("HTTP/1.1 200 OK\r\ncontent"), Some(false));
        assert_eq!(seen(&format!("{head}{{\"resu")), Some(false));
        assert_eq!(
            seen(&format!("{head}{{\"result\":\"success\"}}")),
            Some(true)
        );
        assert_eq!(seen(&format!("{head}{{\"result\":\"failure\"}}")), None);
        assert_eq!(seen(&head.replace("200", "503")), None);
    }

    #[test]
    fn each_number_has_a_document_of_its_own() {
        assert_eq!(call_hours(59).matches("1800").count(), 4);
        assert!(call_hours(61).contains(r#""TUESDAY","open_time":"0900","close_time":"1801""#));
        assert_ne!(call_hours(60), call_hours(0));
    }
}
