//! How a server is set up. The defaults of every limit stand here and nowhere else.

use std::time::Duration;

use call_settings::{CallSettings, HoursLimits, PageId};
use graph_api::{Edge, GraphVersion};
use settings_store::TokenId;

/// Which behaviour the server shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// The live API's, with our extensions.
    #[default]
    Graph,
    /// The published page's, to the letter: all three credentials, flat errors, three statuses and
    /// nothing but the two endpoints.
    Reference,
}

impl Profile {
    /// The edges that a Page has.
    pub const fn edges(self) -> &'static [Edge] {
        match self {
            Self::Graph => &Edge::ALL,
            Self::Reference => &Edge::PUBLISHED,
        }
    }
}

/// How a server is set up.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// Which behaviour it shows.
    pub profile: Profile,
    /// Whether a Page that is not known is added on its first use.
    pub create_pages: bool,
    /// A token of many Pages, and the one of them that `me` means to it.
    pub page_of_token: Option<(TokenId, PageId)>,
    /// The version that requests without one are served as; `None`: the newest.
    pub default_version: Option<GraphVersion>,
    /// The settings of a Page that was never configured.
    pub default_settings: CallSettings,
    /// How many entries a day of the call hours may have.
    pub hours_limits: HoursLimits,
    /// What requests are held to.
    pub limits: Limits,
    /// Whether every request is logged, not only those that fail by a fault of the server.
    pub access_log: bool,
}

/// What requests and memory are held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body of a request, in bytes.
    pub body_bytes: usize,
    /// The largest body of a batch, in bytes.
    pub batch_body_bytes: usize,
    /// The most headers of a request.
    pub header_count: usize,
    /// The largest address and headers of a request together, in bytes.
    pub header_bytes: usize,
    /// The most memory that unfinished heads may hold in all connections together, in bytes. A
    /// single one is bounded by `header_bytes`, or by 64 KiB where that is more.
    pub unfinished_head_bytes: usize,
    /// The most memory that request bodies may hold in all connections together, until their
    /// requests are answered, in bytes.
    pub unfinished_body_bytes: usize,
    /// The most memory that answers may hold in all connections together, until their callers
    /// have taken them, in bytes.
    pub unread_answer_bytes: usize,
    /// The most bytes of the answers of a batch that are over 64 KiB, together.
    pub batch_answer_bytes: usize,
    /// How long the headers of a request may take, and how long a connection may be idle.
    pub header_time: Duration,
    /// How long the body of a request may take, and how long its answer.
    pub request_time: Duration,
    /// The most connections at a time; more take the place of idle ones, or wait until there is
    /// room.
    pub connections: usize,
    /// How long the server goes on answering after it was told to stop, while `/readyz` says that
    /// it does: until whoever sends requests has looked there.
    pub drain_time: Duration,
    /// How long a stop may take in all, after the drain time: requests under way get most of it,
    /// and the store the rest.
    pub stop_time: Duration,
    /// The most memory for prepared answers, in bytes.
    pub cache_bytes: u64,
    /// The most access tokens kept in memory.
    pub cached_tokens: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            batch_body_bytes: 1024 * 1024,
            header_count: 64,
            header_bytes: 16 * 1024,
            unfinished_head_bytes: 64 * 1024 * 1024,
            unfinished_body_bytes: 64 * 1024 * 1024,
            unread_answer_bytes: 64 * 1024 * 1024,
            batch_answer_bytes: 4 * 1024 * 1024,
            header_time: Duration::from_secs(30),
            request_time: Duration::from_secs(30),
            connections: 10_000,
            drain_time: Duration::ZERO,
            stop_time: Duration::from_secs(10),
            cache_bytes: 256 * 1024 * 1024,
            cached_tokens: 100_000,
        }
    }
}

impl Configuration {
    /// The version that requests without one are served as.
    pub fn version_of_unversioned(&self) -> GraphVersion {
        self.default_version.unwrap_or(GraphVersion::NEWEST)
    }
}
