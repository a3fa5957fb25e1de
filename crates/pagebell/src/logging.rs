//! Logs, to stderr: one line an event, as text or JSON. A thread of its own writes them, so that a
//! log that cannot be written never stops, slows or breaks anything else.

mod queue;

use std::io::{self, Write, stderr};
use std::sync::OnceLock;
use std::time::Duration;

use clap::ValueEnum;
use pagebell_server::DroppedLogLines;
use serde::Deserialize;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::queue::LogQueue;

/// How long the end of the process waits for the log at most.
const FLUSH_LIMIT: Duration = Duration::from_millis(500);

/// What is logged at the levels `debug` and `trace`. Other crates would write into the log at these
/// what Pagebell keeps out of it: the parameters of statements, headers, secrets.
const OWN_TARGETS: [&str; 5] = [
    "bounded_copies",
    "pagebell",
    "pagebell_server",
    "store_postgres",
    "store_sqlite",
];

/// The log of this process, like the subscriber of `tracing`. Only `serve` has one.
static QUEUE: OnceLock<LogQueue> = OnceLock::new();

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// The least important events that are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the usual names")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// Starts logging for the process.
pub(crate) fn start(format: LogFormat, level: LogLevel) -> io::Result<()> {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let queue = LogQueue::start(stderr())?;
    let builder = tracing_subscriber::fmt()
        .with_writer(QUEUE.get_or_init(|| queue).clone())
        .log_internal_errors(false)
        .with_max_level(level)
        .with_target(false);
    let others = level.min(LevelFilter::INFO);
    let filter = Targets::new()
        .with_default(others)
        .with_targets(OWN_TARGETS.map(|target| (target, level)));
    match format {
        LogFormat::Text => builder.with_ansi(false).finish().with(filter).init(),
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true);
            builder.finish().with(filter).init();
        }
    }
    std::panic::set_hook(Box::new(|panic| {
        // The default hook writes to stderr itself, where it would wait for a pipe that is full.
        let message = panic.payload_as_str().unwrap_or("no message");
        let location = panic.location().map(ToString::to_string);
        let location = location.unwrap_or_else(|| "an unknown place".to_owned());
        tracing::error!(
            thread = std::thread::current().name().unwrap_or("unnamed"),
            "panicked at {location}: {message}"
        );
    }));
    Ok(())
}

/// Counts dropped log lines in a metric.
pub(crate) fn count_dropped_lines_in(metric: DroppedLogLines) {
    if let Some(queue) = QUEUE.get() {
        queue.count_in(metric);
    }
}

/// Writes the line that says why the process ends.
pub(crate) fn write_last_line(line: &str) {
    match QUEUE.get() {
        Some(queue) => queue.push_last(format!("{line}\n").as_bytes()),
        None => write_notice(line),
    }
}

/// Waits for a short time at most until the log is written.
pub(crate) fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush(FLUSH_LIMIT);
    }
}

/// Writes a line for the person who runs a command. What the command does goes on without it.
pub(crate) fn write_notice(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}
