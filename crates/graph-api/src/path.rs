//! Paths of the Graph surface.

use std::borrow::Cow;

use call_settings::{PageId, PageIdError, excerpt};
use percent_encoding::percent_decode_str;

use crate::error::GraphError;
use crate::version::GraphVersion;

/// An edge of a Page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edge {
    /// `messenger_call_settings` (reference).
    MessengerCallSettings,
    /// `messenger_call_availability` (ours).
    MessengerCallAvailability,
    /// `messenger_call_settings_history` (ours).
    MessengerCallSettingsHistory,
    /// `business_messaging_feature_status` (guide).
    BusinessMessagingFeatureStatus,
}

impl Edge {
    /// The edges of the reference page.
    pub const PUBLISHED: [Self; 1] = [Self::MessengerCallSettings];

    /// Every edge.
    pub const ALL: [Self; 4] = [
        Self::MessengerCallSettings,
        Self::MessengerCallAvailability,
        Self::MessengerCallSettingsHistory,
        Self::BusinessMessagingFeatureStatus,
    ];

    /// The name as it stands in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MessengerCallSettings => "messenger_call_settings",
            Self::MessengerCallAvailability => "messenger_call_availability",
            Self::MessengerCallSettingsHistory => "messenger_call_settings_history",
            Self::BusinessMessagingFeatureStatus => "business_messaging_feature_status",
        }
    }
}

/// The object that a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A Page by its id.
    Page(PageId),
    /// `me`: the one Page that the token covers.
    Me,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// The root, to which batches are posted.
    Root,
    /// `debug_token`.
    DebugToken,
    /// `control/...`: what steers the server itself (ours). It has the rest of the path, and no
    /// version before it.
    Control(String),
    /// An object alone.
    Object(Node),
    /// An edge of an object.
    Edge(Node, Edge),
    /// A name that is no object, or a path under an object that is no edge. `tail` is the part
    /// behind the first segment, without a leading slash; empty where there is none.
    Unknown {
        /// The object, as written.
        node: Cow<'a, str>,
        /// What stands behind it.
        tail: String,
    },
}

/// A path taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphPath<'a> {
    /// The version to serve; `None` where the path names none.
    pub version: Option<GraphVersion>,
    /// What the path leads to.
    pub route: Route<'a>,
}

impl<'a> GraphPath<'a> {
    /// Takes the path of a request apart. Empty segments count for nothing: clients double slashes
    /// and end with one.
    pub fn parse(method: &http::Method, path: &'a str) -> Result<Self, GraphError> {
        let mut segments = Segments { rest: path };
        let mut next = segments.next();
        let mut version = None;
        if let Some(segment) = &next {
            match GraphVersion::from_segment(segment) {
                Some(Ok(found)) => {
                    version = Some(found);
                    next = segments.next();
                }
                Some(Err(_unserved)) => return Err(unknown_version(segment, segments)),
                None if is_mistyped_version(segment) => {
                    return Err(unknown_version(segment, segments));
                }
                None => {}
            }
        }
        let Some(first) = next else {
            let route = Route::Root;
            return Ok(Self { version, route });
        };
        let is_edge = |segment: &str| Edge::ALL.into_iter().find(|edge| edge.name() == segment);
        // Nearly every request ends here, with nothing allocated.
        let mut ahead = segments.clone();
        if let Some(edge) = ahead.next().and_then(|second| is_edge(&second))
            && ahead.next().is_none()
            && (version.is_some() || first != "control")
        {
            let route = Route::Edge(Node::parse(method, &first)?, edge);
            return Ok(Self { version, route });
        }
        let rest: Vec<Cow<'_, str>> = segments.collect();
        let route = match (&*first, rest.as_slice()) {
            ("debug_token", []) => Route::DebugToken,
            ("control", rest) if version.is_none() => Route::Control(excerpt(&rest.join("/"))),
            // An address whose id was left empty.
            (edge, []) if is_edge(edge).is_some() => return Err(GraphError::no_node(false)),
            (object, []) if Node::is_object(object) => Route::Object(Node::parse(method, object)?),
            _ => unknown(first, &rest),
        };
        Ok(Self { version, route })
    }
}

impl Node {
    /// Whether a segment has the form of an object: `me`, or a number.
    pub fn is_object(segment: &str) -> bool {
        segment == "me" || segment.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn parse(method: &http::Method, segment: &str) -> Result<Self, GraphError> {
        if segment == "me" {
            return Ok(Self::Me);
        }
        match segment.parse::<PageId>() {
            Ok(page_id) => Ok(Self::Page(page_id)),
            // A number over 64 bits names no object, as any number that was never given out.
            Err(PageIdError::TooLarge) => {
                Err(GraphError::object_missing(method, &excerpt(segment)))
            }
            Err(PageIdError::NotDecimal) => Err(GraphError::unknown_alias(&excerpt(segment))),
        }
    }
}

/// The segments of a path without their percent-encoding; empty ones are left out.
#[derive(Clone)]
struct Segments<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Segments<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        let is_slash = |byte: u8| byte == b'/';
        let start = self.rest.bytes().position(|byte| !is_slash(byte))?;
        let text = &self.rest[start..];
        let end = text.bytes().position(is_slash).unwrap_or(text.len());
        let (segment, rest) = text.split_at(end);
        self.rest = rest;
        Some(if segment.bytes().any(|byte| byte == b'%') {
            percent_decode_str(segment).decode_utf8_lossy()
        } else {
            Cow::Borrowed(segment)
        })
    }
}

fn unknown<'a>(node: Cow<'a, str>, rest: &[Cow<'_, str>]) -> Route<'a> {
    Route::Unknown {
        node,
        tail: excerpt(&rest.join("/")),
    }
}

/// Whether a segment was likely meant as a version: `26.0`, `V26.0`, `v26`. No id looks so.
fn is_mistyped_version(segment: &str) -> bool {
    let digits_and_dots = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_digit())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    match segment.strip_prefix(['v', 'V']) {
        Some(number) => digits_and_dots(number),
        None => segment.contains('.') && digits_and_dots(segment),
    }
}

fn unknown_version<'a>(segment: &str, rest: impl Iterator<Item = Cow<'a, str>>) -> GraphError {
    let rest: Vec<_> = rest.collect();
    GraphError::unknown_version(&excerpt(segment), &format!("/{}", excerpt(&rest.join("/"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings_of(number: u64) -> Route<'static> {
        Route::Edge(Node::Page(PageId::new(number)), Edge::MessengerCallSettings)
    }

    #[test]
    fn lawful_paths() {
        let v26 = GraphVersion::named("v26.0");
        let cases = [
            ("/v26.0/123/messenger_call_settings", v26, settings_of(123)),
            (
                "/v26.0//123/messenger_call_settings/",
                v26,
                settings_of(123),
            ),
            ("/123/messenger_call_settings", None, settings_of(123)),
            (
                "/v2.0/123/messenger_call_settings",
                Some(GraphVersion::OLDEST),
                settings_of(123),
            ),
            (
                "/me/messenger_call_settings",
                None,
                Route::Edge(Node::Me, Edge::MessengerCallSettings),
            ),
            ("/", None, Route::Root),
            ("", None, Route::Root),
            ("/v26.0", v26, Route::Root),
            ("/v26.0/", v26, Route::Root),
            ("/v26.0/debug_token", v26, Route::DebugToken),
            ("/control/clock", None, Route::Control("clock".to_owned())),
            ("/123", None, Route::Object(Node::Page(PageId::new(123)))),
            ("/v26.0/me/", v26, Route::Object(Node::Me)),
            (
                "/v26%2E0/%31%323/messenger%5Fcall_settings",
                v26,
                settings_of(123),
            ),
        ];
        for (path, version, route) in cases {
            assert_eq!(
                GraphPath::parse(&http::Method::GET, path),
                Ok(GraphPath { version, route }),
                "{path}"
            );
        }
    }

    #[test]
    fn unlawful_paths() {
        let tail = "Unknown path components: /123/messenger_call_settings";
        let cases = [
            ("/26.0/123/messenger_call_settings", tail),
            ("/V26.0/123/messenger_call_settings", tail),
            ("/v26/123/messenger_call_settings", tail),
            ("/v26.0//messenger_call_settings", "No node specified"),
            (
                "/v99.0/123/messenger_call_settings",
                "Unknown path components: /123/messenger_call_settings",
            ),
            (
                "/v26.0/abc/messenger_call_settings",
                "(#803) Some of the aliases you requested do not exist: abc",
            ),
            (
                "/v26.0/%22%3Cb%3E/messenger_call_settings",
                "(#803) Some of the aliases you requested do not exist: \"<b>",
            ),
            (
                "/0123/messenger_call_settings",
                "(#803) Some of the aliases you requested do not exist: 0123",
            ),
        ];
        for (path, message) in cases {
            assert_eq!(
                GraphPath::parse(&http::Method::GET, path)
                    .unwrap_err()
                    .message(),
                message,
                "{path}"
            );
        }
        let huge = GraphPath::parse(
            &http::Method::POST,
            "/v26.0/99999999999999999999/messenger_call_settings",
        );
        let message = huge.unwrap_err().message();
        assert!(
            message.starts_with("Unsupported post request. Object with ID '99999999999999999999'")
        );
    }

    #[test]
    fn anything_else_is_unknown() {
        for (path, node, tail) in [
            ("/123/posts", "123", "posts"),
            (
                "/v26.0/123/messenger_call_settings/x",
                "123",
                "messenger_call_settings/x",
            ),
            ("/favicon.ico", "favicon.ico", ""),
        ] {
            let route = GraphPath::parse(&http::Method::GET, path).unwrap().route;
            let expected = Route::Unknown {
                node: node.into(),
                tail: tail.to_owned(),
            };
            assert_eq!(route, expected, "{path}");
        }
    }
}
