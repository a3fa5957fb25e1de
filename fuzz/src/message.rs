//! Requests as text: the form of the inputs of [`crate::dispatch`] and [`crate::credentials`].
//!
//! A line with method and address, lines with headers, an empty line, the body. What is missing is
//! empty, so that every input is a request.

use bytes::Bytes;
use http::Method;
use pagebell_server::{Conditions, GraphRequest, Origin};

/// A request that owns what it is made of.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Message {
    /// Reads a request. Only the body keeps bytes that are no text, as only it can have them.
    pub(crate) fn read(input: &[u8]) -> Self {
        let (first, mut rest) = take_line(input);
        let (method, address) = first.split_once(' ').unwrap_or(("GET", first.as_str()));
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let mut headers = Vec::new();
        loop {
            let (line, after) = take_line(rest);
            rest = after;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Self {
            method: method.parse().unwrap_or(Method::GET),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Bytes::copy_from_slice(rest),
        }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _value)| known.eq_ignore_ascii_case(name))
            .map(|(_name, value)| value.as_str())
    }

    /// The request for the server.
    pub(crate) fn request(&self) -> GraphRequest<'_> {
        GraphRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            authorization: self.header("Authorization"),
            content_type: self.header("Content-Type"),
            conditions: Conditions {
                if_match: self.header("If-Match").into(),
                revision_at_least: self.header("Pagebell-Revision-At-Least").into(),
                other: None,
            },
            origin: Origin {
                is_secure: false,
                host: "pagebell.test",
            },
            body: &self.body,
        }
    }
}

/// The text up to the end of the line, and what is behind it.
pub(crate) fn take_line(input: &[u8]) -> (String, &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n');
    let (line, rest) = match end {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, &[][..]),
    };
    let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
    (line, rest)
}
