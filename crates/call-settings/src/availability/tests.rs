use super::*;
use crate::{CallHours, DayOfWeek, HoursLimits, OperatingHours};

fn settings(zone: &str, entries: &[(&[DayOfWeek], &str, &str)]) -> CallSettings {
    let entries = entries
        .iter()
        .flat_map(|(days, open, close)| {
            days.iter().map(|day| {
                OperatingHours::new(*day, open.parse().unwrap(), close.parse().unwrap()).unwrap()
            })
        })
        .collect();
    let hours = CallHours::new(zone.parse().unwrap(), entries, HoursLimits::WIDEST).unwrap();
    CallSettings {
        call_hours: Some(hours),
        ..CallSettings::default()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The open intervals of a span, in local time, as `start / end`.
fn intervals(settings: &CallSettings, from: &str, until: &str) -> Vec<String> {
    let availability = CallAvailability::new(settings);
    let zone = availability.time_zone();
    let local = |instant: Timestamp| {
        let offset = zone.to_offset(instant);
        instant.display_with_offset(offset).to_string()
    };
    availability
        .open_intervals(Medium::Audio, at(from), at(until))
        .map(|open| format!("{} / {}", local(open.start), local(open.end)))
        .collect()
}

const DAILY: &[DayOfWeek] = &DayOfWeek::ALL;

#[test]
fn a_plain_day() {
    let settings = settings("Europe/Paris", &[(DAILY, "0900", "1700")]);
    let availability = CallAvailability::new(&settings);
    for (instant, reason, change) in [
        (
            "2026-11-23T07:59:59.999999999Z",
            AvailabilityReason::OutsideCallHours,
            "2026-11-23T08:00:00Z",
        ),
        (
            "2026-11-23T08:00:00Z",
            AvailabilityReason::Open,
            "2026-11-23T16:00:00Z",
        ),
        (
            "2026-11-23T15:59:59.5Z",
            AvailabilityReason::Open,
            "2026-11-23T16:00:00Z",
        ),
        (
            "2026-11-23T16:00:00Z",
            AvailabilityReason::OutsideCallHours,
            "2026-11-24T08:00:00Z",
        ),
    ] {
        let decision = availability.decide(Medium::Audio, at(instant));
        assert_eq!(decision.reason, reason, "{instant}");
        assert_eq!(
            availability.next_change(Medium::Audio, at(instant)),
            Some(at(change)),
            "{instant}"
        );
    }
}

#[test]
fn instants_before_1970_are_rounded_down() {
    let settings = settings("UTC", &[(DAILY, "0000", "1200")]);
    let availability = CallAvailability::new(&settings);
    let decide = |instant| availability.decide(Medium::Audio, at(instant)).reason;
    assert_eq!(
        decide("1969-12-31T23:59:59.5Z"),
        AvailabilityReason::OutsideCallHours
    );
    assert_eq!(
        availability.next_change(Medium::Audio, at("1969-12-31T23:59:59.5Z")),
        Some(at("1970-01-01T00:00:00Z"))
    );
}

#[test]
fn a_medium_that_is_off_is_never_taken() {
    let mut settings = settings("UTC", &[(DAILY, "0900", "1700")]);
    settings.icon_enabled = false;
    settings.ring_target = RingTarget::Partners;
    let availability = CallAvailability::new(&settings);
    let noon = at("2026-11-23T12:00:00Z");
    let video = availability.decide(Medium::Video, noon);
    assert_eq!(video.reason, AvailabilityReason::VideoDisabled);
    assert!(!video.accepting_calls());
    assert_eq!(availability.next_change(Medium::Video, noon), None);
    let later = at("2026-11-30T12:00:00Z");
    let mut spans = availability.open_intervals(Medium::Video, noon, later);
    assert_eq!(spans.next(), None);

    let audio = availability.decide(Medium::Audio, noon);
    assert!(audio.accepting_calls());
    assert!(!audio.icon_visible);
    assert_eq!(audio.ring_target, RingTarget::Partners);

    settings.audio_enabled = false;
    let night = at("2026-11-23T23:00:00Z");
    let decision = CallAvailability::new(&settings).decide(Medium::Audio, night);
    assert_eq!(decision.reason, AvailabilityReason::AudioDisabled);
}

#[test]
fn without_hours_calls_are_taken_at_any_time() {
    let availability = CallAvailability::new(&CallSettings::default());
    let now = at("2026-11-23T12:00:00Z");
    let later = at("2026-11-23T13:00:00Z");
    let decision = availability.decide(Medium::Audio, now);
    assert_eq!(decision.reason, AvailabilityReason::Open);
    assert_eq!(availability.next_change(Medium::Audio, now), None);
    assert_eq!(availability.time_zone(), TimeZone::UTC);
    let spans: Vec<_> = availability
        .open_intervals(Medium::Audio, now, later)
        .collect();
    assert_eq!(
        spans,
        [OpenInterval {
            start: now,
            end: later
        }]
    );
}

#[test]
fn no_entry_at_all_never_opens_and_every_minute_never_closes() {
    let now = at("2026-11-23T12:00:00Z");
    let closed = CallAvailability::new(&settings("Europe/Paris", &[]));
    assert_eq!(closed.next_change(Medium::Audio, now), None);
    let decision = closed.decide(Medium::Audio, now);
    assert_eq!(decision.reason, AvailabilityReason::OutsideCallHours);
    let open = CallAvailability::new(&settings("Europe/Paris", &[(DAILY, "0000", "2359")]));
    assert_eq!(open.next_change(Medium::Audio, now), None);
    assert!(open.decide(Medium::Audio, now).accepting_calls());
}

#[test]
fn days_that_touch_at_midnight_are_one_span() {
    use DayOfWeek::{Monday, Sunday};
    let night = settings(
        "Europe/Paris",
        &[(&[Sunday], "2000", "2359"), (&[Monday], "0000", "0400")],
    );
    assert_eq!(
        intervals(&night, "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z"),
        ["2026-11-22T20:00:00+01:00 / 2026-11-23T04:00:00+01:00"]
    );
}

#[test]
fn the_hour_that_is_skipped_never_comes() {
    // On 2026-03-29 Paris goes from 02:00 to 03:00.
    for (open, close, expected) in [
        ("0215", "0245", vec![]),
        (
            "0100",
            "0230",
            vec!["2026-03-29T01:00:00+01:00 / 2026-03-29T03:00:00+02:00"],
        ),
        (
            "0230",
            "0500",
            vec!["2026-03-29T03:00:00+02:00 / 2026-03-29T05:00:00+02:00"],
        ),
        (
            "0100",
            "0500",
            vec!["2026-03-29T01:00:00+01:00 / 2026-03-29T05:00:00+02:00"],
        ),
    ] {
        let settings = settings("Europe/Paris", &[(DAILY, open, close)]);
        let found = intervals(&settings, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
        assert_eq!(found, expected, "{open}-{close}");
    }
}

#[test]
fn the_hour_that_is_repeated_counts_twice() {
    // On 2026-10-25 Paris goes from 03:00 back to 02:00.
    for (open, close, expected) in [
        (
            "0215",
            "0245",
            vec![
                "2026-10-25T02:15:00+02:00 / 2026-10-25T02:45:00+02:00",
                "2026-10-25T02:15:00+01:00 / 2026-10-25T02:45:00+01:00",
            ],
        ),
        (
            "0100",
            "0230",
            vec![
                "2026-10-25T01:00:00+02:00 / 2026-10-25T02:30:00+02:00",
                "2026-10-25T02:00:00+01:00 / 2026-10-25T02:30:00+01:00",
            ],
        ),
        (
            "0230",
            "0500",
            vec![
                "2026-10-25T02:30:00+02:00 / 2026-10-25T02:00:00+01:00",
                "2026-10-25T02:30:00+01:00 / 2026-10-25T05:00:00+01:00",
            ],
        ),
        (
            "0100",
            "0500",
            vec!["2026-10-25T01:00:00+02:00 / 2026-10-25T05:00:00+01:00"],
        ),
    ] {
        let settings = settings("Europe/Paris", &[(DAILY, open, close)]);
        let found = intervals(&settings, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        assert_eq!(found, expected, "{open}-{close}");
    }
}

#[test]
fn changes_at_midnight() {
    // On 2026-03-29 (a Sunday) Beirut goes from 00:00 to 01:00, so the day begins at 01:00.
    let sundays = settings("Asia/Beirut", &[(&[DayOfWeek::Sunday], "0000", "0200")]);
    assert_eq!(
        intervals(&sundays, "2026-03-27T00:00:00Z", "2026-03-31T00:00:00Z"),
        ["2026-03-29T01:00:00+03:00 / 2026-03-29T02:00:00+03:00"]
    );
    // On 2026-10-25 it goes from 00:00 back to 23:00: Saturday's last hour comes again, and is
    // Saturday's both times.
    let saturdays = settings("Asia/Beirut", &[(&[DayOfWeek::Saturday], "2230", "2359")]);
    assert_eq!(
        intervals(&saturdays, "2026-10-23T00:00:00Z", "2026-10-26T00:00:00Z"),
        ["2026-10-24T22:30:00+03:00 / 2026-10-25T00:00:00+02:00"]
    );
    // A span that closed at 23:30 opens again when the clock goes back into it.
    let evening = settings("Asia/Beirut", &[(&[DayOfWeek::Saturday], "2230", "2330")]);
    assert_eq!(
        intervals(&evening, "2026-10-23T00:00:00Z", "2026-10-26T00:00:00Z"),
        [
            "2026-10-24T22:30:00+03:00 / 2026-10-24T23:30:00+03:00",
            "2026-10-24T23:00:00+02:00 / 2026-10-24T23:30:00+02:00",
        ]
    );
}

#[test]
fn changes_by_half_an_hour() {
    // Lord Howe: 2026-04-05 02:00 back to 01:30, 2026-10-04 02:00 on to 02:30.
    let early = settings("Australia/Lord_Howe", &[(DAILY, "0140", "0215")]);
    assert_eq!(
        intervals(&early, "2026-04-04T12:00:00Z", "2026-04-05T12:00:00Z"),
        [
            "2026-04-05T01:40:00+11:00 / 2026-04-05T01:30:00+10:30",
            "2026-04-05T01:40:00+10:30 / 2026-04-05T02:15:00+10:30",
        ]
    );
    assert_eq!(
        intervals(&early, "2026-10-03T12:00:00Z", "2026-10-04T12:00:00Z"),
        ["2026-10-04T01:40:00+10:30 / 2026-10-04T02:30:00+11:00"]
    );
}

#[test]
fn a_day_that_a_zone_left_out_never_came() {
    // Apia went from Thursday 2011-12-29 24:00 to Saturday 2011-12-31 00:00.
    use DayOfWeek::{Friday, Saturday, Thursday};
    let from = "2011-12-29T20:00:00Z";
    let friday = settings("Pacific/Apia", &[(&[Friday], "0900", "1700")]);
    let availability = CallAvailability::new(&friday);
    assert_eq!(
        availability.next_change(Medium::Audio, at(from)),
        Some(at("2012-01-05T19:00:00Z"))
    );
    let around = settings(
        "Pacific/Apia",
        &[
            (&[Thursday], "2000", "2359"),
            (&[Saturday], "0000", "0200"),
            (&[Friday], "0300", "0400"),
        ],
    );
    assert_eq!(
        intervals(&around, from, "2012-01-01T00:00:00Z"),
        ["2011-12-29T20:00:00-10:00 / 2011-12-31T02:00:00+14:00"]
    );
}

#[test]
fn zones_that_stopped_changing_and_offsets_that_moved_for_good() {
    // Moscow stopped in 2014, Sao Paulo in 2019; both are still now.
    for (zone, open) in [
        ("Europe/Moscow", "2040-07-01T06:00:00Z"),
        ("America/Sao_Paulo", "2040-01-02T12:00:00Z"),
    ] {
        let hours = settings(zone, &[(DAILY, "0900", "1700")]);
        let availability = CallAvailability::new(&hours);
        assert!(
            availability
                .decide(Medium::Audio, at(open))
                .accepting_calls()
        );
        let before = at(open) - jiff::SignedDuration::from_secs(1);
        assert!(!availability.decide(Medium::Audio, before).accepting_calls());
    }
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let hours = settings("Pacific/Kiritimati", &[(DAILY, "0900", "1700")]);
    let availability = CallAvailability::new(&hours);
    for end in [Timestamp::MIN, Timestamp::MAX] {
        availability.decide(Medium::Audio, end);
        availability.next_change(Medium::Audio, end);
    }
    let last =
        availability.open_intervals(Medium::Audio, at("9999-12-29T00:00:00Z"), Timestamp::MAX);
    assert!(last.count() >= 1);
}

#[test]
fn an_empty_or_backward_span_has_no_intervals() {
    let hours = settings("UTC", &[(DAILY, "0000", "2359")]);
    for until in ["2026-11-23T12:00:00Z", "2026-11-22T12:00:00Z"] {
        assert!(intervals(&hours, "2026-11-23T12:00:00Z", until).is_empty());
    }
}
