//! Instants as callers write them.

use std::num::ParseIntError;

use call_settings::quoted_excerpt;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Why a text is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// Neither form, or a date that does not exist.
    #[error(
        "must be an RFC 3339 time with its offset, such as \"2026-03-29T01:30:00+01:00\", or Unix seconds - got {0}"
    )]
    Malformed(String),
    /// A date and time, but no offset: it is many instants.
    #[error("must have an offset from UTC, such as +01:00 or Z behind the time - got {0}")]
    NoOffset(String),
    /// A date and time with an offset that the server's clock cannot have.
    #[error("must be between -9999-01-02T01:59:59Z and 9999-12-30T22:00:00Z - got {0}")]
    NotRepresentable(String),
    /// A number so large that it was likely meant as milliseconds.
    #[error(
        "must be Unix seconds between the years -9999 and 9999 - got {0}; milliseconds are to be divided by 1000"
    )]
    OutOfRange(String),
}

/// Reads an instant: RFC 3339, or Unix seconds, with fractions where wanted (ours).
///
/// In an address a `+` stands for a space, so the `+` of an offset arrives as one unless it was
/// written `%2B`. A space in its place can mean nothing else, and is read as `+`.
pub fn parse_instant(text: &str) -> Result<Timestamp, InstantError> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    // 2026 and 20260329 were hardly meant as seconds of the year 1970.
    let is_like_date = matches!(text.len(), 4 | 8)
        && text.starts_with(['1', '2'])
        && text.bytes().all(|byte| byte.is_ascii_digit());
    // A zone in brackets could contradict the offset.
    if is_like_date || text.contains('[') {
        return Err(InstantError::Malformed(quoted_excerpt(text)));
    }
    if digits.starts_with(|first: char| first.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return unix_seconds(text);
    }
    let with_plus = with_plus(text);
    if has_offset_of_a_day(&with_plus) {
        return Err(InstantError::Malformed(quoted_excerpt(text)));
    }
    if let Ok(instant) = with_plus.parse() {
        return Ok(instant);
    }
    Err(if is_complete(&with_plus) {
        InstantError::NotRepresentable(quoted_excerpt(text))
    } else if text.parse::<jiff::civil::DateTime>().is_ok() {
        InstantError::NoOffset(quoted_excerpt(text))
    } else {
        InstantError::Malformed(quoted_excerpt(text))
    })
}

/// Whether the time in the text has an offset of 24 hours or more, which RFC 3339 does not have.
fn has_offset_of_a_day(text: &str) -> bool {
    let behind_hour = text.split_once(':').map_or("", |(_hour, rest)| rest);
    let offset = behind_hour.split_once(['+', '-']);
    offset
        .and_then(|(_time, offset)| offset.get(..2)?.parse::<u8>().ok())
        .is_some_and(|hours| hours > 23)
}

/// Whether the text is a date and time with an offset, as far as its form goes.
fn is_complete(text: &str) -> bool {
    jiff::fmt::temporal::Pieces::parse(text)
        .is_ok_and(|pieces| pieces.time().is_some() && pieces.offset().is_some())
}

fn unix_seconds(text: &str) -> Result<Timestamp, InstantError> {
    const DIGITS: usize = 9;
    let malformed = |_error: ParseIntError| InstantError::Malformed(quoted_excerpt(text));
    let out_of_range = || InstantError::OutOfRange(quoted_excerpt(text));
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || fraction.len() > DIGITS {
        return Err(InstantError::Malformed(quoted_excerpt(text)));
    }
    if seconds.len() > 18 {
        return Err(out_of_range());
    }
    let seconds: i128 = seconds.parse::<i64>().map_err(malformed)?.into();
    let nanoseconds: i128 = format!("{fraction:0<DIGITS$}")
        .parse::<i64>()
        .map_err(malformed)?
        .into();
    let signed = if text.starts_with('-') {
        -nanoseconds
    } else {
        nanoseconds
    };
    Timestamp::from_nanosecond(seconds * 1_000_000_000 + signed).map_err(|_error| out_of_range())
}

/// The text with its `+` back: `2026-03-29T01:30:00 01:00` was sent without `%2B`.
fn with_plus(text: &str) -> String {
    match text.rsplit_once(' ') {
        Some((time, offset)) if time.contains([':', 'T', 't']) => format!("{time}+{offset}"),
        _ => text.to_owned(),
    }
}

/// An instant in the local time of a zone, RFC 3339 with the offset.
///
/// RFC 3339 has offsets of whole minutes only. Where a zone's is not (before 1972), the offset is
/// rounded and the time moved with it, so that the text still names the very instant.
pub fn local_text(instant: Timestamp, zone: &TimeZone) -> String {
    let seconds = zone.to_offset(instant).seconds();
    let minutes = (seconds + seconds.signum() * 30) / 60;
    let offset = jiff::tz::Offset::from_seconds(minutes * 60)
        .expect("an offset rounded to minutes is still within a day");
    instant.display_with_offset(offset).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        for (text, instant) in [
            ("1774746000", "2026-03-29T01:00:00Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59Z"),
            ("-1.5", "1969-12-31T23:59:58.5Z"),
            ("1774746000.25", "2026-03-29T01:00:00.25Z"),
            ("2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
            ("2026-03-29t03:00:00+02:00", "2026-03-29T01:00:00Z"),
            ("2026-03-29 03:00:00+02:00", "2026-03-29T01:00:00Z"),
            ("2026-03-29T03:00:00 02:00", "2026-03-29T01:00:00Z"),
            ("2026-03-29 03:00:00 02:00", "2026-03-29T01:00:00Z"),
            ("2026-03-29T03:00+02:00", "2026-03-29T01:00:00Z"),
            (" 2026-03-28T18:00:00-07:00 ", "2026-03-29T01:00:00Z"),
            ("2026-03-30T00:59:00+23:59", "2026-03-29T01:00:00Z"),
        ] {
            assert_eq!(
                parse_instant(text),
                Ok(instant.parse().unwrap()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn anything_else_says_what_to_write() {
        for (text, expected) in [
            ("tomorrow", "RFC 3339"),
            ("", "RFC 3339"),
            ("-", "RFC 3339"),
            ("1.2.3", "RFC 3339"),
            ("5.", "RFC 3339"),
            ("2026-02-30T00:00:00Z", "RFC 3339"),
            ("2026", "RFC 3339"),
            ("20260329", "RFC 3339"),
            ("2026-03-29T01:00:00+05:00[Europe/Paris]", "RFC 3339"),
            ("2026-03-29T01:00:00", "offset from UTC"),
            ("2026-03-29 01:00", "offset from UTC"),
            ("2026-03-29", "offset from UTC"),
            ("1774746000000", "divided by 1000"),
            ("99999999999999999999", "divided by 1000"),
            ("9999-12-31T23:59:59Z", "9999-12-30T22:00:00Z"),
            ("-009999-01-01T00:00:00+20:00", "-9999-01-02T01:59:59Z"),
            ("2026-03-29T01:00:00+25:00", "RFC 3339"),
            ("2026-03-29T01:00:00-24:00", "RFC 3339"),
        ] {
            let error = parse_instant(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn local_texts_name_the_very_instant() {
        for (zone, instant, text) in [
            (
                "Europe/Paris",
                "2026-03-29T01:00:00Z",
                "2026-03-29T03:00:00+02:00",
            ),
            ("UTC", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00+00:00"),
            // Monrovia was 44 minutes and 30 seconds behind until 1972.
            (
                "Africa/Monrovia",
                "1971-01-01T12:00:00Z",
                "1971-01-01T11:15:00-00:45",
            ),
        ] {
            let instant: Timestamp = instant.parse().unwrap();
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(local_text(instant, &zone), text);
            assert_eq!(text.parse::<Timestamp>().unwrap(), instant);
        }
    }
}
