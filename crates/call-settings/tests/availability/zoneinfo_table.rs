//! Tables made by Python's zoneinfo (`conformance/call_hours_table.py`), compared minute by minute.

use std::path::PathBuf;
use std::{env, fs};

use call_settings::{
    CallAvailability, CallHours, CallSettings, DayOfWeek, HoursLimits, Medium, OperatingHours,
    TimeZoneId,
};
use jiff::{SignedDuration, Timestamp};

/// The committed sample; `PAGEBELL_CALL_HOURS_TABLE` names another table.
fn table() -> String {
    let path = env::var_os("PAGEBELL_CALL_HOURS_TABLE").map_or_else(
        || {
            let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
            PathBuf::from(root).join("conformance/call_hours_table.txt")
        },
        PathBuf::from,
    );
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn decisions_agree_with_zoneinfo() {
    let table = table();
    let mut lines = table.lines();
    let version = lines.next().and_then(|line| line.strip_prefix("# tzdata "));
    assert_eq!(
        version,
        Some(TimeZoneId::data_version()),
        "the table is from other time-zone data: bring the package tzdata in conformance to the \
         binary's version and make the table anew"
    );
    let mut compared = 0;
    let mut cases = 0;
    for line in lines {
        compared += Case::read(line).compare();
        cases += 1;
    }
    assert!(cases > 500, "{cases} cases are no table");
    println!("{compared} minutes of {cases} cases compared with zoneinfo");
}

struct Case<'a> {
    line: &'a str,
    availability: CallAvailability,
    start: Timestamp,
    minutes: i64,
    opens_with: bool,
    flips: Vec<i64>,
}

impl<'a> Case<'a> {
    fn read(line: &'a str) -> Self {
        let columns: Vec<_> = line.split(';').collect();
        let &[zone, entries, start, minutes, state, flips] = columns.as_slice() else {
            panic!("not a case: {line}");
        };
        let entries = entries.split(',').filter(|entry| !entry.is_empty());
        let hours = CallHours::new(
            zone.parse().unwrap(),
            entries.map(entry).collect(),
            HoursLimits::WIDEST,
        );
        let settings = CallSettings {
            call_hours: Some(hours.unwrap()),
            ..CallSettings::default()
        };
        Self {
            line,
            availability: CallAvailability::new(&settings),
            start: Timestamp::from_second(start.parse().unwrap()).unwrap(),
            minutes: minutes.parse().unwrap(),
            opens_with: state == "o",
            flips: flips
                .split_whitespace()
                .map(|flip| flip.parse().unwrap())
                .collect(),
        }
    }

    /// Compares every minute, and the changes; says how many minutes.
    fn compare(&self) -> i64 {
        let mut open = self.opens_with;
        let mut flips = self.flips.iter().peekable();
        for minute in 0..self.minutes {
            if flips.next_if_eq(&&minute).is_some() {
                open = !open;
            }
            let decision = self
                .availability
                .decide(Medium::Audio, self.instant(minute));
            assert_eq!(
                decision.accepting_calls(),
                open,
                "minute {minute}: {}",
                self.line
            );
        }
        let mut at = self.start;
        for flip in &self.flips {
            let change = self.availability.next_change(Medium::Audio, at);
            at = self.instant(*flip);
            assert_eq!(change, Some(at), "minute {flip}: {}", self.line);
        }
        let change = self.availability.next_change(Medium::Audio, at);
        assert!(change.is_none_or(|change| change >= self.instant(self.minutes)));
        self.minutes
    }

    fn instant(&self, minute: i64) -> Timestamp {
        self.start + SignedDuration::from_mins(minute)
    }
}

/// An entry such as `Mo0900-1700`.
fn entry(text: &str) -> OperatingHours {
    let (day, times) = text.split_at(2);
    let (open, close) = times.split_once('-').unwrap();
    let day = DayOfWeek::ALL
        .into_iter()
        .find(|known| known.name().starts_with(&day.to_uppercase()));
    OperatingHours::new(day.unwrap(), open.parse().unwrap(), close.parse().unwrap()).unwrap()
}
