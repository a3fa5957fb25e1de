//! The days of the week by their wire names.

use std::fmt;
use std::str::FromStr;

/// A day of the week. Monday comes first, as in ISO 8601.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say all")]
pub enum DayOfWeek {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// The text is the name of no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day of the week is MONDAY to SUNDAY")]
pub struct UnknownDay;

impl DayOfWeek {
    /// Every day, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The wire name, upper-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monday => "MONDAY",
            Self::Tuesday => "TUESDAY",
            Self::Wednesday => "WEDNESDAY",
            Self::Thursday => "THURSDAY",
            Self::Friday => "FRIDAY",
            Self::Saturday => "SATURDAY",
            Self::Sunday => "SUNDAY",
        }
    }

    /// The name for people, in English.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Monday => "Monday",
            Self::Tuesday => "Tuesday",
            Self::Wednesday => "Wednesday",
            Self::Thursday => "Thursday",
            Self::Friday => "Friday",
            Self::Saturday => "Saturday",
            Self::Sunday => "Sunday",
        }
    }

    /// The first three letters of the name for people.
    pub fn short_title(self) -> &'static str {
        &self.title()[..3]
    }

    /// Days since Monday, 0 to 6.
    pub const fn days_since_monday(self) -> usize {
        self as usize
    }

    /// The day after this one; Monday follows Sunday.
    #[must_use]
    pub const fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % 7]
    }
}

impl FromStr for DayOfWeek {
    type Err = UnknownDay;

    /// Reads a wire name in any letter case (guide: upper-case; ours: as people type it).
    fn from_str(text: &str) -> Result<Self, UnknownDay> {
        Self::ALL
            .into_iter()
            .find(|day| day.name().eq_ignore_ascii_case(text))
            .ok_or(UnknownDay)
    }
}

impl fmt::Display for DayOfWeek {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_written_upper_case() {
        for day in DayOfWeek::ALL {
            assert_eq!(day.name().parse(), Ok(day));
            assert_eq!(day.name().to_lowercase().parse(), Ok(day));
        }
        assert_eq!("mOnDaY".parse(), Ok(DayOfWeek::Monday));
        for text in ["", "MON", "FUNDAY", " MONDAY", "1"] {
            assert_eq!(text.parse::<DayOfWeek>(), Err(UnknownDay), "{text:?}");
        }
    }

    #[test]
    fn the_week_is_a_circle() {
        assert_eq!(DayOfWeek::Sunday.next(), DayOfWeek::Monday);
        assert_eq!(DayOfWeek::Monday.days_since_monday(), 0);
        assert_eq!(DayOfWeek::Sunday.days_since_monday(), 6);
    }
}
