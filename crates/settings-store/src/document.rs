//! Settings as a text, the form in which every store keeps them.
//!
//! The format is ours and older than any wire version: it may only ever be extended, as history
//! keeps documents for good. It looks like the wire's JSON so that a person can read the store.

use std::borrow::Cow;

use call_settings::{
    CallHours, CallSettings, ClockTime, DayOfWeek, HoursLimits, OperatingHours, RingTarget,
    TimeZoneId,
};
use serde::Deserialize;

/// The text is not a document of settings.
#[derive(Debug, thiserror::Error)]
#[error("a stored document cannot be read: {0}")]
pub struct DocumentError(String);

/// Texts are borrowed where they can be: a document is read with each update.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    audio_enabled: bool,
    icon_enabled: bool,
    video_enabled: bool,
    #[serde(borrow)]
    ring_target: Cow<'a, str>,
    #[serde(borrow, default)]
    call_hours: Option<HoursDocument<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursDocument<'a> {
    #[serde(borrow)]
    timezone_id: Cow<'a, str>,
    /// Each entry as day, opening and closing time.
    #[serde(borrow)]
    weekly_operating_hours: Vec<(Text<'a>, Text<'a>, Text<'a>)>,
}

/// A text within a sequence, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The settings as a text. Names and times need no escapes in JSON.
pub fn encode(settings: &CallSettings) -> String {
    let mut text = String::with_capacity(256);
    let [audio, icon, video] = [
        settings.audio_enabled,
        settings.icon_enabled,
        settings.video_enabled,
    ]
    .map(|value| if value { "true" } else { "false" });
    for part in [
        "{\"audio_enabled\":",
        audio,
        ",\"icon_enabled\":",
        icon,
        ",\"video_enabled\":",
        video,
        ",\"ring_target\":\"",
        settings.ring_target.name(),
        "\"",
    ] {
        text.push_str(part);
    }
    if let Some(hours) = &settings.call_hours {
        text.push_str(",\"call_hours\":{\"timezone_id\":\"");
        text.push_str(hours.timezone_id().name());
        text.push_str("\",\"weekly_operating_hours\":[");
        for (position, entry) in hours.weekly_operating_hours().iter().enumerate() {
            text.push_str(if position == 0 { "[\"" } else { ",[\"" });
            text.push_str(entry.day().name());
            for time in [entry.open(), entry.close()] {
                let digits = time.digits();
                text.push_str("\",\"");
                text.push_str(std::str::from_utf8(&digits).expect("digits are ASCII"));
            }
            text.push_str("\"]");
        }
        text.push_str("]}");
    }
    text.push('}');
    text
}

/// The settings of a text. Hours that were lawful under any limits are read.
pub fn decode(text: &str) -> Result<CallSettings, DocumentError> {
    let failed = |reason: &dyn std::fmt::Display| DocumentError(reason.to_string());
    let document: Document<'_> = serde_json::from_str(text).map_err(|error| failed(&error))?;
    Ok(CallSettings {
        audio_enabled: document.audio_enabled,
        icon_enabled: document.icon_enabled,
        video_enabled: document.video_enabled,
        ring_target: document
            .ring_target
            .parse::<RingTarget>()
            .map_err(|error| failed(&error))?,
        call_hours: document.call_hours.map(decode_hours).transpose()?,
    })
}

fn decode_hours(document: HoursDocument<'_>) -> Result<CallHours, DocumentError> {
    let failed = |reason: &dyn std::fmt::Display| DocumentError(reason.to_string());
    let zone = document
        .timezone_id
        .parse::<TimeZoneId>()
        .map_err(|error| failed(&error))?;
    let entries = document
        .weekly_operating_hours
        .into_iter()
        .map(|(Text(day), Text(open), Text(close))| {
            let day = day.parse::<DayOfWeek>().map_err(|error| failed(&error))?;
            let open = open.parse::<ClockTime>().map_err(|error| failed(&error))?;
            let close = close.parse::<ClockTime>().map_err(|error| failed(&error))?;
            OperatingHours::new(day, open, close).map_err(|error| failed(&error))
        })
        .collect::<Result<Vec<_>, _>>()?;
    CallHours::new(zone, entries, HoursLimits::WIDEST).map_err(|conflicts| failed(&conflicts[0]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings() -> impl Strategy<Value = CallSettings> {
        let entry = (0_u16..1438, 1_u16..600);
        let hours = (
            0..TimeZoneId::all().count(),
            prop::collection::btree_map(0_usize..7, entry, 0..7),
        )
            .prop_map(|(zone, entries)| {
                let time = |minute: u16| ClockTime::new(minute / 60, minute % 60).unwrap();
                let entries = entries
                    .into_iter()
                    .map(|(day, (open, length))| {
                        let close = (open + length).min(1439);
                        OperatingHours::new(DayOfWeek::ALL[day], time(open), time(close)).unwrap()
                    })
                    .collect();
                let zone = TimeZoneId::all().nth(zone).unwrap();
                CallHours::new(zone, entries, HoursLimits::default()).unwrap()
            });
        (any::<[bool; 4]>(), prop::option::of(hours)).prop_map(
            |([audio, icon, video, partners], call_hours)| CallSettings {
                audio_enabled: audio,
                icon_enabled: icon,
                video_enabled: video,
                ring_target: RingTarget::ALL[usize::from(partners)],
                call_hours,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(settings in settings()) {
            prop_assert_eq!(decode(&encode(&settings)).unwrap(), settings);
        }
    }

    #[test]
    fn what_is_not_a_document_is_refused() {
        for text in [
            "",
            "{}",
            "null",
            "{\"audio_enabled\":true,\"icon_enabled\":true,\"video_enabled\":false,\"ring_target\":\"BOTH\"}",
            "{\"audio_enabled\":true,\"icon_enabled\":true,\"video_enabled\":false,\"ring_target\":\"META\",\"more\":1}",
        ] {
            assert!(decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_form_of_documents_that_are_stored_already() {
        let text = "{\"audio_enabled\":true,\"icon_enabled\":false,\"video_enabled\":false,\
            \"ring_target\":\"PARTNERS\",\"call_hours\":{\"timezone_id\":\"Europe/Paris\",\
            \"weekly_operating_hours\":[[\"MONDAY\",\"0900\",\"2359\"]]}}";
        assert_eq!(encode(&decode(text).unwrap()), text);
    }
}
