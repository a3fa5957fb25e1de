//! Settings that carry the number of the write that made them.
//!
//! The hours that a write sends are a function of its number, spread over seven entries and the
//! zone: whoever reads them knows which write they are of, and hours in which the parts of two
//! writes are mixed are of none.

use std::fmt;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

/// The number of a write; no two writes of a run have the same.
pub(crate) type Mark = u32;

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
];
const DAYS: [&str; 7] = [
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
];

/// How many marks an opening time can tell apart; each span is within a day of 1440 minutes.
const OPENINGS: u32 = 1_000;
/// How many marks there are: three days spell one.
pub(crate) const MARKS: u32 = OPENINGS * OPENINGS * OPENINGS;

/// The four settings beside the hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Switches {
    pub(crate) audio: bool,
    pub(crate) icon: bool,
    pub(crate) video: bool,
    /// Whether partners ring, not Meta's own inbox.
    pub(crate) partners: bool,
}

impl Switches {
    /// One of the sixteen combinations, from the lowest bits of a number.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self {
            audio: bits & 1 != 0,
            icon: bits & 2 != 0,
            video: bits & 4 != 0,
            partners: bits & 8 != 0,
        }
    }

    /// Those that a full write with this mark sends.
    pub(crate) const fn of(mark: Mark) -> Self {
        Self::from_bits(scattered(mark, 0))
    }
}

/// All settings of a Page, as the harness tells them apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Settings {
    pub(crate) switches: Switches,
    /// The write that the hours are of; `None`: there are none.
    pub(crate) hours: Option<Mark>,
}

impl Settings {
    /// Those of a Page that was never configured.
    pub(crate) const NEVER_CONFIGURED: Self = Self {
        switches: Switches {
            audio: true,
            icon: true,
            video: false,
            partners: false,
        },
        hours: None,
    };
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Switches {
            audio,
            icon,
            video,
            partners,
        } = self.switches;
        let seen = Seen {
            audio: Some(audio),
            icon: Some(icon),
            video: Some(video),
            partners: Some(partners),
            hours: HoursSeen::of(self.hours),
        };
        seen.fmt(formatter)
    }
}

/// What an update sends: any of the two parts, each replaced whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Update {
    pub(crate) switches: Option<Switches>,
    pub(crate) hours: Option<Mark>,
}

impl Update {
    /// An update of all five fields, each of which follows from the mark.
    pub(crate) const fn full(mark: Mark) -> Self {
        Self {
            switches: Some(Switches::of(mark)),
            hours: Some(mark),
        }
    }

    /// The settings after this update of others.
    pub(crate) fn applied_to(&self, settings: Settings) -> Settings {
        Settings {
            switches: self.switches.unwrap_or(settings.switches),
            hours: self.hours.or(settings.hours),
        }
    }

    /// The body of the request.
    pub(crate) fn to_json(self) -> Value {
        let mut body = Map::new();
        if let Some(switches) = self.switches {
            let target = if switches.partners {
                "PARTNERS"
            } else {
                "META"
            };
            body.insert("audio_enabled".to_owned(), json!(switches.audio));
            body.insert("icon_enabled".to_owned(), json!(switches.icon));
            body.insert("video_enabled".to_owned(), json!(switches.video));
            body.insert("call_routing".to_owned(), json!({ "ring_target": target }));
        }
        if let Some(mark) = self.hours {
            body.insert("call_hours".to_owned(), hours(mark));
        }
        Value::Object(body)
    }
}

/// What an answer shows of the hours.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum HoursSeen {
    /// They were not asked for.
    #[default]
    NotShown,
    /// There are none.
    None,
    /// Those of this write.
    Of(Mark),
}

impl HoursSeen {
    const fn of(hours: Option<Mark>) -> Self {
        match hours {
            None => Self::None,
            Some(mark) => Self::Of(mark),
        }
    }
}

/// What an answer shows of the settings: the fields that were asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Seen {
    pub(crate) audio: Option<bool>,
    pub(crate) icon: Option<bool>,
    pub(crate) video: Option<bool>,
    pub(crate) partners: Option<bool>,
    pub(crate) hours: HoursSeen,
}

impl fmt::Debug for Update {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = Seen {
            audio: self.switches.map(|switches| switches.audio),
            icon: self.switches.map(|switches| switches.icon),
            video: self.switches.map(|switches| switches.video),
            partners: self.switches.map(|switches| switches.partners),
            hours: self.hours.map_or(HoursSeen::NotShown, HoursSeen::Of),
        };
        seen.fmt(formatter)
    }
}

/// Short, as histories of many are printed: `a+ i- v- p+ hours of write 17`.
impl fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            audio,
            icon,
            video,
            partners,
            hours,
        } = *self;
        for (switch, letter) in [(audio, 'a'), (icon, 'i'), (video, 'v'), (partners, 'p')] {
            match switch {
                Some(true) => write!(formatter, "{letter}+ ")?,
                Some(false) => write!(formatter, "{letter}- ")?,
                None => {}
            }
        }
        match hours {
            HoursSeen::Of(mark) => write!(formatter, "hours of write {mark}"),
            HoursSeen::None => write!(formatter, "no hours"),
            HoursSeen::NotShown => write!(formatter, "(hours not shown)"),
        }
    }
}

impl Seen {
    /// Reads the settings of an answer. Hours that no write can have sent are an error.
    ///
    /// `with_hours` says whether the hours were asked for, so that their absence means something.
    pub(crate) fn from_json(settings: &Value, with_hours: bool) -> anyhow::Result<Self> {
        let switch = |name: &str| settings.get(name).and_then(Value::as_bool);
        let hours = match settings.get("call_hours") {
            Some(hours) => HoursSeen::Of(mark_of(hours)?),
            None if with_hours => HoursSeen::None,
            None => HoursSeen::NotShown,
        };
        let partners = match settings.pointer("/call_routing/ring_target") {
            None => None,
            Some(target) if target == "PARTNERS" => Some(true),
            Some(target) if target == "META" => Some(false),
            Some(other) => bail!("the ring target is {other}"),
        };
        Ok(Self {
            audio: switch("audio_enabled"),
            icon: switch("icon_enabled"),
            video: switch("video_enabled"),
            partners,
            hours,
        })
    }

    /// Whether these settings may look so.
    pub(crate) fn fits(&self, settings: &Settings) -> bool {
        let agrees = |seen: Option<bool>, is: bool| seen.is_none_or(|seen| seen == is);
        agrees(self.audio, settings.switches.audio)
            && agrees(self.icon, settings.switches.icon)
            && agrees(self.video, settings.switches.video)
            && agrees(self.partners, settings.switches.partners)
            && [HoursSeen::NotShown, HoursSeen::of(settings.hours)].contains(&self.hours)
    }

    /// The settings, where all five fields were seen.
    pub(crate) fn whole(&self) -> Option<Settings> {
        let hours = match self.hours {
            HoursSeen::NotShown => return None,
            HoursSeen::None => None,
            HoursSeen::Of(mark) => Some(mark),
        };
        Some(Settings {
            switches: Switches {
                audio: self.audio?,
                icon: self.icon?,
                video: self.video?,
                partners: self.partners?,
            },
            hours,
        })
    }
}

/// The hours that the write with this mark sends.
fn hours(mark: Mark) -> Value {
    let entries: Vec<Value> = (0..7).map(|day| entry(mark, day)).collect();
    let zone = ZONES[(scattered(mark, 7) % 6) as usize];
    json!({ "timezone_id": zone, "weekly_operating_hours": entries })
}

fn entry(mark: Mark, day: u32) -> Value {
    // The first three days spell the mark, the others follow from it.
    let open = match day {
        0..=2 => mark / OPENINGS.pow(day) % OPENINGS,
        _ => scattered(mark, day) % OPENINGS,
    };
    let close = open + 1 + scattered(mark, day + 8) % 400;
    let time = |minute: u32| format!("{:02}{:02}", minute / 60, minute % 60);
    json!({
        "day_of_week": DAYS[day as usize], "open_time": time(open), "close_time": time(close),
    })
}

/// The mark of the write that sent these hours; hours that none can have sent are an error.
fn mark_of(found: &Value) -> anyhow::Result<Mark> {
    let opening = |day: u32| -> Option<u32> {
        let time = found
            .pointer(&format!("/weekly_operating_hours/{day}/open_time"))?
            .as_str()?;
        Some(time.get(..2)?.parse::<u32>().ok()? * 60 + time.get(2..)?.parse::<u32>().ok()?)
    };
    let mark = (0..3)
        .rev()
        .try_fold(0, |mark, day| Some(mark * OPENINGS + opening(day)?))
        .with_context(|| format!("no write sends the hours {found}"))?;
    if hours(mark) != *found {
        bail!(
            "these hours are of no write: {found}; write {mark} sends {}",
            hours(mark)
        );
    }
    Ok(mark)
}

/// A number that looks unlike those of the neighbours of a mark: neighbours are what gets mixed.
const fn scattered(mark: Mark, place: u32) -> u32 {
    let mut number = mark.wrapping_add(place.wrapping_mul(0x9E37_79B9));
    number = (number ^ (number >> 16)).wrapping_mul(0x85EB_CA6B);
    number = (number ^ (number >> 13)).wrapping_mul(0xC2B2_AE35);
    number ^ (number >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_tell_the_write_they_are_of() {
        for mark in [0, 1, 999, 1_000, 123_456_789, MARKS - 1] {
            let update = Update::full(mark);
            let seen = Seen::from_json(&update.to_json(), true).unwrap();
            let settings = update.applied_to(Settings::NEVER_CONFIGURED);
            assert_eq!(seen.whole(), Some(settings));
            assert_eq!(settings.hours, Some(mark));
        }
    }

    #[test]
    fn hours_of_two_writes_mixed_are_of_none() {
        let (one, other) = (hours(41), hours(42));
        for day in 0..7 {
            let mut mixed = one.clone();
            mixed["weekly_operating_hours"][day] = other["weekly_operating_hours"][day].clone();
            assert!(mark_of(&mixed).is_err(), "day {day}");
        }
        let mut cut = one.clone();
        cut["weekly_operating_hours"].as_array_mut().unwrap().pop();
        assert!(mark_of(&cut).is_err());
        assert_eq!(mark_of(&one).unwrap(), 41);
    }

    #[test]
    fn a_part_seen_speaks_for_that_part_only() {
        let settings = Update::full(7).applied_to(Settings::NEVER_CONFIGURED);
        let icon = Seen::from_json(&json!({ "icon_enabled": settings.switches.icon }), false);
        assert!(icon.unwrap().fits(&settings));
        let icon = Seen::from_json(&json!({ "icon_enabled": !settings.switches.icon }), false);
        assert!(!icon.unwrap().fits(&settings));
        let none = Seen::from_json(&json!({}), true).unwrap();
        assert!(!none.fits(&settings), "there are hours");
        assert!(none.fits(&Settings::NEVER_CONFIGURED));
    }
}
