//! The conditions of a request: which revision a Page must be at for the request to be answered.
//!
//! What a condition means when it is repeated, malformed or unreadable is decided here and nowhere
//! else. An ignored condition is a silent overwrite, so none is ever ignored in the profile
//! `graph`:
//!
//! - `If-Match` (ours): the revision that the Page has, or `*` for any.
//! - `Pagebell-Revision-At-Least` (ours): the revision that the Page has reached.
//! - Both hold on each edge of a Page, alone and in a batch. Unmet, they are error 412. Empty,
//!   unreadable or repeated with different values, or on a request that is none for an edge of a
//!   Page, they are error 400.
//! - HTTP's other conditions are ignored on a GET, as all of them may be (RFC 9110, 13.1), and
//!   error 400 on any other method.

use call_settings::quoted_excerpt;
use graph_api::GraphError;
use http::Method;
use settings_store::Revision;

use crate::Profile;
use crate::dispatch::{Operation, Pagebell};
use crate::request::{REVISION_AT_LEAST_HEADER, REVISION_HEADER};

/// HTTP's conditions that this server does not evaluate.
const OTHER_CONDITIONS: [&str; 4] = [
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
];

/// The conditions of a request, as they were received.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions<'a> {
    /// The header `If-Match`.
    pub if_match: ReceivedHeader<'a>,
    /// The header `Pagebell-Revision-At-Least`.
    pub revision_at_least: ReceivedHeader<'a>,
    /// The lower-case name of one of HTTP's other conditions, where the request has one.
    pub other: Option<&'static str>,
}

/// A header that may stand in a request once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceivedHeader<'a> {
    /// The request does not have it.
    #[default]
    Absent,
    /// Its value, the same each time it stands in the request.
    Text(&'a str),
    /// It has a value with other bytes than printable ASCII.
    Unreadable,
    /// It stands in the request with different values.
    Repeated,
}

impl<'a> From<Option<&'a str>> for ReceivedHeader<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Self::Absent, Self::Text)
    }
}

impl<'a> ReceivedHeader<'a> {
    /// Adds a value of the header; `None` where it is unreadable.
    pub(crate) fn add(&mut self, value: Option<&'a str>) {
        *self = match (*self, value) {
            (_, None) | (Self::Unreadable, _) => Self::Unreadable,
            (Self::Absent, Some(value)) => Self::Text(value),
            (Self::Text(first), Some(value)) if first == value => Self::Text(first),
            (Self::Text(_) | Self::Repeated, Some(_)) => Self::Repeated,
        };
    }
}

impl<'a> Conditions<'a> {
    /// Adds a header of the request if it is a condition. The value is `None` where it has other
    /// bytes than printable ASCII; it is asked for only if the header is a condition.
    pub(crate) fn add(&mut self, name: &str, value: impl FnOnce() -> Option<&'a str>) {
        if name.eq_ignore_ascii_case("if-match") {
            self.if_match.add(value());
        } else if name.eq_ignore_ascii_case(REVISION_AT_LEAST_HEADER) {
            self.revision_at_least.add(value());
        } else if let Some(other) = OTHER_CONDITIONS
            .iter()
            .find(|other| name.eq_ignore_ascii_case(other))
        {
            self.other = Some(other);
        }
    }

    /// Whether there is a condition that a read has to evaluate.
    pub(crate) fn is_conditional_read(&self) -> bool {
        self.if_match != ReceivedHeader::Absent || self.revision_at_least != ReceivedHeader::Absent
    }

    fn check_other(&self, method: &Method) -> Result<(), GraphError> {
        match self.other {
            Some(name) if method != Method::GET => Err(GraphError::parameter_invalid(&format!(
                "{name} is a condition that is not evaluated here; send If-Match with the revision \
                 of the header {REVISION_HEADER}"
            ))),
            _ => Ok(()),
        }
    }
}

/// The conditions of a request for an edge of a Page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preconditions {
    /// The Page must be at this revision; `None`: at any.
    pub(crate) revision: Option<Revision>,
    /// The Page must have reached this revision.
    pub(crate) least: Revision,
}

impl Preconditions {
    /// The revision that a cached entry must have reached for the conditions to be decided by it.
    pub(crate) fn revision_to_read(&self) -> Revision {
        self.least.max(self.revision.unwrap_or_default())
    }

    /// Whether a Page at the revision `found` has reached the one that is asked for.
    pub(crate) fn check_reached(&self, found: Revision) -> Result<(), GraphError> {
        if found < self.least {
            let (found, least) = (found.get(), self.least.get());
            return Err(GraphError::revision_not_reached(found, least));
        }
        Ok(())
    }

    /// Whether a Page at the revision `found` meets the conditions.
    pub(crate) fn check(&self, found: Revision) -> Result<(), GraphError> {
        self.check_reached(found)?;
        match self.revision {
            Some(revision) if revision != found => Err(GraphError::revision_mismatch(found.get())),
            _ => Ok(()),
        }
    }
}

impl Pagebell {
    /// Reads the conditions of a request for an edge of a Page. The published page knows none.
    pub(crate) fn preconditions(
        &self,
        operation: Operation<'_>,
    ) -> Result<Preconditions, GraphError> {
        if self.configuration.profile != Profile::Graph {
            return Ok(Preconditions::default());
        }
        let conditions = &operation.request.conditions;
        conditions.check_other(operation.method)?;
        let revision = match conditions.if_match {
            ReceivedHeader::Text(text) if text.trim() == "*" => None,
            header => read_revision("If-Match", header)?,
        };
        let least = read_revision("Pagebell-Revision-At-Least", conditions.revision_at_least)?;
        Ok(Preconditions {
            revision,
            least: least.unwrap_or_default(),
        })
    }

    /// Refuses conditions on a request that is none for an edge of a Page.
    pub(crate) fn refuse_conditions(
        &self,
        operation: Operation<'_>,
        what: &str,
    ) -> Result<(), GraphError> {
        if self.configuration.profile != Profile::Graph {
            return Ok(());
        }
        let conditions = &operation.request.conditions;
        conditions.check_other(operation.method)?;
        for (name, header) in [
            ("If-Match", conditions.if_match),
            ("Pagebell-Revision-At-Least", conditions.revision_at_least),
        ] {
            if header != ReceivedHeader::Absent {
                return Err(GraphError::parameter_invalid(&format!(
                    "{name} is a condition on one Page and cannot hold for {what}"
                )));
            }
        }
        Ok(())
    }
}

/// The revision that a header names: a number, in quotes or without.
fn read_revision(name: &str, header: ReceivedHeader<'_>) -> Result<Option<Revision>, GraphError> {
    let got = match header {
        ReceivedHeader::Absent => return Ok(None),
        ReceivedHeader::Text(text) => {
            if let Some(revision) = parse_revision(text.trim()) {
                return Ok(Some(revision));
            }
            quoted_excerpt(text)
        }
        ReceivedHeader::Unreadable => "a value with other characters than ASCII".to_owned(),
        ReceivedHeader::Repeated => "different values".to_owned(),
    };
    Err(GraphError::parameter_invalid(&format!(
        "{name} must be one revision, the number of the header {REVISION_HEADER} - got {got}"
    )))
}

fn parse_revision(text: &str) -> Option<Revision> {
    let unquoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let is_number = unquoted.bytes().all(|byte| byte.is_ascii_digit());
    let number = unquoted.parse().ok().filter(|_| is_number)?;
    Some(Revision::new(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received<'a>(values: &[Option<&'a str>]) -> ReceivedHeader<'a> {
        let mut header = ReceivedHeader::Absent;
        for value in values {
            header.add(*value);
        }
        header
    }

    #[test]
    fn a_header_that_cannot_be_read_in_one_way_is_never_absent() {
        assert_eq!(received(&[Some("2"), Some("2")]), ReceivedHeader::Text("2"));
        for (values, expected) in [
            (&[Some("*"), Some("99")][..], ReceivedHeader::Repeated),
            (&[Some("1"), Some("2"), Some("2")], ReceivedHeader::Repeated),
            (&[None], ReceivedHeader::Unreadable),
            (&[Some("1"), None], ReceivedHeader::Unreadable),
            (&[None, Some("1")], ReceivedHeader::Unreadable),
        ] {
            assert_eq!(received(values), expected, "{values:?}");
        }
    }

    #[test]
    fn revisions_are_numbers_with_one_pair_of_quotes_or_none() {
        for (text, revision) in [("7", 7), ("\"7\"", 7), ("0", 0)] {
            assert_eq!(parse_revision(text), Some(Revision::new(revision)));
        }
        for text in [
            "", "\"\"", "\"\"\"7", "\"7", "7\"", "+7", "-1", "W/\"7\"", "1,2", "*",
        ] {
            assert_eq!(parse_revision(text), None, "{text}");
        }
    }

    #[test]
    fn names_of_conditions_have_no_letter_case() {
        let mut conditions = Conditions::default();
        conditions.add("IF-MATCH", || Some("1"));
        conditions.add("Pagebell-revision-AT-least", || Some("2"));
        conditions.add("If-None-Match", || Some("*"));
        conditions.add("Accept", || panic!("this is no condition"));
        assert_eq!(conditions.if_match, ReceivedHeader::Text("1"));
        assert_eq!(conditions.revision_at_least, ReceivedHeader::Text("2"));
        assert_eq!(conditions.other, Some("if-none-match"));
    }
}
