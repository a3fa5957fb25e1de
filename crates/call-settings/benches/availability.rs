//! What a decision costs, a change, a day's intervals, and compiling. Run by
//! `cargo xtask bench availability`; allocations are counted beside the times.
#![allow(missing_docs, clippy::unwrap_used, reason = "this is a benchmark")]

use std::hint::black_box;

use call_settings::{
    CallAvailability, CallHours, CallSettings, DayOfWeek, HoursLimits, Medium, OperatingHours,
};
use divan::{AllocProfiler, Bencher};
use jiff::{SignedDuration, Timestamp};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// The zones: one without changes, one with, one that changes by half an hour.
const ZONES: [&str; 3] = ["UTC", "Europe/Paris", "Australia/Lord_Howe"];

/// How many entries each day has: the guide's one, and the most that can be configured.
const ENTRIES: [u16; 2] = [1, 24];

fn settings(zone: &str, entries_per_day: u16) -> CallSettings {
    let length = 24 * 60 / entries_per_day;
    let entries = DayOfWeek::ALL
        .into_iter()
        .flat_map(|day| {
            (0..entries_per_day).map(move |entry| {
                let start = entry * length + length / 4;
                let end = start + length / 2;
                let time = |minute: u16| call_settings::ClockTime::new(minute / 60, minute % 60);
                OperatingHours::new(day, time(start).unwrap(), time(end).unwrap()).unwrap()
            })
        })
        .collect();
    let hours = CallHours::new(zone.parse().unwrap(), entries, HoursLimits::WIDEST).unwrap();
    CallSettings {
        call_hours: Some(hours),
        ..CallSettings::default()
    }
}

/// A thousand instants over a century from 1990, so that no branch is learnt by heart.
fn instants() -> Vec<Timestamp> {
    let start: Timestamp = "1990-01-01T00:00:00Z".parse().unwrap();
    (0..1000_i64)
        .map(|step| start + SignedDuration::from_secs((step * 7_919 % 1000) * 3_155_761))
        .collect()
}

/// Each sample asks about all instants; the time shown is for one.
fn each_instant<T>(
    bencher: Bencher<'_, '_>,
    (zone, entries): (&str, u16),
    ask: impl Fn(&CallAvailability, Timestamp) -> T + Sync,
) {
    let availability = CallAvailability::new(&settings(zone, entries));
    let instants = instants();
    let next = std::sync::atomic::AtomicUsize::new(0);
    bencher.bench(|| {
        let turn = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        ask(black_box(&availability), instants[turn % instants.len()])
    });
}

fn arguments() -> impl Iterator<Item = (&'static str, u16)> {
    ZONES
        .into_iter()
        .flat_map(|zone| ENTRIES.map(|entries| (zone, entries)))
}

#[divan::bench(args = arguments())]
fn decision(bencher: Bencher<'_, '_>, case: (&str, u16)) {
    each_instant(bencher, case, |availability, at| {
        availability.decide(Medium::Audio, at)
    });
}

#[divan::bench(args = arguments())]
fn next_change(bencher: Bencher<'_, '_>, case: (&str, u16)) {
    each_instant(bencher, case, |availability, at| {
        availability.next_change(Medium::Audio, at)
    });
}

#[divan::bench(args = arguments())]
fn intervals_of_a_week(bencher: Bencher<'_, '_>, case: (&str, u16)) {
    let week = SignedDuration::from_hours(7 * 24);
    each_instant(bencher, case, |availability, at| {
        availability
            .open_intervals(Medium::Audio, at, at + week)
            .count()
    });
}

#[divan::bench(args = arguments())]
fn compile(bencher: Bencher<'_, '_>, (zone, entries): (&str, u16)) {
    let settings = settings(zone, entries);
    bencher.bench(|| CallAvailability::new(black_box(&settings)));
}
