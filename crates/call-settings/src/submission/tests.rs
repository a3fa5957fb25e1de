use proptest::prelude::*;

use super::*;

fn text(value: &str) -> Submitted<String> {
    Submitted::Value(value.to_owned())
}

fn entry(day: &str, open: &str, close: &str) -> Submitted<OperatingHoursSubmission> {
    Submitted::Value(OperatingHoursSubmission {
        day_of_week: text(day),
        open_time: text(open),
        close_time: text(close),
        unknown_members: Vec::new(),
    })
}

fn hours(zone: &str, entries: Vec<Submitted<OperatingHoursSubmission>>) -> SettingsSubmission {
    SettingsSubmission {
        call_hours: Submitted::Value(CallHoursSubmission {
            timezone_id: text(zone),
            weekly_operating_hours: Submitted::Value(entries),
            unknown_members: Vec::new(),
        }),
        ..SettingsSubmission::default()
    }
}

fn messages(submission: SettingsSubmission) -> Vec<String> {
    submission
        .validate(HoursLimits::default())
        .expect_err("the submission has mistakes")
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn nothing_sent_changes_nothing() {
    let update = SettingsSubmission::default()
        .validate(HoursLimits::default())
        .unwrap();
    assert!(update.is_empty());
}

#[test]
fn null_removes_the_hours_and_nothing_else() {
    let update = SettingsSubmission {
        call_hours: Submitted::Null,
        ..SettingsSubmission::default()
    }
    .validate(HoursLimits::default())
    .unwrap();
    assert_eq!(update.call_hours, CallHoursChange::Remove);

    let found = messages(SettingsSubmission {
        audio_enabled: Submitted::Null,
        call_routing: Submitted::Null,
        ..SettingsSubmission::default()
    });
    assert_eq!(
        found,
        [
            "audio_enabled must be a boolean - got null; leave it out to keep what is stored",
            "call_routing must be an object - got null; leave it out to keep what is stored",
        ]
    );
}

#[test]
fn every_mistake_is_reported_first_by_path_first() {
    let found = messages(hours(
        "Mars/Olympus",
        vec![
            entry("MONDAY", "0900", "1700"),
            entry("FUNDAY", "2500", "2400"),
            entry("MONDAY", "0900", "1700"),
            entry("TUESDAY", "1700", "0900"),
            entry("WEDNESDAY", "0900", "0900"),
            Submitted::WrongType("7".to_owned()),
            Submitted::Value(OperatingHoursSubmission {
                unknown_members: vec!["opens".to_owned()],
                ..OperatingHoursSubmission::default()
            }),
        ],
    ));
    let week = "call_hours[weekly_operating_hours]";
    assert_eq!(
        found,
        [
            "call_hours[timezone_id] must be an IANA time-zone name such as \"Europe/Paris\" - got \"Mars/Olympus\"".to_owned(),
            format!("{week}[1][day_of_week] must be one of {{MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY}} - got \"FUNDAY\""),
            format!("{week}[1][open_time] must be a time as four digits HHMM from \"0000\" to \"2359\" - got \"2500\""),
            format!("{week}[1][close_time] must be a time as four digits HHMM from \"0000\" to \"2359\" - got \"2400\"; until midnight is \"2359\""),
            format!("{week}[2][day_of_week] names MONDAY again (first in entry 0) - a day may stand once; leave one of the two entries out"),
            format!("{week}[3][close_time] must be after open_time \"1700\" - got \"0900\"; a span past midnight is two entries: TUESDAY \"1700\" to \"2359\" and WEDNESDAY \"0000\" to \"0900\""),
            format!("{week}[4][close_time] must be after open_time \"0900\" - got \"0900\"; a whole day is \"0000\" to \"2359\""),
            format!("{week}[5] must be an object - got 7"),
            format!("{week}[6][day_of_week] is required and must be a day, a string from \"MONDAY\" to \"SUNDAY\""),
            format!("{week}[6][open_time] is required and must be a time, a string of four digits HHMM such as \"0900\""),
            format!("{week}[6][close_time] is required and must be a time, a string of four digits HHMM such as \"0900\""),
            format!("{week}[6][opens] is not a known member - known are day_of_week, open_time, close_time"),
        ]
    );
}

#[test]
fn a_hostile_number_of_mistakes_is_cut_off() {
    let entries = vec![Submitted::WrongType("1".to_owned()); 30_000];
    let violations = hours("UTC", entries)
        .validate(HoursLimits::default())
        .unwrap_err();
    assert_eq!(violations.iter().count(), Violations::MOST);
    assert_eq!(violations.omitted(), 30_000 - Violations::MOST);
}

#[test]
fn long_and_odd_values_are_shortened() {
    let found = messages(hours(&format!("{}\n", "x".repeat(9_000)), Vec::new()));
    assert!(found[0].len() < 250, "{}", found[0]);
    assert!(found[0].contains('…'));
}

#[test]
fn entries_keep_their_order_and_days_are_canonical() {
    let update = hours(
        "us/pacific",
        vec![
            entry("sunday", "0000", "2359"),
            entry("Monday", "0900", "1700"),
        ],
    )
    .validate(HoursLimits::default())
    .unwrap();
    let CallHoursChange::Replace(hours) = update.call_hours else {
        panic!("the hours are replaced");
    };
    assert_eq!(hours.timezone_id().name(), "US/Pacific");
    let days: Vec<_> = hours
        .weekly_operating_hours()
        .iter()
        .map(|entry| entry.day())
        .collect();
    assert_eq!(days, [DayOfWeek::Sunday, DayOfWeek::Monday]);
}

proptest! {
    /// Against an oracle that looks at minutes: a set of entries is accepted exactly when each
    /// entry has a lawful span, no day has more than the limit and no minute is covered twice.
    #[test]
    fn acceptance_agrees_with_a_count_of_minutes(
        spans in prop::collection::vec((0_usize..7, 0_u16..1440, 0_u16..1440), 0..6),
        limit in 1_u8..4,
    ) {
        let wire = |minute: u16| format!("{:02}{:02}", minute / 60, minute % 60);
        let entries = spans
            .iter()
            .map(|&(day, open, close)| entry(DayOfWeek::ALL[day].name(), &wire(open), &wire(close)))
            .collect();
        let accepted = hours("UTC", entries).validate(HoursLimits::new(limit).unwrap()).is_ok();

        let mut covered = vec![0_u8; 7 * 1440];
        let mut per_day = [0_u8; 7];
        let mut lawful = true;
        for &(day, open, close) in &spans {
            lawful &= open < close;
            per_day[day] += 1;
            let end = if close == 1439 { 1440 } else { close };
            for minute in open..end.max(open) {
                covered[day * 1440 + usize::from(minute)] += 1;
            }
        }
        lawful &= per_day.iter().all(|&count| count <= limit);
        lawful &= covered.iter().all(|&count| count <= 1);
        prop_assert_eq!(accepted, lawful);
    }
}
