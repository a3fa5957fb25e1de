//! The weekly hours in which a Page takes calls.

use crate::clock_time::DAY_MINUTES;
use crate::{ClockTime, DayOfWeek, PlannedSpan, TimeZoneId};

/// The highest value that [`HoursLimits`] can be given for entries on one day (ours).
pub const MAX_ENTRIES_PER_DAY: u8 = 24;

/// One entry of the weekly hours: a span on one day, in the local time of the call hours' zone.
///
/// The span is half-open, `[open, close)`: at `close` it is over. A close of `2359` runs to
/// midnight, as the wire has no way to write 24:00 (ours). The close is always after the open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OperatingHours {
    day: DayOfWeek,
    open: ClockTime,
    close: ClockTime,
}

/// The close of an entry is not after its open (guide).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("close {close} is not after open {open}")]
pub struct OperatingHoursError {
    /// The opening time as given.
    pub open: ClockTime,
    /// The closing time as given.
    pub close: ClockTime,
}

impl OperatingHours {
    /// The span on `day` from `open` to `close`.
    pub fn new(
        day: DayOfWeek,
        open: ClockTime,
        close: ClockTime,
    ) -> Result<Self, OperatingHoursError> {
        if close > open {
            Ok(Self { day, open, close })
        } else {
            Err(OperatingHoursError { open, close })
        }
    }

    /// The day.
    pub const fn day(self) -> DayOfWeek {
        self.day
    }

    /// The opening time as written on the wire.
    pub const fn open(self) -> ClockTime {
        self.open
    }

    /// The closing time as written on the wire; see [`Self::end_minute`] for what it means.
    pub const fn close(self) -> ClockTime {
        self.close
    }

    /// The first minute of the day, 0 to 1438, at which the span is open.
    pub const fn start_minute(self) -> u16 {
        self.open.minutes_since_midnight()
    }

    /// The minute of the day, 1 to 1440, at which the span is over.
    pub fn end_minute(self) -> u16 {
        if self.close == ClockTime::LAST_MINUTE {
            DAY_MINUTES
        } else {
            self.close.minutes_since_midnight()
        }
    }

    /// Whether both spans hold a common minute. Spans that only touch do not overlap.
    pub fn overlaps(self, other: Self) -> bool {
        self.day == other.day
            && self.start_minute() < other.end_minute()
            && other.start_minute() < self.end_minute()
    }
}

/// How many entries a day may have. The guide allows one; an operator may allow more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoursLimits {
    max_entries_per_day: u8,
}

/// The number is not 1 to [`MAX_ENTRIES_PER_DAY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("max_entries_per_day is a number from 1 to {MAX_ENTRIES_PER_DAY} - got {0}")]
pub struct HoursLimitsError(pub u8);

impl HoursLimits {
    /// The widest limits. Hours that were lawful when they were stored stay readable under them.
    pub const WIDEST: Self = Self {
        max_entries_per_day: MAX_ENTRIES_PER_DAY,
    };

    /// Limits with this many entries per day, 1 to [`MAX_ENTRIES_PER_DAY`].
    pub const fn new(max_entries_per_day: u8) -> Result<Self, HoursLimitsError> {
        if max_entries_per_day >= 1 && max_entries_per_day <= MAX_ENTRIES_PER_DAY {
            Ok(Self {
                max_entries_per_day,
            })
        } else {
            Err(HoursLimitsError(max_entries_per_day))
        }
    }

    /// The most entries that one day may have.
    pub const fn max_entries_per_day(self) -> u8 {
        self.max_entries_per_day
    }
}

impl Default for HoursLimits {
    /// One entry per day (guide).
    fn default() -> Self {
        Self {
            max_entries_per_day: 1,
        }
    }
}

/// An entry that does not go together with the entries before it. Positions count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursConflict {
    /// The day already has as many entries as it may have.
    #[error("entry {entry} names {day} again; a day may have {limit} (first: entry {first})")]
    RepeatedDay {
        /// The position of the entry at fault.
        entry: usize,
        /// The position of the first entry with that day.
        first: usize,
        /// The day.
        day: DayOfWeek,
        /// The most entries that a day may have.
        limit: u8,
    },
    /// The entry shares minutes with an earlier one.
    #[error("entry {entry} overlaps entry {earlier}")]
    Overlap {
        /// The position of the entry at fault.
        entry: usize,
        /// The position of the entry that it overlaps.
        earlier: usize,
        /// The span of the earlier entry.
        with: OperatingHours,
    },
}

impl HoursConflict {
    /// The position of the entry at fault.
    pub const fn entry(&self) -> usize {
        match *self {
            Self::RepeatedDay { entry, .. } | Self::Overlap { entry, .. } => entry,
        }
    }
}

/// Weekly call hours in a time zone. Days that no entry names are closed (guide); no entry at all
/// means closed all week. No day has more entries than the limits allowed when the value was made,
/// and no two entries overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallHours {
    timezone_id: TimeZoneId,
    weekly_operating_hours: Vec<OperatingHours>,
}

impl CallHours {
    /// Call hours with these entries, kept in the order given. Every conflict is reported.
    pub fn new(
        timezone_id: TimeZoneId,
        weekly_operating_hours: Vec<OperatingHours>,
        limits: HoursLimits,
    ) -> Result<Self, Vec<HoursConflict>> {
        let placed: Vec<_> = weekly_operating_hours.iter().copied().enumerate().collect();
        let conflicts = conflicts(&placed, limits);
        if conflicts.is_empty() {
            Ok(Self {
                timezone_id,
                weekly_operating_hours,
            })
        } else {
            Err(conflicts)
        }
    }

    /// The time zone in which the times are meant.
    pub const fn timezone_id(&self) -> TimeZoneId {
        self.timezone_id
    }

    /// The spans of a day, in the order of the clock.
    pub fn spans_of(&self, day: DayOfWeek) -> Vec<PlannedSpan> {
        let entries = self.weekly_operating_hours.iter();
        let mut spans: Vec<PlannedSpan> = entries
            .filter(|entry| entry.day() == day)
            .map(|entry| PlannedSpan::from(*entry))
            .collect();
        spans.sort_unstable();
        spans
    }

    /// The entries in the order in which they were set.
    pub fn weekly_operating_hours(&self) -> &[OperatingHours] {
        &self.weekly_operating_hours
    }
}

/// The conflicts among entries that stand at these positions, in the order of the positions.
pub(crate) fn conflicts(
    placed: &[(usize, OperatingHours)],
    limits: HoursLimits,
) -> Vec<HoursConflict> {
    let mut found = Vec::new();
    let mut kept: [Vec<(usize, OperatingHours)>; 7] = Default::default();
    for &(entry, hours) in placed {
        let same_day = &mut kept[hours.day().days_since_monday()];
        if same_day.len() >= usize::from(limits.max_entries_per_day()) {
            found.push(HoursConflict::RepeatedDay {
                entry,
                first: same_day[0].0,
                day: hours.day(),
                limit: limits.max_entries_per_day(),
            });
            continue;
        }
        if let Some(&(earlier, with)) = same_day.iter().find(|(_, kept)| kept.overlaps(hours)) {
            found.push(HoursConflict::Overlap {
                entry,
                earlier,
                with,
            });
        }
        same_day.push((entry, hours));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(day: DayOfWeek, open: &str, close: &str) -> OperatingHours {
        OperatingHours::new(day, open.parse().unwrap(), close.parse().unwrap()).unwrap()
    }

    fn paris() -> TimeZoneId {
        "Europe/Paris".parse().unwrap()
    }

    #[test]
    fn a_close_must_be_after_the_open() {
        let time = |text: &str| text.parse::<ClockTime>().unwrap();
        for (open, close, lawful) in [
            ("0900", "1700", true),
            ("0000", "2359", true),
            ("2358", "2359", true),
            ("0900", "0900", false),
            ("1700", "0900", false),
            ("2359", "2359", false),
        ] {
            let made = OperatingHours::new(DayOfWeek::Monday, time(open), time(close));
            assert_eq!(made.is_ok(), lawful, "{open}-{close}");
        }
    }

    #[test]
    fn a_close_of_2359_runs_to_midnight() {
        assert_eq!(hours(DayOfWeek::Monday, "0000", "2359").end_minute(), 1440);
        assert_eq!(hours(DayOfWeek::Monday, "0000", "2358").end_minute(), 1438);
    }

    #[test]
    fn a_day_stands_once_unless_the_limit_is_raised() {
        use DayOfWeek::{Monday, Tuesday};
        let week = vec![
            hours(Monday, "0900", "1200"),
            hours(Tuesday, "0900", "1200"),
            hours(Monday, "1300", "1700"),
        ];
        let conflicts = CallHours::new(paris(), week.clone(), HoursLimits::default()).unwrap_err();
        assert_eq!(
            conflicts,
            [HoursConflict::RepeatedDay {
                entry: 2,
                first: 0,
                day: Monday,
                limit: 1
            }]
        );
        let two = HoursLimits::new(2).unwrap();
        assert_eq!(
            CallHours::new(paris(), week.clone(), two)
                .unwrap()
                .weekly_operating_hours(),
            week
        );
    }

    #[test]
    fn entries_of_a_day_may_touch_but_not_overlap() {
        use DayOfWeek::Monday;
        let two = HoursLimits::new(2).unwrap();
        let touching = vec![hours(Monday, "0900", "1200"), hours(Monday, "1200", "1700")];
        assert!(CallHours::new(paris(), touching, two).is_ok());
        let overlapping = vec![hours(Monday, "0900", "1201"), hours(Monday, "1200", "1700")];
        assert_eq!(
            CallHours::new(paris(), overlapping.clone(), two).unwrap_err(),
            [HoursConflict::Overlap {
                entry: 1,
                earlier: 0,
                with: overlapping[0]
            }]
        );
    }

    #[test]
    fn no_entry_at_all_is_lawful() {
        let closed = CallHours::new(paris(), Vec::new(), HoursLimits::default()).unwrap();
        assert!(closed.weekly_operating_hours().is_empty());
    }

    #[test]
    fn limits_stay_in_their_range() {
        assert_eq!(HoursLimits::new(0), Err(HoursLimitsError(0)));
        assert!(HoursLimits::new(MAX_ENTRIES_PER_DAY).is_ok());
        assert!(HoursLimits::new(MAX_ENTRIES_PER_DAY + 1).is_err());
    }
}
