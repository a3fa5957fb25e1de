use proptest::prelude::*;

use super::*;
use crate::OperatingHours;

fn read(text: &str, limit: u8) -> Result<String, String> {
    let zone = Some("Europe/Paris".parse().unwrap());
    let limits = HoursLimits::new(limit).unwrap();
    CallHours::from_text(text, zone, limits)
        .map(|hours| WeekText(&hours).to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn one_week_in_many_spellings() {
    let week = "Mon-Fri 09:00-17:00; Sat 10:00-14:00";
    for text in [
        week,
        "mon-fri 0900-1700; sat 1000-1400",
        "Monday to Friday 9am-5pm, Saturday 10am-2pm",
        "Mo-Fr 09:00-17:00; Sa 10:00-14:00",
        "Weekdays: 9:00 AM \u{2013} 5:00 PM\nSaturday: 10:00 a.m. - 2 p.m.",
        "Mon,Tue,Wed & Thu, Fri 9.00-17.00 ; Saturdays 10h-14h",
        "Mon-Sun 9-17; Sat, Sun closed; Sat 10-14",
        "Mon through Fri from 9am until 5pm and Sat 10am to 2pm",
        "  MON\u{2011}FRI 09:00\u{2014}17:00;;SAT 10:00-14:00;  ",
        "9am-5pm Mon-Fri; 10am-2pm Sat",
        "M-F 9a-5p, Sat 10a-2p",
        "Mon/Tue/Weds/Thurs/Fri 0900-1700hrs; Sat 10-14 h",
        "Mon \u{2212} Fri 9\tam ~ 5 p.m; Sat 10 a.m. to 2 pm",
        "Monday to Friday\n9 AM\u{2013}5 PM\nSaturday\n10 AM\u{2013}2 PM\nSunday\nClosed",
        "24/7; closed on weekends; Mon-Fri closed; Mon-Fri 9-17; Sat 10-14",
        "Mon. 9h00-17h00; Tue. - Fri. 9h00-17h00; Sat. 10h00-14h00",
    ] {
        assert_eq!(read(text, 1).as_deref(), Ok(week), "{text}");
    }
}

#[test]
fn words_for_times_and_weeks() {
    for (text, week) in [
        ("24/7", "24/7"),
        ("always", "24/7"),
        ("Mon-Sun 00:00-24:00", "24/7"),
        ("daily 24h", "24/7"),
        ("Open 24 hours", "24/7"),
        ("Monday: Open 24 hours", "Mon 00:00-24:00"),
        ("Mon 24hrs", "Mon 00:00-24:00"),
        ("Mon all day", "Mon 00:00-24:00"),
        ("Mon 12 noon-5pm", "Mon 12:00-17:00"),
        ("Mon 22:00-2:00", "Mon 22:00-24:00; Tue 00:00-02:00"),
        ("Mon 01:00-05:00", "Mon 01:00-05:00"),
        ("every day midnight-midnight", "24/7"),
        ("closed", "closed"),
        ("24/7; Sun closed", "Mon-Sat 00:00-24:00"),
        ("Mon 24/7", "Mon 00:00-24:00"),
        (
            "Sat 18:00-03:00; Sun closed",
            "Sat 18:00-24:00; Sun 00:00-03:00",
        ),
        ("Mon 9-12, 12-17", "Mon 09:00-17:00"),
        ("weekends noon-midnight", "Sat, Sun 12:00-24:00"),
        ("daily 12am-12pm", "Mon-Sun 00:00-12:00"),
        ("Mon 12:30am-11:59pm", "Mon 00:30-24:00"),
        ("Fri-Mon 8-12", "Mon, Fri-Sun 08:00-12:00"),
        ("9:00-17:00", "Mon-Sun 09:00-17:00"),
        ("Mon 8-noon", "Mon 08:00-12:00"),
        ("Mon 22:00-00:00", "Mon 22:00-24:00"),
        ("Mon 22:00-23:59", "Mon 22:00-24:00"),
    ] {
        assert_eq!(read(text, 1).as_deref(), Ok(week), "{text}");
    }
}

#[test]
fn several_spans_a_day_where_allowed() {
    let week = "Mon-Fri 09:00-12:00, 13:00-17:00; Sat 10:00-14:00";
    assert_eq!(read(week, 2).as_deref(), Ok(week));
    let comma = "Mon-Fri 09:00-12:00, 13:00-17:00, Sat 10:00-14:00";
    assert_eq!(read(comma, 2).as_deref(), Ok(week));
    assert!(read(week, 1).unwrap_err().starts_with("Monday has 2 spans"));
}

#[test]
fn spans_past_midnight_are_split() {
    assert_eq!(
        read("Fri 20:00-02:00", 1).as_deref(),
        Ok("Fri 20:00-24:00; Sat 00:00-02:00")
    );
    assert_eq!(
        read("Sun 10pm-2am", 1).as_deref(),
        Ok("Mon 00:00-02:00; Sun 22:00-24:00")
    );
    let refused = read("Fri 20:00-02:00; Sat 10:00-14:00", 1).unwrap_err();
    assert!(
        refused.contains("runs past midnight into Saturday"),
        "{refused}"
    );
    let refused = read("daily 20:00-02:00", 1).unwrap_err();
    assert!(
        refused.contains("Sunday 20:00-02:00 runs past midnight into Monday"),
        "{refused}"
    );
    assert_eq!(
        read("daily 20:00-02:00", 2).as_deref(),
        Ok("Mon-Sun 00:00-02:00, 20:00-24:00")
    );
}

#[test]
fn anything_else_says_what_to_write() {
    for (text, expected) in [
        ("", "there are no hours"),
        (" ; ", "there are no hours"),
        (
            "Mon",
            "expected a time such as 09:00 or 9am, or closed at the end",
        ),
        ("Mon-", "expected the last day of the range"),
        (
            "Mon-09:00",
            "expected the last day of the range, not \"09:00\"",
        ),
        ("Mon 09:00", "expected - and the closing time"),
        ("Mon 09:00-", "expected the closing time"),
        (
            "Mon 09:00-17:00 Tue 10:00-12:00",
            "expected a comma or a semicolon, not \"Tue\"",
        ),
        (
            "Funday 09:00-17:00",
            "expected a day or a time, not \"Funday\"",
        ),
        ("T 09:00-17:00", "expected a day or a time, not \"T\""),
        ("Mon-Fri 09:00-17:00; closed", "closed on which days?"),
        ("Mon 9:00-17:00+", "expected a day or a time, not \"+\""),
        ("Mon 9:00-5:00", "write 9:00am-5:00pm, or 09:00-05:00"),
        ("Mon 12-5", "write 12pm-5pm, or 12:00-05:00"),
        ("Mon noon-5", "write noon-5pm, or 12:00-05:00"),
        ("Mon 8-midnight", "write 8pm-midnight, or 08:00-24:00"),
        ("Mon 1-5", "write 1pm-5pm, or 01:00-05:00"),
        ("Mon-Fri 9-12, 1-5", "\"1-5\" can be read in two ways"),
        ("Mon 11:30-2:30", "write 11:30am-2:30pm, or 11:30-02:30"),
        ("Mon 9-12, 6-9", "write 6pm-9pm, or 06:00-09:00"),
        (
            "Mon 9-17\nTue 9-17\nWed 9-5",
            "line 3: \"9-5\" can be read in two ways",
        ),
        (
            "Mon 9-17\nMoonday 9-17",
            "line 2: expected a day or a time, not \"Moonday\"",
        ),
        ("Mon 9-5", "\"9-5\" can be read in two ways: write 9am-5pm"),
        ("Mon 9-5pm", "write am or pm at both times"),
        ("Mon 9am-17:00", "write am or pm at both times"),
        (
            "Mon 25:00-26:00",
            "\"25:00\" is no time: a day ends at 24:00",
        ),
        (
            "Mon 20:00-26:00",
            "\"26:00\" is no time: a day ends at 24:00",
        ),
        ("Mon 09:60-17:00", "an hour has minutes 00 to 59"),
        ("Mon 13pm-2pm", "with am and pm, hours go from 1 to 12"),
        ("Mon 0am-2pm", "with am and pm, hours go from 1 to 12"),
        ("Mon 24:00-02:00", "as an opening time midnight is 00:00"),
        ("Mon 9:0-17:00", "\"9:0\" is no time"),
        (
            "Mon 09:00-09:00",
            "\"09:00-09:00\" is empty; a whole day is 00:00-24:00",
        ),
        ("Mon 09:00-17:00 \u{1f600}", "expected a day or a time"),
        ("Mon 09:00:00-17:00", "is no time"),
    ] {
        let error = read(text, 1).unwrap_err();
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn the_zone_stands_behind_the_hours_or_beside_them() {
    let read = |text, zone: Option<&str>| {
        let zone = zone.map(|zone| zone.parse().unwrap());
        CallHours::from_text(text, zone, HoursLimits::default())
            .map(|hours| HoursText(&hours).to_string())
            .map_err(|error| error.to_string())
    };
    let written = "Mon 09:00-17:00 (Europe/Paris)";
    assert_eq!(read(written, None).as_deref(), Ok(written));
    assert_eq!(read(written, Some("Europe/Paris")).as_deref(), Ok(written));
    assert_eq!(
        read("Mon 09:00-17:00", Some("europe/paris")).as_deref(),
        Ok(written)
    );
    let error = |text, zone| read(text, zone).unwrap_err();
    assert!(error("Mon 09:00-17:00", None).contains("in which time zone?"));
    assert!(
        error(written, Some("UTC")).contains("two time zones: Europe/Paris in the text and UTC")
    );
    assert!(
        error("Mon 9am-5pm (Pariss)", None).contains("\"Pariss\" is not an IANA time-zone name")
    );
}

/// Lawful hours with up to three entries a day.
fn hours() -> impl Strategy<Value = CallHours> {
    let day = proptest::collection::btree_set(0_u16..1440, 0..7);
    let zones: Vec<TimeZoneId> = TimeZoneId::all().collect();
    let zone = proptest::sample::select(zones);
    (zone, proptest::array::uniform7(day)).prop_map(|(zone, days)| {
        let mut entries = Vec::new();
        for (day, minutes) in DayOfWeek::ALL.into_iter().zip(days) {
            let minutes: Vec<_> = minutes.into_iter().collect();
            for pair in minutes.chunks_exact(2) {
                let time = |minute: u16| crate::ClockTime::new(minute / 60, minute % 60).unwrap();
                entries.push(OperatingHours::new(day, time(pair[0]), time(pair[1])).unwrap());
            }
        }
        CallHours::new(zone, entries, HoursLimits::WIDEST).unwrap()
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_itself(hours in hours()) {
        let text = HoursText(&hours).to_string();
        let read = CallHours::from_text(&text, None, HoursLimits::WIDEST);
        prop_assert_eq!(read, Ok(hours), "{}", text);
    }

    #[test]
    fn any_text_is_answered_without_a_panic(text in "\\PC{0,60}") {
        let _ = read(&text, 2);
    }

    #[test]
    fn soup_of_the_grammar_is_answered_without_a_panic(
        text in "(Mon|Sun|weekdays|24/7|closed|[0-9]{1,4}|:|-|,|;| |am|pm|noon|\\(|\\)|UTC|h|\\.){0,40}"
    ) {
        if let Ok(written) = read(&text, 24) {
            // What is understood is written, and that reads back.
            prop_assert_eq!(read(&written, 24), Ok(written));
        }
    }
}
