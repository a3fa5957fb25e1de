//! What operators measure, in the Prometheus text format.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use graph_api::Edge;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use settings_store::CommitReport;

use crate::Pagebell;
use crate::request::{GraphResponse, Surface};

/// Every metric of a server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_time: Family<SurfaceLabels, Histogram, fn() -> Histogram>,
    commit_size: Histogram,
    commit_time: Histogram,
    pub(crate) page_copies: CopyMetrics,
    pub(crate) token_copies: CopyMetrics,
    pub(crate) connections: Gauge,
    dropped_log_lines: DroppedLogLines,
    /// Of the requests that nearly all are: reads and updates that succeed.
    usual: [Usual; 2],
}

/// The metrics of one kind of request, found once instead of each time.
struct Usual {
    method: http::Method,
    requests: Counter,
    time: Histogram,
}

/// How often a copy was at hand.
#[derive(Default)]
pub(crate) struct CopyMetrics {
    hits: Counter<u64, AtomicU64>,
    misses: Counter<u64, AtomicU64>,
}

/// Counts log lines that were dropped. The program that writes the log counts them; clones share
/// one count.
#[derive(Clone, Debug, Default)]
pub struct DroppedLogLines(Counter<u64, AtomicU64>);

impl DroppedLogLines {
    /// Counts so many more lines.
    pub fn add(&self, lines: u64) {
        self.0.inc_by(lines);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.get()
    }
}

impl Pagebell {
    /// The count of dropped log lines that `/metrics` shows.
    pub fn dropped_log_lines(&self) -> DroppedLogLines {
        self.metrics.dropped_log_lines.clone()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    edge: &'static str,
    method: &'static str,
    status: u16,
    /// The error's code, 0 for none.
    code: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SurfaceLabels {
    edge: &'static str,
    method: &'static str,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl CopyMetrics {
    pub(crate) fn hit(&self) {
        self.hits.inc();
    }

    pub(crate) fn miss(&self) {
        self.misses.inc();
    }
}

/// Seconds, from 25 µs to 10 s: a read from memory is at the lower end, a stuck disk at the upper.
const REQUEST_BUCKETS: [f64; 14] = [
    0.000_025, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0,
    10.0,
];

fn request_histogram() -> Histogram {
    Histogram::new(REQUEST_BUCKETS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("pagebell");
        let requests = Family::<RequestLabels, Counter>::default();
        registry.register(
            "requests",
            "Answered Graph requests by edge, method, HTTP status and error code (0: no error)",
            requests.clone(),
        );
        let request_time =
            Family::<SurfaceLabels, Histogram, fn() -> Histogram>::new_with_constructor(
                request_histogram,
            );
        registry.register_with_unit(
            "request_duration",
            "Time from a whole request to its answer",
            Unit::Seconds,
            request_time.clone(),
        );
        let commit_size =
            Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]);
        registry.register(
            "commit_writes",
            "Updates that shared one commit",
            commit_size.clone(),
        );
        let commit_time = request_histogram();
        registry.register_with_unit(
            "commit_duration",
            "Time of a commit until it was on disk",
            Unit::Seconds,
            commit_time.clone(),
        );
        let page_copies = CopyMetrics::default();
        let token_copies = CopyMetrics::default();
        for (name, copies) in [("page", &page_copies), ("token", &token_copies)] {
            registry.register(
                format!("{name}_cache_hits"),
                "Look-ups answered from memory",
                copies.hits.clone(),
            );
            registry.register(
                format!("{name}_cache_misses"),
                "Look-ups that asked the store",
                copies.misses.clone(),
            );
        }
        let connections = Gauge::default();
        registry.register("connections", "Open connections", connections.clone());
        let dropped_log_lines = DroppedLogLines::default();
        registry.register(
            "log_lines_dropped",
            "Log lines that were dropped, as stderr could not be written or not fast enough",
            dropped_log_lines.0.clone(),
        );
        let usual = [http::Method::GET, http::Method::POST].map(|method| {
            let labels = SurfaceLabels {
                edge: Edge::MessengerCallSettings.name(),
                method: method_label(&method),
            };
            Usual {
                requests: requests
                    .get_or_create(&RequestLabels {
                        edge: labels.edge,
                        method: labels.method,
                        status: 200,
                        code: 0,
                    })
                    .clone(),
                time: request_time.get_or_create(&labels).clone(),
                method,
            }
        });
        Self {
            registry,
            requests,
            request_time,
            commit_size,
            commit_time,
            page_copies,
            token_copies,
            connections,
            dropped_log_lines,
            usual,
        }
    }
}

impl Metrics {
    pub(crate) fn observe_response(
        &self,
        method: &http::Method,
        response: &GraphResponse,
        time: Duration,
    ) {
        if response.surface == Surface::Edge(Edge::MessengerCallSettings)
            && response.status == 200
            && let Some(usual) = self.usual.iter().find(|usual| usual.method == method)
        {
            usual.requests.inc();
            usual.time.observe(time.as_secs_f64());
            return;
        }
        let edge = response.surface.name();
        let method = method_label(method);
        self.requests
            .get_or_create(&RequestLabels {
                edge,
                method,
                status: response.status,
                code: response.error.map_or(0, |id| id.entry().code),
            })
            .inc();
        self.request_time
            .get_or_create(&SurfaceLabels { edge, method })
            .observe(time.as_secs_f64());
    }

    pub(crate) fn observe_commit(&self, report: CommitReport) {
        let writes = u32::try_from(report.writes).unwrap_or(u32::MAX);
        self.commit_size.observe(f64::from(writes));
        self.commit_time.observe(report.duration.as_secs_f64());
    }

    /// All metrics as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing to a string");
        text
    }
}

/// Methods by name, but only those that are known: labels from outside would grow without bound.
fn method_label(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "HEAD" => "HEAD",
        "DELETE" => "DELETE",
        "PUT" => "PUT",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}
