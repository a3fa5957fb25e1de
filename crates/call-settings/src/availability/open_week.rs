//! A week of open and closed minutes.

use crate::CallHours;
use crate::clock_time::DAY_MINUTES;

const WEEK_MINUTES: u16 = 7 * DAY_MINUTES;
const WEEK_SECONDS: i64 = WEEK_MINUTES as i64 * 60;

/// The open minutes of a week, which is a circle: Sunday's last minute touches Monday's first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenWeek {
    /// The minutes since Monday 00:00 at which open and closed change places, in order. Entries
    /// that touch are joined, so each of them is a change.
    boundaries: Box<[u16]>,
    /// Whether the last minute of the week is open, and so the ones before the first boundary.
    ends_open: bool,
}

/// A place in the week, in seconds since Monday 00:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WeekPosition(i64);

impl WeekPosition {
    /// The place of a local time that is this many seconds after 1970-01-01 00:00, a Thursday.
    pub(super) const fn of_local_second(local_second: i64) -> Self {
        const THURSDAY: i64 = 3 * DAY_MINUTES as i64 * 60;
        Self((local_second + THURSDAY).rem_euclid(WEEK_SECONDS))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a week has 10080 minutes"
    )]
    const fn minute(self) -> u16 {
        (self.0 / 60) as u16
    }
}

impl OpenWeek {
    pub(super) fn new(hours: &CallHours) -> Self {
        let mut ends_open = false;
        let mut changes = Vec::with_capacity(2 * hours.weekly_operating_hours().len());
        for (midnight, day) in (0..).step_by(usize::from(DAY_MINUTES)).zip(0..7) {
            for entry in hours.weekly_operating_hours() {
                if entry.day().days_since_monday() == day {
                    let end = midnight + entry.end_minute();
                    ends_open |= end == WEEK_MINUTES;
                    changes.extend([midnight + entry.start_minute(), end % WEEK_MINUTES]);
                }
            }
        }
        changes.sort_unstable();
        // Entries never overlap, so a minute that stands twice is where two of them touch.
        let boundaries = changes
            .chunk_by(|one, other| one == other)
            .filter(|same| same.len() == 1)
            .map(|same| same[0])
            .collect();
        Self {
            boundaries,
            ends_open,
        }
    }

    /// Whether the whole week is open, or the whole week closed.
    pub(super) fn never_changes(&self) -> bool {
        self.boundaries.is_empty()
    }

    pub(super) fn is_open(&self, position: WeekPosition) -> bool {
        self.ends_open ^ (self.boundaries_passed(position) % 2 == 1)
    }

    /// Seconds from a place to the next change after it; `None`: the week never changes.
    pub(super) fn seconds_to_change(&self, position: WeekPosition) -> Option<i64> {
        let passed = self.boundaries_passed(position);
        let next = match self.boundaries.get(passed) {
            Some(boundary) => i64::from(*boundary) * 60,
            None => i64::from(*self.boundaries.first()?) * 60 + WEEK_SECONDS,
        };
        Some(next - position.0)
    }

    fn boundaries_passed(&self, position: WeekPosition) -> usize {
        let minute = position.minute();
        self.boundaries
            .partition_point(|boundary| *boundary <= minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DayOfWeek, HoursLimits, OperatingHours};

    fn week(entries: &[(DayOfWeek, &str, &str)]) -> OpenWeek {
        let entries = entries
            .iter()
            .map(|(day, open, close)| {
                OperatingHours::new(*day, open.parse().unwrap(), close.parse().unwrap()).unwrap()
            })
            .collect();
        let zone = "UTC".parse().unwrap();
        OpenWeek::new(&CallHours::new(zone, entries, HoursLimits::WIDEST).unwrap())
    }

    #[test]
    fn entries_that_touch_are_one() {
        use DayOfWeek::{Monday, Sunday, Tuesday};
        let joined = week(&[
            (Tuesday, "0000", "0200"),
            (Monday, "2000", "2359"),
            (Monday, "1800", "2000"),
        ]);
        assert_eq!(*joined.boundaries, [18 * 60, 26 * 60]);
        assert!(!joined.ends_open);
        let around = week(&[(Sunday, "2200", "2359"), (Monday, "0000", "0300")]);
        assert_eq!(*around.boundaries, [3 * 60, 6 * 1440 + 22 * 60]);
        assert!(around.ends_open);
    }

    #[test]
    fn a_week_that_is_all_open_or_all_closed_never_changes() {
        let all = DayOfWeek::ALL.map(|day| (day, "0000", "2359"));
        let monday = WeekPosition::of_local_second(4 * 86_400);
        assert_eq!(monday, WeekPosition(0));
        for (week, open) in [(week(&all), true), (week(&[]), false)] {
            assert!(week.never_changes());
            assert_eq!(week.is_open(monday), open);
            assert_eq!(week.seconds_to_change(monday), None);
        }
    }

    #[test]
    fn an_end_at_the_end_of_the_week_is_a_change_at_its_start() {
        let week = week(&[(DayOfWeek::Sunday, "0900", "2359")]);
        assert_eq!(*week.boundaries, [0, 6 * 1440 + 540]);
        assert!(week.is_open(WeekPosition(WEEK_SECONDS - 1)));
        assert_eq!(
            week.seconds_to_change(WeekPosition(WEEK_SECONDS - 1)),
            Some(1)
        );
        assert!(!week.is_open(WeekPosition(0)));
    }
}
