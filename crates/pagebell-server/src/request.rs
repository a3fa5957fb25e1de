//! A request and a response of the Graph surface, without their transport.

use std::fmt;

use bytes::Bytes;
use graph_api::batch::HeaderPair;
use graph_api::catalogue::ErrorId;
use graph_api::{Edge, GraphVersion, TraceIds};
use http::Method;
use settings_store::Revision;

use crate::Conditions;

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct GraphRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// The query without its `?`; empty where there is none.
    pub query: &'a str,
    /// The header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Which revision the Page must be at (ours).
    pub conditions: Conditions<'a>,
    /// The origin that the caller knows this server by, for addresses in answers.
    pub origin: Origin<'a>,
    /// The body; empty where there is none.
    pub body: &'a Bytes,
}

/// The scheme, host and port that a caller knows a server by.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Whether the scheme is https.
    pub is_secure: bool,
    /// The header `Host`: host, and port where it is not the scheme's own.
    pub host: &'a str,
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.host)
    }
}

/// A response. Its transport adds the headers that every Graph answer has.
#[derive(Clone, Debug)]
pub struct GraphResponse {
    /// The HTTP status.
    pub status: u16,
    /// The version that the request was served as.
    pub version: GraphVersion,
    /// The ids of the request.
    pub trace: TraceIds,
    /// The value of `WWW-Authenticate`, on errors.
    pub www_authenticate: Option<String>,
    /// The body: JSON.
    pub body: Bytes,
    /// The revision of the Page whose settings were read or updated (ours).
    pub revision: Option<Revision>,
    /// What was asked for, for the metrics.
    pub surface: Surface,
    /// Which error it is, for metrics and log; `None`: it is none.
    pub error: Option<ErrorId>,
}

/// A part of the Graph surface, as metrics tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Surface {
    /// A Page itself.
    Page,
    /// An edge of a Page.
    Edge(Edge),
    /// The root, which takes batches.
    Batch,
    /// `debug_token`.
    DebugToken,
    /// What steers the server itself.
    Control,
    /// A path that leads nowhere, or a request that was refused before its path was looked at.
    Unknown,
}

impl Surface {
    /// The name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Edge(edge) => edge.name(),
            Self::Batch => "batch",
            Self::DebugToken => "debug_token",
            Self::Control => "control",
            Self::Unknown => "unknown",
        }
    }
}

/// The header with the revision of a Page (ours).
pub(crate) const REVISION_HEADER: &str = "pagebell-revision";

/// The header with the revision that a read must have reached (ours).
pub(crate) const REVISION_AT_LEAST_HEADER: &str = "pagebell-revision-at-least";

/// What an operation answers when it succeeds.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) revision: Option<Revision>,
}

impl From<Bytes> for Answer {
    fn from(body: Bytes) -> Self {
        Self {
            body,
            revision: None,
        }
    }
}

/// The content type of every Graph answer.
pub(crate) const CONTENT_TYPE: &str = "application/json; charset=UTF-8";

impl GraphResponse {
    /// The headers that the response has as an operation of a batch.
    pub(crate) fn header_pairs(&self) -> Vec<HeaderPair> {
        let pair = |name: &str, value: &str| HeaderPair {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let mut pairs = vec![
            pair("Content-Type", CONTENT_TYPE),
            pair("facebook-api-version", self.version.name()),
            pair("x-fb-request-id", self.trace.request_id()),
            pair("x-fb-trace-id", self.trace.trace_id()),
            pair("Cache-Control", "no-store"),
            pair("Access-Control-Allow-Origin", "*"),
        ];
        if let Some(revision) = self.revision {
            pairs.push(pair(REVISION_HEADER, &revision.get().to_string()));
        }
        if let Some(value) = &self.www_authenticate {
            pairs.push(pair("WWW-Authenticate", value));
        }
        pairs
    }
}
