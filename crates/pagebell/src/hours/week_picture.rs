//! Seven days drawn in the terminal.
//!
//! Each row is a day on the wall clock, each cell half an hour of it.

use std::fmt::Write;

use call_settings::{CallHours, DayOfWeek, PlannedSpan, clock_time};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

const CELL_MINUTES: u16 = 30;
const CELLS: u16 = 24 * 60 / CELL_MINUTES;

/// Draws the day that holds an instant and the six after it.
pub(super) fn draw(hours: &CallHours, at: Timestamp) -> String {
    let zone = hours.timezone_id().time_zone();
    let local = at.to_zoned(zone.clone());
    let mut picture = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(picture, "            {SCALE}");
    let mut notes = String::new();
    let days = (0..7).filter_map(|offset: i32| local.date().checked_add(offset.days()).ok());
    for date in days {
        let day =
            DayOfWeek::ALL[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())];
        let open = hours.spans_of(day);
        let marker = if date == local.date() {
            format!("  <- {}", clock_time(&local))
        } else {
            String::new()
        };
        let row = row(&open, &zone, date);
        let date_text = date.strftime("%a %e %b");
        let is_left_out = is_skipped(&zone, date, 0) && is_skipped(&zone, date, 24 * 60 - 1);
        let spans = if is_left_out {
            "left out".to_owned()
        } else {
            spans_text(&open)
        };
        let _ = writeln!(picture, "{date_text}  {row}  {spans}{marker}");
        if let Some(note) = shift_note(&zone, date) {
            let _ = writeln!(notes, "{date_text}  {note}");
        }
    }
    if !notes.is_empty() {
        let _ = write!(picture, "\n{notes}");
    }
    picture
}

/// The hours over the cells.
const SCALE: &str = "0     3     6     9     12    15    18    21    24";

fn row(spans: &[PlannedSpan], zone: &TimeZone, date: Date) -> String {
    (0..CELLS)
        .map(|cell| {
            let start = cell * CELL_MINUTES;
            if is_skipped(zone, date, start) && is_skipped(zone, date, start + CELL_MINUTES - 1) {
                return ' ';
            }
            let half = CELL_MINUTES / 2;
            let open = |minute| {
                let holds = |span: &PlannedSpan| span.open() <= minute && minute < span.close();
                spans.iter().any(holds)
            };
            let first = (start..start + half).any(open);
            let second = (start + half..start + CELL_MINUTES).any(open);
            match (first, second) {
                (true, true) => '\u{2588}',
                (true, false) => '\u{258c}',
                (false, true) => '\u{2590}',
                (false, false) => '\u{b7}',
            }
        })
        .collect()
}

/// Whether the clock never shows this minute of the day.
fn is_skipped(zone: &TimeZone, date: Date, minute: u16) -> bool {
    let shown = date.to_datetime(Time::midnight()) + i64::from(minute).minutes();
    matches!(
        zone.to_ambiguous_timestamp(shown).offset(),
        jiff::tz::AmbiguousOffset::Gap { .. }
    )
}

fn spans_text(spans: &[PlannedSpan]) -> String {
    if spans.is_empty() {
        return "closed".to_owned();
    }
    let spans: Vec<String> = spans.iter().map(ToString::to_string).collect();
    spans.join(", ")
}

/// What the clock does on a day on which it does not run evenly.
fn shift_note(zone: &TimeZone, date: Date) -> Option<String> {
    let midnight = date.to_datetime(Time::midnight());
    let start = zone
        .to_timestamp(midnight.checked_sub(2.days()).ok()?)
        .ok()?;
    let (before, after) = zone
        .following(start)
        .take_while(|shift| {
            shift.timestamp().duration_since(start) < SignedDuration::from_hours(96)
        })
        .map(|shift| {
            let at = shift.timestamp();
            let offset_before = zone.to_offset(at - 1.seconds());
            (
                offset_before.to_datetime(at),
                shift.offset().to_datetime(at),
            )
        })
        // A day that the clock goes back into is the one that ends twice; one that it skips into
        // begins late.
        .find(|(before, after)| before != after && (*before).max(*after).date() == date)?;
    let is_forward = before < after;
    let format = if before.date() == after.date() || !is_forward {
        "%H:%M"
    } else {
        "%a %e %b %H:%M"
    };
    let (from, to) = (before.strftime(format), after.strftime(format));
    Some(if is_forward {
        format!("the clock goes from {from} to {to}: what lies between never comes")
    } else {
        format!("the clock goes from {from} back to {to}: what lies between counts twice")
    })
}

#[cfg(test)]
mod tests {
    use call_settings::HoursLimits;

    use super::*;

    fn picture(hours: &str, at: &str) -> String {
        let limits = HoursLimits::new(2).unwrap();
        let hours = CallHours::from_text(hours, None, limits).unwrap();
        draw(&hours, at.parse().unwrap())
    }

    #[test]
    fn a_plain_week() {
        insta::assert_snapshot!(picture(
            "Mon-Fri 09:00-12:30, 13:15-17:00; Sat 10:10-24:00 (Europe/Paris)",
            "2026-11-25T09:41:00Z"
        ));
    }

    #[test]
    fn a_week_in_which_the_clock_goes_on() {
        insta::assert_snapshot!(picture(
            "daily 01:00-05:00 (Europe/Paris)",
            "2026-03-26T09:41:00Z"
        ));
    }

    #[test]
    fn a_week_in_which_the_clock_goes_back() {
        insta::assert_snapshot!(picture("24/7 (Europe/Paris)", "2026-10-24T09:41:00Z"));
    }

    #[test]
    fn a_week_in_which_midnight_comes_twice() {
        insta::assert_snapshot!(picture(
            "Sat 22:00-24:00 (Asia/Beirut)",
            "2026-10-24T20:30:00Z"
        ));
    }

    #[test]
    fn a_week_that_lacks_a_day() {
        insta::assert_snapshot!(picture(
            "daily 09:00-17:00 (Pacific/Apia)",
            "2011-12-28T20:00:00Z"
        ));
    }

    #[test]
    fn the_ends_of_time_have_fewer_days() {
        for end in [Timestamp::MIN, Timestamp::MAX] {
            let limits = HoursLimits::default();
            let hours = CallHours::from_text("9-17 (Pacific/Kiritimati)", None, limits).unwrap();
            assert!(draw(&hours, end).lines().count() >= 2);
        }
    }
}
