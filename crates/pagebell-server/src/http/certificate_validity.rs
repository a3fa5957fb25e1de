//! When a certificate is valid, read from its DER form (RFC 5280, section 4.1).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version of the certificate: the tag 0 of its context, constructed.
const VERSION: u8 = 0xa0;

/// When a certificate is valid, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

impl Validity {
    /// Reads it; `None`: these bytes are no certificate. Nothing else of it is looked at.
    pub(super) fn of_certificate(der: &[u8]) -> Option<Self> {
        let mut certificate = Elements(Elements(der).content(SEQUENCE)?);
        let mut signed = Elements(certificate.content(SEQUENCE)?);
        if signed.0.first() == Some(&VERSION) {
            signed.content(VERSION)?;
        }
        signed.content(INTEGER)?; // serial number
        signed.content(SEQUENCE)?; // algorithm of the signature
        signed.content(SEQUENCE)?; // issuer
        let mut validity = Elements(signed.content(SEQUENCE)?);
        Some(Self {
            not_before: time(validity.next()?)?,
            not_after: time(validity.next()?)?,
        })
    }
}

/// DER elements, one after the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The tag and the content of the next element.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let count = usize::from(first & 0x7f);
            if !(1..=4).contains(&count) {
                return None;
            }
            let (digits, behind) = rest.split_at_checked(count)?;
            rest = behind;
            let length = digits
                .iter()
                .fold(0_u32, |it, byte| it << 8 | u32::from(*byte));
            usize::try_from(length).ok()?
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next element, which must have this tag.
    fn content(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(tag, _content)| *tag == wanted)
            .map(|(_tag, content)| content)
    }
}

/// An instant as `YYMMDDHHMMSSZ`, of the years 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn time((tag, content): (u8, &[u8])) -> Option<Timestamp> {
    let digits = content.strip_suffix(b"Z")?;
    let number = |part: &[u8]| {
        part.iter().try_fold(0_i16, |number, digit| {
            let digit = digit.is_ascii_digit().then(|| i16::from(digit - b'0'))?;
            Some(number * 10 + digit)
        })
    };
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let (year, rest) = digits.split_at(2);
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (GENERALIZED_TIME, 14) => {
            let (year, rest) = digits.split_at(4);
            (number(year)?, rest)
        }
        _ => return None,
    };
    let mut parts = [0_i8; 5];
    for (part, digits) in parts.iter_mut().zip(rest.chunks(2)) {
        *part = i8::try_from(number(digits)?).ok()?;
    }
    let [month, day, hour, minute, second] = parts;
    let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    // 99991231235959Z stands for "never", and is later than the last instant that there is here.
    Some(
        time.to_zoned(TimeZone::UTC)
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp()),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The beginning of a certificate with these two times.
    fn certificate(times: &[u8]) -> Vec<u8> {
        let sequence = |content: &[u8]| {
            let mut element = vec![SEQUENCE, 0x81, u8::try_from(content.len()).unwrap()];
            element.extend_from_slice(content);
            element
        };
        let mut signed = vec![VERSION, 3, INTEGER, 1, 2, INTEGER, 1, 7];
        signed.extend([SEQUENCE, 0, SEQUENCE, 0]);
        signed.extend(sequence(times));
        sequence(&sequence(&signed))
    }

    #[test]
    fn both_forms_of_time() {
        let mut times = vec![UTC_TIME, 13];
        times.extend_from_slice(b"750101000000Z");
        times.extend([GENERALIZED_TIME, 15]);
        times.extend_from_slice(b"20501231235959Z");
        let expected = Validity {
            not_before: "1975-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2050-12-31T23:59:59Z".parse().unwrap(),
        };
        assert_eq!(
            Validity::of_certificate(&certificate(&times)),
            Some(expected)
        );
    }

    #[test]
    fn never_is_the_last_instant() {
        let mut times = vec![UTC_TIME, 13];
        times.extend_from_slice(b"490101000000Z");
        times.extend([GENERALIZED_TIME, 15]);
        times.extend_from_slice(b"99991231235959Z");
        let found = Validity::of_certificate(&certificate(&times)).unwrap();
        assert_eq!(found.not_before, "2049-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(found.not_after, Timestamp::MAX);
    }

    #[test]
    fn what_is_no_certificate() {
        let mut times = vec![UTC_TIME, 13];
        times.extend_from_slice(b"751301000000Z");
        for bytes in [
            &b""[..],
            &[SEQUENCE],
            &[SEQUENCE, 0x85],
            &certificate(&times),
        ] {
            assert_eq!(Validity::of_certificate(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            Validity::of_certificate(&bytes);
        }
    }
}
