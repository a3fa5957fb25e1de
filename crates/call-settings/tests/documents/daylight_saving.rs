//! `docs/daylight-saving.md`: every rule with what really happens and a picture of it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use call_settings::{CallAvailability, CallHours, CallSettings, HoursLimits, Medium};
use jiff::{Timestamp, ToSpan, Zoned};

use crate::picture::{self, Track};

/// A rule, shown on one change of one zone.
struct Rule {
    /// The name of the picture.
    name: &'static str,
    /// The rule in a sentence.
    says: &'static str,
    /// Hours as people write them, with their zone.
    hours: &'static str,
    /// Where the picture starts, on the wall clock of the zone.
    from: &'static str,
    /// How many hours it shows.
    length: i64,
    /// Minutes between the times that it names.
    step: i64,
}

const RULES: &[Rule] = &[
    Rule {
        name: "skipped-whole",
        says: "Hours that lie in the skipped hour do not come that day.",
        hours: "daily 02:15-02:45 (Europe/Paris)",
        from: "2026-03-29T00:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "skipped-end",
        says: "Hours that end in the skipped hour end when it is skipped.",
        hours: "daily 01:00-02:30 (Europe/Paris)",
        from: "2026-03-29T00:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "skipped-start",
        says: "Hours that start in the skipped hour start when it is skipped.",
        hours: "daily 02:30-05:00 (Europe/Paris)",
        from: "2026-03-29T00:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "skipped-around",
        says: "Hours around the skipped hour are an hour shorter that day.",
        hours: "daily 01:00-05:00 (Europe/Paris)",
        from: "2026-03-29T00:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "repeated-whole",
        says: "Hours that lie in the repeated hour come twice.",
        hours: "daily 02:15-02:45 (Europe/Paris)",
        from: "2026-10-25T00:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "repeated-end",
        says: "Hours that end in the repeated hour end, begin again when the clock goes back into them, and end again.",
        hours: "daily 01:00-02:30 (Europe/Paris)",
        from: "2026-10-25T00:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "repeated-start",
        says: "Hours that start in the repeated hour start, stop when the clock goes back before them, and start again.",
        hours: "daily 02:30-05:00 (Europe/Paris)",
        from: "2026-10-25T00:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "repeated-around",
        says: "Hours around the repeated hour are an hour longer that day.",
        hours: "daily 01:00-05:00 (Europe/Paris)",
        from: "2026-10-25T00:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "midnight-skipped",
        says: "Where midnight is skipped, the day begins an hour late, and so do its hours.",
        hours: "Sun 00:00-02:00 (Asia/Beirut)",
        from: "2026-03-28T22:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "midnight-repeated",
        says: "Where the hour before midnight is repeated, it belongs to the old day both times.",
        hours: "Sat 22:30-23:30; Sun 00:30-02:00 (Asia/Beirut)",
        from: "2026-10-24T22:00",
        length: 6,
        step: 60,
    },
    Rule {
        name: "half-hour",
        says: "A change by half an hour counts by half an hour.",
        hours: "daily 01:40-02:15 (Australia/Lord_Howe)",
        from: "2026-04-05T00:00",
        length: 4,
        step: 30,
    },
    Rule {
        name: "left-out-day",
        says: "A day that a zone left out had no hours. What was open at both of its sides stayed open.",
        hours: "Thu 18:00-24:00; Fri 09:00-17:00; Sat 00:00-06:00 (Pacific/Apia)",
        from: "2011-12-29T12:00",
        length: 36,
        step: 360,
    },
    Rule {
        name: "touching",
        says: "A close of 2359 runs to midnight, and days that touch there are one span.",
        hours: "Sun 20:00-23:59; Mon 00:00-04:00 (Europe/Paris)",
        from: "2026-11-22T18:00",
        length: 12,
        step: 120,
    },
];

impl Rule {
    fn call_hours(&self) -> CallHours {
        let limits = HoursLimits::new(2).unwrap();
        CallHours::from_text(self.hours, None, limits).unwrap()
    }

    fn availability(&self) -> CallAvailability {
        CallAvailability::new(&CallSettings {
            call_hours: Some(self.call_hours()),
            ..CallSettings::default()
        })
    }

    fn start(&self) -> Zoned {
        let local: jiff::civil::DateTime = self.from.parse().unwrap();
        local.to_zoned(self.availability().time_zone()).unwrap()
    }

    /// The open spans in the picture, in words.
    fn outcome(&self) -> String {
        let availability = self.availability();
        let start = self.start().timestamp();
        let end = start + self.length.hours();
        let zone = availability.time_zone();
        let local = |instant: Timestamp| instant.to_zoned(zone.clone());
        let spans: Vec<String> = availability
            .open_intervals(Medium::Audio, start, end)
            .map(|open| {
                let format = "%H:%M (%:z)";
                let (start, end) = (local(open.start), local(open.end));
                let minutes = open.end.duration_since(open.start).as_mins();
                format!(
                    "{} to {}, {}",
                    start.strftime(format),
                    end.strftime(format),
                    length_text(minutes)
                )
            })
            .collect();
        if spans.is_empty() {
            "not open".to_owned()
        } else {
            spans.join("<br>")
        }
    }

    /// A week before and on the day itself, one above the other.
    fn picture(&self) -> String {
        let availability = self.availability();
        let start = self.start();
        let track = |title: &str, start: &Zoned| {
            Track::new(
                &format!("{title}, {}", start.strftime("%A %-d %B %Y")),
                &availability,
                start.timestamp(),
                self.length * 60,
                self.step,
            )
        };
        let before = start.checked_sub(1.week()).unwrap();
        picture::draw(
            &format!("{}: {}", self.hours, self.says),
            &[track("A week before", &before), track("The day", &start)],
        )
    }
}

fn length_text(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

fn document() -> String {
    let mut text = String::from(
        "# Call hours and the clock\n\n\
         Made by a test from what the engine does; do not edit.\n\n\
         There is one rule, and it is ours, as neither the reference page nor the guide says more than that hours \
         have a time zone: **a Page takes calls at an instant exactly when the clock on its wall then shows a time \
         inside an entry of that weekday.** No entry is moved, stretched or repaired. What follows from that on the \
         days on which the clock does not run evenly:\n\n\
         | rule | hours | what happens | picture |\n|---|---|---|---|\n",
    );
    for rule in RULES {
        writeln!(
            text,
            "| {} | `{}` | {} | ![{}](pictures/daylight-saving/{}.svg) |",
            rule.says,
            rule.hours,
            rule.outcome(),
            rule.name,
            rule.name
        )
        .unwrap();
    }
    text.push_str(
        "\nA zone that stopped changing its clock (Europe/Moscow in 2014, America/Sao_Paulo in 2019) has its last offset \
         for good; one that still changes goes on by its last rule. Time-zone data is inside the binary \
         (`pagebell --version` names its release), so every machine agrees.\n\n\
         In each picture time runs evenly from left to right; the labels are what the clock on the wall shows. \
         `open_until` and `next_open` carry the offset from UTC, so that a time that comes twice is told apart.\n\n\
         The engine is compared minute by minute with a second implementation on another time-zone library and with \
         Python's zoneinfo over every zone and every change from 2020 to 2037: `cargo xtask oracle`.\n",
    );
    text
}

fn documents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[test]
fn documents_are_up_to_date() {
    let folder = documents().join("pictures/daylight-saving");
    let mut files = vec![(documents().join("daylight-saving.md"), document())];
    for rule in RULES {
        files.push((folder.join(rule.name).with_extension("svg"), rule.picture()));
    }
    for (path, content) in files {
        if env::var_os("UPDATE_DOCUMENTS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &content).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == content,
            "{} is out of date; run UPDATE_DOCUMENTS=1 cargo test --workspace documents",
            path.display()
        );
    }
}
