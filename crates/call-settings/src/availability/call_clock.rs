//! Call hours on the wall clock of their zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::open_week::{OpenWeek, WeekPosition};
use crate::{CallHours, TimeZoneId};

/// Compiled call hours: the open week, and the zone whose wall clock runs through it.
#[derive(Clone, Debug)]
pub(super) struct CallClock {
    week: OpenWeek,
    timezone_id: TimeZoneId,
    zone: TimeZone,
}

impl CallClock {
    pub(super) fn new(hours: &CallHours) -> Self {
        Self {
            week: OpenWeek::new(hours),
            timezone_id: hours.timezone_id(),
            zone: hours.timezone_id().time_zone(),
        }
    }

    pub(super) const fn timezone_id(&self) -> TimeZoneId {
        self.timezone_id
    }

    pub(super) const fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    pub(super) fn is_open(&self, at: Timestamp) -> bool {
        self.week.is_open(self.position(at, whole_second(at)))
    }

    /// The first instant after this one at which open and closed change places.
    pub(super) fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        if self.week.never_changes() {
            return None;
        }
        let was_open = self.is_open(after);
        let mut from = after;
        // The clock runs evenly from one change of its offset to the next; each turn looks at one
        // such stretch. Every stretch that is a week long has a change, so there are few turns.
        loop {
            let second = whole_second(from);
            let position = self.position(from, second);
            let candidate = second + self.week.seconds_to_change(position)?;
            let Some(shift) = self.zone.following(from).next() else {
                return Timestamp::from_second(candidate).ok();
            };
            let shift = shift.timestamp();
            if candidate < shift.as_second() {
                return Timestamp::from_second(candidate).ok();
            }
            if self.is_open(shift) != was_open {
                return Some(shift);
            }
            from = shift;
        }
    }

    fn position(&self, at: Timestamp, second: i64) -> WeekPosition {
        let offset = self.zone.to_offset(at).seconds();
        WeekPosition::of_local_second(second + i64::from(offset))
    }
}

/// The Unix second that an instant lies in, rounded down also before 1970.
pub(super) fn whole_second(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}
