//! Settings as a text, the form in which every store keeps them.
//!
//! The format is ours and older than any wire version: it may only ever be extended, as history
//! keeps documents for good. It looks like the wire's JSON so that a person can read the store.

use call_settings::{
    CallHours, CallSettings, ClockTime, DayOfWeek, HoursLimits, OperatingHours, RingTarget,
    TimeZoneId,
};
use serde::{Deserialize, Serialize};

/// The text is not a document of settings.
#[derive(Debug, thiserror::Error)]
#[error("a stored document cannot be read: {0}")]
pub struct DocumentError(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    audio_enabled: bool,
    icon_enabled: bool,
    video_enabled: bool,
    ring_target: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    call_hours: Option<HoursDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursDocument {
    timezone_id: String,
    /// Each entry as day, opening and closing time.
    weekly_operating_hours: Vec<(String, String, String)>,
}

/// The settings as a text.
pub fn encode(settings: &CallSettings) -> String {
    let document = Document {
        audio_enabled: settings.audio_enabled,
        icon_enabled: settings.icon_enabled,
        video_enabled: settings.video_enabled,
        ring_target: settings.ring_target.name().to_owned(),
        call_hours: settings.call_hours.as_ref().map(|hours| HoursDocument {
            timezone_id: hours.timezone_id().name().to_owned(),
            weekly_operating_hours: hours
                .weekly_operating_hours()
                .iter()
                .map(|entry| {
                    (
                        entry.day().name().to_owned(),
                        entry.open().to_string(),
                        entry.close().to_string(),
                    )
                })
                .collect(),
        }),
    };
    serde_json::to_string(&document).expect("booleans and strings")
}

/// The settings of a text. Hours that were lawful under any limits are read.
pub fn decode(text: &str) -> Result<CallSettings, DocumentError> {
    let failed = |reason: &dyn std::fmt::Display| DocumentError(reason.to_string());
    let document: Document = serde_json::from_str(text).map_err(|error| failed(&error))?;
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

fn decode_hours(document: HoursDocument) -> Result<CallHours, DocumentError> {
    let failed = |reason: &dyn std::fmt::Display| DocumentError(reason.to_string());
    let zone = document
        .timezone_id
        .parse::<TimeZoneId>()
        .map_err(|error| failed(&error))?;
    let entries = document
        .weekly_operating_hours
        .into_iter()
        .map(|(day, open, close)| {
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
