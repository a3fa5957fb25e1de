//! Random hours in random zones, compared minute by minute around changes of the clock.

use std::env;
use std::sync::atomic::{AtomicI64, Ordering};

use call_settings::{CallHours, ClockTime, DayOfWeek, HoursLimits, OperatingHours, TimeZoneId};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::second_opinion;

/// Minutes compared for each case: three days.
const MINUTES: i64 = 3 * 24 * 60;

/// How many cases are compared; `PAGEBELL_COMPARED_CASES` asks for more.
fn cases() -> u32 {
    const DEFAULT: u32 = 150;
    let asked = env::var("PAGEBELL_COMPARED_CASES").ok();
    asked.map_or(DEFAULT, |cases| cases.parse().unwrap())
}

#[test]
fn decisions_agree_with_the_second_opinion() {
    let compared = AtomicI64::new(0);
    let mut runner = TestRunner::new(Config {
        cases: cases(),
        ..Config::with_source_file(file!())
    });
    let outcome = runner.run(&(hours(), instant()), |(hours, (around, random))| {
        let start = start_near(hours.timezone_id(), around, random);
        second_opinion::compare(&hours, start, MINUTES);
        compared.fetch_add(MINUTES, Ordering::Relaxed);
        Ok(())
    });
    if let Err(difference) = outcome {
        panic!("{difference}");
    }
    println!("{} minutes compared with tz-rs", compared.into_inner());
}

/// Hours with times that changes of the clock are likely to hit: most of those are at night.
fn hours() -> impl Strategy<Value = CallHours> {
    let minute = prop_oneof![
        3 => 0_u16..4 * 60,
        2 => 0_u16..24 * 60,
        1 => 22_u16 * 60..24 * 60,
        1 => select(vec![0_u16, 60, 90, 120, 150, 180, 1410, 1439]),
    ];
    let day = proptest::collection::vec(minute, 0..7);
    let zones: Vec<TimeZoneId> = TimeZoneId::all().collect();
    (select(zones), proptest::array::uniform7(day)).prop_map(|(zone, days)| {
        let mut entries = Vec::new();
        for (day, mut minutes) in DayOfWeek::ALL.into_iter().zip(days) {
            minutes.sort_unstable();
            for pair in minutes.chunks_exact(2) {
                let time = |minute: u16| ClockTime::new(minute / 60, minute % 60).unwrap();
                entries.extend(OperatingHours::new(day, time(pair[0]), time(pair[1])));
            }
        }
        CallHours::new(zone, entries, HoursLimits::WIDEST).unwrap()
    })
}

/// An instant between 1900 and 2150, and whether to go to the change of the clock that is next.
fn instant() -> impl Strategy<Value = (bool, Timestamp)> {
    let years = "1900-01-01T00:00:00Z"
        .parse::<Timestamp>()
        .unwrap()
        .as_second()
        .."2150-01-01T00:00:00Z"
            .parse::<Timestamp>()
            .unwrap()
            .as_second();
    let random = years.prop_map(|second| Timestamp::from_second(second).unwrap());
    (prop::bool::weighted(0.8), random)
}

fn start_near(zone: TimeZoneId, around: bool, random: Timestamp) -> Timestamp {
    let zone = zone.time_zone();
    let shift = zone.following(random).next();
    match shift {
        Some(shift) if around => shift.timestamp() - SignedDuration::from_hours(30),
        _ => random,
    }
}
