//! Times of the day as the wire writes them.

use std::fmt;
use std::str::FromStr;

/// Minutes of a day.
pub(crate) const DAY_MINUTES: u16 = 24 * 60;

/// A time of the day in whole minutes, 00:00 to 23:59, written `HHMM`. Local to the time zone of
/// the call hours it stands in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClockTime(u16);

/// Why a text is not a [`ClockTime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockTimeError {
    /// Not four decimal digits, or digits outside 0000 to 2359.
    #[error("a time is four digits, HHMM, from 0000 to 2359")]
    Malformed,
    /// `2400`, which other formats use for the end of the day.
    #[error("midnight at the end of a day is written 2359")]
    TwentyFourHundred,
}

impl ClockTime {
    /// The last minute of the day. As a closing time it means "until midnight" (ours: the wire has
    /// no other way to write it).
    pub const LAST_MINUTE: Self = Self(23 * 60 + 59);

    /// The time at this hour (0 to 23) and minute (0 to 59); `None` outside of them.
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        if hour < 24 && minute < 60 {
            Some(Self(hour * 60 + minute))
        } else {
            None
        }
    }

    /// Minutes since 00:00, 0 to 1439.
    pub const fn minutes_since_midnight(self) -> u16 {
        self.0
    }

    /// The hour, 0 to 23.
    pub const fn hour(self) -> u16 {
        self.0 / 60
    }

    /// The minute, 0 to 59.
    pub const fn minute(self) -> u16 {
        self.0 % 60
    }

    /// The four digits, `HHMM`, as ASCII.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a digit is less than 10, whatever is made of it"
    )]
    pub const fn digits(self) -> [u8; 4] {
        const fn digit(number: u16) -> u8 {
            b'0' + (number % 10) as u8
        }
        [
            digit(self.hour() / 10),
            digit(self.hour()),
            digit(self.minute() / 10),
            digit(self.minute()),
        ]
    }
}

impl FromStr for ClockTime {
    type Err = ClockTimeError;

    fn from_str(text: &str) -> Result<Self, ClockTimeError> {
        if text == "2400" {
            return Err(ClockTimeError::TwentyFourHundred);
        }
        let &[h1, h2, m1, m2] = text.as_bytes() else {
            return Err(ClockTimeError::Malformed);
        };
        if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
            return Err(ClockTimeError::Malformed);
        }
        let two_digits = |tens: u8, ones: u8| u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
        Self::new(two_digits(h1, h2), two_digits(m1, m2)).ok_or(ClockTimeError::Malformed)
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        formatter.write_str(std::str::from_utf8(&digits).expect("digits are ASCII"))
    }
}

impl fmt::Debug for ClockTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ClockTime({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_minute_of_the_day_reads_back_as_written() {
        for hour in 0..24 {
            for minute in 0..60 {
                let time = ClockTime::new(hour, minute).unwrap();
                assert_eq!(time.to_string().parse(), Ok(time));
            }
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let malformed = [
            "", "9", "900", "09:00", "2500", "0960", "2360", "9999", "09 0", "-900", "+900",
            "09000", "٠٩٠٠", "0x10", " 0900",
        ];
        for text in malformed {
            assert_eq!(
                text.parse::<ClockTime>(),
                Err(ClockTimeError::Malformed),
                "{text:?}"
            );
        }
        assert_eq!(
            "2400".parse::<ClockTime>(),
            Err(ClockTimeError::TwentyFourHundred)
        );
    }
}
