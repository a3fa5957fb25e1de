//! What a caller asks of the edge.

use call_settings::{Medium, quoted_excerpt};
use jiff::{SignedDuration, Timestamp};

use crate::instant::parse_instant;
use crate::{GraphError, Parameters};

/// The longest span, in days, for which intervals are listed (ours): a leap year.
pub const LONGEST_SPAN_DAYS: i64 = 366;

/// A question about availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvailabilityRequest {
    /// What the call carries; audio unless asked otherwise.
    pub medium: Medium,
    /// The instant in question; the present one unless asked otherwise.
    pub at: Timestamp,
    /// Where the list of open intervals ends; after `at`, by [`LONGEST_SPAN_DAYS`] at most.
    /// `None`: no list is wanted.
    pub until: Option<Timestamp>,
}

impl AvailabilityRequest {
    /// Reads the parameters `medium`, `at` and `until`. Every mistake is reported.
    pub fn from_parameters(parameters: &Parameters, now: Timestamp) -> Result<Self, GraphError> {
        let mut violations = Vec::new();
        let medium = parameters.parsed("medium", &mut violations, |text| {
            text.parse::<Medium>().map_err(|_unknown| {
                let names = Medium::ALL.map(Medium::name).join(", ");
                format!("must be one of {{{names}}} - got {}", quoted_excerpt(text))
            })
        });
        let at = match parameters.parsed("at", &mut violations, |text| instant(text).map(Some)) {
            Some(at) => at,
            None if violations.iter().any(|(name, _violation)| name == "at") => None,
            None => Some(now),
        };
        let until = parameters.parsed("until", &mut violations, |text| {
            // Where `at` is wrong, nothing can be said of how far it is.
            instant(text).and_then(|until| at.map_or(Ok(until), |at| span_end(at, until)))
        });
        if violations.is_empty() {
            Ok(Self {
                medium: medium.unwrap_or_default(),
                at: at.unwrap_or(now),
                until,
            })
        } else {
            Err(GraphError::parameters_refused(&violations))
        }
    }
}

fn span_end(at: Timestamp, until: Timestamp) -> Result<Timestamp, String> {
    if until <= at {
        Err(format!("must be after at, which is {at} - got {until}"))
    } else if until.duration_since(at) > SignedDuration::from_hours(LONGEST_SPAN_DAYS * 24) {
        Err(format!(
            "must be at most {LONGEST_SPAN_DAYS} days after at, which is {at} - got {until}"
        ))
    } else {
        Ok(until)
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    parse_instant(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<AvailabilityRequest, GraphError> {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        AvailabilityRequest::from_parameters(&Parameters::from_query(query), now)
    }

    #[test]
    fn nothing_asked_is_audio_now() {
        for query in ["", "medium=AUDIO&at=2026-11-23T12:00:00Z"] {
            let request = read(query).unwrap();
            assert_eq!(request.medium, Medium::Audio);
            assert_eq!(request.at.to_string(), "2026-11-23T12:00:00Z");
            assert_eq!(request.until, None);
        }
    }

    #[test]
    fn every_mistake_is_named() {
        for (query, message) in [
            (
                "medium=fax",
                "(#100) Param medium must be one of {audio, video} - got \"fax\"",
            ),
            (
                "at=noon&medium=video",
                "(#100) Param at must be an RFC 3339 time with its offset, such as \
                 \"2026-03-29T01:30:00+01:00\", or Unix seconds - got \"noon\"",
            ),
            (
                "medium=",
                "(#100) Param medium must be one of {audio, video} - got \"\"",
            ),
            (
                "until=2026-11-23T12:00:00Z",
                "(#100) Param until must be after at, which is 2026-11-23T12:00:00Z - got \
                 2026-11-23T12:00:00Z",
            ),
            (
                "until=2027-11-24T12:00:01Z",
                "(#100) Param until must be at most 366 days after at, which is \
                 2026-11-23T12:00:00Z - got 2027-11-24T12:00:01Z",
            ),
        ] {
            assert_eq!(read(query).unwrap_err().message(), message, "{query}");
        }
        assert!(read("until=2027-11-24T12:00:00Z").is_ok());
        let message = read("at=noon&until=2030-01-01T00:00:00Z").unwrap_err();
        assert_eq!(
            message
                .standard_error(&crate::TraceIds::from_random(
                    [0; crate::TRACE_RANDOM_BYTES]
                ))
                .error_data
                .unwrap()["details"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        let error = read("medium=fax&at=x&until=y").unwrap_err();
        let trace = crate::TraceIds::from_random([0; crate::TRACE_RANDOM_BYTES]);
        let data = error.standard_error(&trace).error_data.unwrap();
        assert_eq!(
            data["blame_field_specs"],
            serde_json::json!([["medium"], ["at"], ["until"]])
        );
    }
}
