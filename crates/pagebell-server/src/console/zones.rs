//! Time zones to choose from.

use std::collections::HashMap;

use call_settings::TimeZoneId;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A zone with its offset now, in minutes.
#[derive(Debug, Serialize)]
pub(crate) struct ZoneChoice {
    name: &'static str,
    offset: i32,
    /// What people call its time in the course of a year, such as `EST EDT`; may be empty.
    abbreviations: String,
    /// Zones with this number have the same rules.
    rules: usize,
}

/// Every zone and alias.
pub(crate) fn choices(now: Timestamp) -> Vec<ZoneChoice> {
    let mut numbers = HashMap::new();
    TimeZoneId::all()
        .map(|zone| {
            let next = numbers.len();
            ZoneChoice {
                name: zone.name(),
                offset: zone.time_zone().to_offset(now).seconds() / 60,
                abbreviations: abbreviations(&zone.time_zone(), now),
                rules: *numbers.entry(zone.rules()).or_insert(next),
            }
        })
        .collect()
}

/// What the time of a zone is called from now on for a year. The data has numbers such as `+0545`
/// for times without a name; these are left out.
fn abbreviations(zone: &TimeZone, now: Timestamp) -> String {
    let year = SignedDuration::from_hours(366 * 24);
    let end = now.saturating_add(year).unwrap_or(Timestamp::MAX);
    let mut names = vec![zone.to_offset_info(now).abbreviation().to_owned()];
    for shift in zone.following(now) {
        if shift.timestamp() > end {
            break;
        }
        if !names.iter().any(|name| name == shift.abbreviation()) {
            names.push(shift.abbreviation().to_owned());
        }
    }
    names.retain(|name| name.bytes().all(|it| it.is_ascii_alphabetic()));
    names.join(" ")
}

/// What the clock of a zone will do next, in words; `None`: it never changes.
pub(crate) fn next_shift(zone: TimeZoneId, now: Timestamp) -> Option<String> {
    let zone = zone.time_zone();
    let shift = zone
        .following(now)
        .take(4)
        .find(|shift| zone.to_offset(before(shift.timestamp())) != shift.offset())?;
    let at = shift.timestamp();
    let from = zone.to_offset(before(at)).to_datetime(at);
    let to = shift.offset().to_datetime(at);
    let word = if from < to { "forward" } else { "back" };
    Some(format!(
        "{}: the clock goes {word} from {} to {}",
        to.strftime("%A %-d %B %Y"),
        from.strftime("%H:%M"),
        to.strftime("%H:%M")
    ))
}

fn before(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() - 1).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_change_of_the_clock_is_told() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        for (zone, told) in [
            (
                "Europe/Paris",
                Some("Sunday 28 March 2027: the clock goes forward from 02:00 to 03:00"),
            ),
            (
                "Australia/Lord_Howe",
                Some("Sunday 4 April 2027: the clock goes back from 02:00 to 01:30"),
            ),
            ("Asia/Tokyo", None),
            ("UTC", None),
        ] {
            assert_eq!(
                next_shift(zone.parse().unwrap(), now).as_deref(),
                told,
                "{zone}"
            );
        }
    }

    #[test]
    fn every_zone_can_be_chosen() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let choices = choices(now);
        assert!(choices.len() > 500);
        let offset = |name: &str| {
            choices
                .iter()
                .find(|zone| zone.name == name)
                .unwrap()
                .offset
        };
        assert_eq!(offset("Asia/Kathmandu"), 345);
        assert_eq!(offset("US/Pacific"), -480);
    }

    #[test]
    fn a_choice_tells_what_else_its_name_could_mean() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let choices = choices(now);
        let zone = |name: &str| choices.iter().find(|zone| zone.name == name).unwrap();
        for (name, abbreviations) in [
            ("America/New_York", "EST EDT"),
            ("Asia/Kolkata", "IST"),
            ("Europe/London", "GMT BST"),
            ("Asia/Kathmandu", ""),
            ("UTC", "UTC"),
        ] {
            assert_eq!(zone(name).abbreviations, abbreviations, "{name}");
        }
        assert_eq!(zone("US/Pacific").rules, zone("America/Los_Angeles").rules);
        assert_ne!(zone("Europe/London").rules, zone("Europe/Dublin").rules);
    }
}
