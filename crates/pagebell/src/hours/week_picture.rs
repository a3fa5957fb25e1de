//! A week drawn in the terminal.
//!
//! Each row is a day on the wall clock, each cell half an hour of it.

use std::fmt::Write;

use call_settings::{CallHours, DayOfWeek, OperatingHours, PlannedSpan};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const CELL_MINUTES: u16 = 30;
const CELLS: u16 = 24 * 60 / CELL_MINUTES;

/// Draws the week, Monday to Sunday, that holds an instant.
pub(super) fn draw(hours: &CallHours, at: Timestamp) -> String {
    let zone = hours.timezone_id().time_zone();
    let local = at.to_zoned(zone.clone());
    let today = local.date();
    let monday = today
        .checked_sub(i32::from(today.weekday().to_monday_zero_offset()).days())
        .unwrap_or(today);
    let mut picture = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(picture, "            {SCALE}");
    let mut notes = String::new();
    for (offset, day) in (0_i32..).zip(DayOfWeek::ALL) {
        let date = monday.checked_add(offset.days()).unwrap_or(monday);
        let mut entries: Vec<OperatingHours> = hours
            .weekly_operating_hours()
            .iter()
            .copied()
            .filter(|entry| entry.day() == day)
            .collect();
        entries.sort_unstable_by_key(|entry| entry.start_minute());
        let marker = if date == today {
            format!("  <- {}", local.strftime("%H:%M"))
        } else {
            String::new()
        };
        let row = row(&entries, &zone, date);
        let date_text = date.strftime("%a %e %b");
        let _ = writeln!(picture, "{date_text}  {row}  {}{marker}", spans(&entries));
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

fn row(entries: &[OperatingHours], zone: &TimeZone, date: Date) -> String {
    (0..CELLS)
        .map(|cell| {
            let start = cell * CELL_MINUTES;
            if is_skipped(zone, date, start) && is_skipped(zone, date, start + CELL_MINUTES - 1) {
                return ' ';
            }
            let half = CELL_MINUTES / 2;
            let open = |minute| {
                let holds = |entry: &OperatingHours| {
                    entry.start_minute() <= minute && minute < entry.end_minute()
                };
                entries.iter().any(holds)
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
    let shown = date.to_datetime(jiff::civil::Time::midnight()) + i64::from(minute).minutes();
    matches!(
        zone.to_ambiguous_timestamp(shown).offset(),
        jiff::tz::AmbiguousOffset::Gap { .. }
    )
}

fn spans(entries: &[OperatingHours]) -> String {
    if entries.is_empty() {
        return "closed".to_owned();
    }
    let spans: Vec<String> = entries
        .iter()
        .map(|entry| PlannedSpan::from(*entry).to_string())
        .collect();
    spans.join(", ")
}

/// What the clock does on a day on which it does not run evenly.
fn shift_note(zone: &TimeZone, date: Date) -> Option<String> {
    let midnight: DateTime = date.to_datetime(jiff::civil::Time::midnight());
    let start = zone.to_timestamp(midnight - 1.minutes()).ok()?;
    let shift = zone.following(start).find(|shift| {
        let before = shift.timestamp() - 1.seconds();
        zone.to_offset(before) != shift.offset()
    })?;
    let before = zone
        .to_offset(shift.timestamp() - 1.seconds())
        .to_datetime(shift.timestamp());
    let after = shift.offset().to_datetime(shift.timestamp());
    if before.date() != date && after.date() != date {
        return None;
    }
    let (from, to) = (before.strftime("%H:%M"), after.strftime("%H:%M"));
    Some(if before < after {
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
        insta::assert_snapshot!(picture("24/7 (Europe/Paris)", "2026-10-25T09:41:00Z"));
    }
}
