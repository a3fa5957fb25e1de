//! What a caller asks of the edge.

use std::fmt;
use std::str::FromStr;

use call_settings::quoted_excerpt;
use percent_encoding::percent_decode_str;

use crate::{GraphError, Parameters};

/// The most entries of one answer (ours).
pub const MAX_HISTORY_LIMIT: usize = 100;

const DEFAULT_LIMIT: usize = 25;

/// A place in a history, as callers carry it: they take it from one answer into the next request
/// and read nothing into it. It stands for a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub u64);

/// The text is no cursor that an answer had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "r{}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let digits = text.strip_prefix('r').ok_or(NotACursor)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotACursor);
        }
        digits.parse().map(Self).map_err(|_error| NotACursor)
    }
}

/// Where a page of the history begins. The newest entry comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryPosition {
    /// With the newest entry.
    Newest,
    /// With the entry behind this revision, an older one.
    After(u64),
    /// So that it ends with the entry before this revision, a newer one.
    Before(u64),
}

/// A question about history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Where to begin.
    pub position: HistoryPosition,
    /// How many entries, 1 to [`MAX_HISTORY_LIMIT`].
    pub limit: usize,
}

impl HistoryRequest {
    /// Reads the parameters `limit`, `after` and `before`. Every mistake is reported.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, GraphError> {
        let mut violations = Vec::new();
        let limit = parameters.parsed("limit", &mut violations, |text| {
            match text.parse::<usize>() {
                Ok(limit) if (1..=MAX_HISTORY_LIMIT).contains(&limit) => Ok(limit),
                _ => Err(format!(
                    "must be a number from 1 to {MAX_HISTORY_LIMIT} - got {}",
                    quoted_excerpt(text)
                )),
            }
        });
        let cursor = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8_lossy();
            decoded.parse::<Cursor>().map_err(|_error| {
                let got = quoted_excerpt(text);
                format!("must be a cursor from paging.cursors of an earlier answer - got {got}")
            })
        };
        let after = parameters.parsed("after", &mut violations, cursor);
        let before = parameters.parsed("before", &mut violations, cursor);
        if after.is_some() && before.is_some() {
            let violation = "goes without after".to_owned();
            violations.push(("before".to_owned(), violation));
        }
        if !violations.is_empty() {
            return Err(GraphError::parameters_refused(&violations));
        }
        Ok(Self {
            position: match (after, before) {
                (Some(Cursor(revision)), _) => HistoryPosition::After(revision),
                (None, Some(Cursor(revision))) => HistoryPosition::Before(revision),
                (None, None) => HistoryPosition::Newest,
            },
            limit: limit.unwrap_or(DEFAULT_LIMIT),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<HistoryRequest, String> {
        HistoryRequest::from_parameters(&Parameters::from_query(query))
            .map_err(|error| error.message())
    }

    #[test]
    fn positions_and_limits() {
        let request = |position, limit| Ok(HistoryRequest { position, limit });
        assert_eq!(read(""), request(HistoryPosition::Newest, 25));
        assert_eq!(
            read("limit=3&after=r7"),
            request(HistoryPosition::After(7), 3)
        );
        let cursor = Cursor(u64::MAX).to_string();
        assert_eq!(
            read(&format!("before={cursor}")),
            request(HistoryPosition::Before(u64::MAX), 25)
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (query, expected) in [
            (
                "limit=0",
                "limit must be a number from 1 to 100 - got \"0\"",
            ),
            ("limit=101", "limit must be a number from 1 to 100"),
            ("limit=all", "limit must be a number from 1 to 100"),
            ("after=7", "after must be a cursor from paging.cursors"),
            ("after=r-7", "after must be a cursor"),
            ("before=r99999999999999999999", "before must be a cursor"),
            ("after=r1&before=r2", "before goes without after"),
        ] {
            let message = read(query).unwrap_err();
            assert!(message.contains(expected), "{query}: {message}");
        }
    }
}
