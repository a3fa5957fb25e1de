//! Mistakes in what a caller sent, each with the path of the value at fault.

use std::fmt;

use crate::{ClockTime, DayOfWeek, OperatingHours, TimeZoneId};

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// A member of an object, by its wire name.
    Member(String),
    /// An element of an array, counted from 0.
    Index(usize),
}

impl fmt::Display for PathSegment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) => formatter.write_str(name),
            Self::Index(index) => index.fmt(formatter),
        }
    }
}

/// Where a value stands in what was sent, from the outside in.
///
/// Displays the way the Graph API writes it: `call_hours[weekly_operating_hours][3][close_time]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(Vec<PathSegment>);

impl FieldPath {
    /// The path of a top-level member.
    pub fn of(member: &str) -> Self {
        Self::default().member(member)
    }

    /// The path one member further in.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        self.with(PathSegment::Member(name.to_owned()))
    }

    /// The path one array element further in.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(PathSegment::Index(index))
    }

    /// The steps, from the outside in.
    pub fn segments(&self) -> &[PathSegment] {
        &self.0
    }

    fn with(&self, segment: PathSegment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            if position == 0 {
                write!(formatter, "{segment}")?;
            } else {
                write!(formatter, "[{segment}]")?;
            }
        }
        Ok(())
    }
}

/// What is wrong with a value. Displays as the predicate of a sentence whose subject is the path:
/// what the value must be, what was got, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViolationKind {
    /// A required member is absent.
    Missing {
        /// What belongs there.
        expected: &'static str,
    },
    /// The member is unknown inside an object that is checked strictly.
    UnknownMember {
        /// The members that are known there.
        known: &'static [&'static str],
    },
    /// The value has the wrong type.
    WrongType {
        /// The type that belongs there.
        expected: &'static str,
        /// The value as sent, shortened.
        got: String,
    },
    /// `null` where it means nothing.
    NullNotAllowed {
        /// What belongs there.
        expected: &'static str,
        /// Whether the member may be left out.
        optional: bool,
    },
    /// None of the ring targets.
    UnknownRingTarget {
        /// The value as sent, shortened.
        got: String,
    },
    /// None of the days.
    UnknownDay {
        /// The value as sent, shortened.
        got: String,
    },
    /// Not a time `HHMM`.
    MalformedTime {
        /// The value as sent, shortened.
        got: String,
    },
    /// The time `2400`.
    TwentyFourHundred {
        /// How midnight is written there.
        midnight: &'static str,
    },
    /// The close is not after the open.
    CloseNotAfterOpen {
        /// The day of the entry, where it is known.
        day: Option<DayOfWeek>,
        /// The opening time.
        open: ClockTime,
        /// The closing time.
        close: ClockTime,
    },
    /// A day has more entries than it may.
    RepeatedDay {
        /// The day.
        day: DayOfWeek,
        /// The position of its first entry.
        first: usize,
        /// The most entries that a day may have.
        limit: u8,
    },
    /// The entry shares minutes with an earlier one.
    Overlap {
        /// The position of the earlier entry.
        earlier: usize,
        /// The span of the earlier entry.
        with: OperatingHours,
    },
    /// No time zone has this name.
    UnknownTimeZone {
        /// The value as sent, shortened.
        got: String,
        /// A name that is spelled nearly so.
        suggestion: Option<TimeZoneId>,
    },
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { expected } => write!(f, "is required and must be {expected}"),
            Self::UnknownMember { known } => {
                write!(f, "is not a known member - known are {}", known.join(", "))
            }
            Self::WrongType { expected, got } => write!(f, "must be {expected} - got {got}"),
            Self::NullNotAllowed { expected, optional } => {
                write!(f, "must be {expected} - got null")?;
                match optional {
                    true => write!(f, "; leave it out to keep what is stored"),
                    false => Ok(()),
                }
            }
            Self::UnknownRingTarget { got } => {
                write!(f, "must be one of {{META, PARTNERS}} - got {got}")
            }
            Self::UnknownDay { got } => {
                let names = DayOfWeek::ALL.map(DayOfWeek::name).join(", ");
                write!(f, "must be one of {{{names}}} - got {got}")
            }
            Self::MalformedTime { got } => write!(
                f,
                "must be a time as four digits HHMM from \"0000\" to \"2359\" - got {got}"
            ),
            Self::TwentyFourHundred { midnight } => write!(
                f,
                "must be a time as four digits HHMM from \"0000\" to \"2359\" - got \"2400\"; \
                 {midnight}"
            ),
            Self::CloseNotAfterOpen { day, open, close } => {
                close_not_after_open(f, *day, *open, *close)
            }
            Self::RepeatedDay { day, first, limit } => {
                write!(f, "names {day} again (first in entry {first}) - ")?;
                if *limit == 1 {
                    write!(f, "a day may stand once; leave one of the two entries out")
                } else {
                    write!(f, "a day may have at most {limit} entries")
                }
            }
            Self::Overlap { earlier, with } => write!(
                f,
                "overlaps entry {earlier} ({} \"{}\" to \"{}\") - entries of one day may touch but \
                 not overlap",
                with.day(),
                with.open(),
                with.close()
            ),
            Self::UnknownTimeZone { got, suggestion } => {
                write!(
                    f,
                    "must be an IANA time-zone name such as \"Europe/Paris\" - got {got}"
                )?;
                match suggestion {
                    Some(zone) => write!(f, "; did you mean \"{zone}\"?"),
                    None => Ok(()),
                }
            }
        }
    }
}

fn close_not_after_open(
    f: &mut fmt::Formatter<'_>,
    day: Option<DayOfWeek>,
    open: ClockTime,
    close: ClockTime,
) -> fmt::Result {
    write!(f, "must be after open_time \"{open}\" - got \"{close}\"; ")?;
    let midnight = ClockTime::LAST_MINUTE;
    if open == close {
        return write!(f, "a whole day is \"0000\" to \"{midnight}\"");
    }
    if close.minutes_since_midnight() == 0 {
        return write!(f, "until midnight is \"{midnight}\"");
    }
    let (today, tomorrow) = match day {
        Some(day) => (day.name(), day.next().name()),
        None => ("the day", "the next day"),
    };
    write!(
        f,
        "a span past midnight is two entries: {today} \"{open}\" to \"{midnight}\" and {tomorrow} \
         \"0000\" to \"{close}\""
    )
}

/// One mistake: where it is and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where the value stands.
    pub path: FieldPath,
    /// What is wrong with it.
    pub kind: ViolationKind,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.path, self.kind)
    }
}

/// Every mistake in one submission, first by path first. Never empty; at most
/// [`Violations::MOST`] are kept, so that a hostile body does not make a huge answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{first}{}", more(rest.len() + omitted))]
pub struct Violations {
    first: Violation,
    rest: Vec<Violation>,
    omitted: usize,
}

fn more(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    }
}

impl Violations {
    /// The most mistakes that are kept of one submission.
    pub const MOST: usize = 512;

    /// The violations found, or `None` where there are none.
    pub(crate) fn from_found(found: Vec<Violation>, omitted: usize) -> Option<Self> {
        let mut found = found.into_iter();
        Some(Self {
            first: found.next()?,
            rest: found.collect(),
            omitted,
        })
    }

    /// How many mistakes were found beyond those that are kept.
    pub const fn omitted(&self) -> usize {
        self.omitted
    }

    /// The first mistake by path.
    pub const fn first(&self) -> &Violation {
        &self.first
    }

    /// All mistakes, first by path first.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}
