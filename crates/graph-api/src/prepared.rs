//! Answers made once when settings change, so that a read only copies bytes.

use std::num::NonZeroU16;

use bytes::Bytes;
use call_settings::{CallHours, CallSettings, MAX_ENTRIES_PER_DAY, SettingsField};
use triomphe::ThinArc;

use crate::selected_json::{LIST_END, LIST_START, push_name, push_selected};
use crate::{FieldSelection, RESULT_SUCCESS, SelectedMember};

/// The settings of one Page as bytes of the wire: the whole answer to a read, the place of each
/// field's value within it, and a companion, which is whatever else is kept of the same settings.
///
/// All of it is one piece of memory, and a clone is the same piece: a read of any of millions of
/// Pages spends most of its time on what the processor has not yet fetched, so there is one place
/// to fetch.
#[derive(Clone, Debug)]
pub struct PreparedSettings<Companion>(ThinArc<Head<Companion>, u8>);

#[derive(Debug)]
struct Head<Companion> {
    values: [Option<Place>; SettingsField::ALL.len()],
    companion: Companion,
}

/// Where a value lies in the answer, in bytes. No value ends at 0.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u16,
    end: NonZeroU16,
}

impl<Companion> PreparedSettings<Companion> {
    /// Prepares the answers for these settings.
    pub fn new(settings: &CallSettings, companion: Companion) -> Self {
        let entries = settings
            .call_hours
            .as_ref()
            .map_or(0, |hours| hours.weekly_operating_hours().len());
        let mut body = String::with_capacity(TYPICAL_BYTES + entries * ENTRY_BYTES);
        let mut values = [None; SettingsField::ALL.len()];
        body.push_str(LIST_START);
        for (place, field) in values.iter_mut().zip(SettingsField::ALL) {
            if field == SettingsField::CallHours && settings.call_hours.is_none() {
                continue;
            }
            push_name(&mut body, field.name());
            let start = body.len();
            push_value(&mut body, settings, field);
            *place = Some(Place::new(start, body.len()));
        }
        body.push_str(LIST_END);
        let head = Head { values, companion };
        Self(ThinArc::from_header_and_slice(head, body.as_bytes()))
    }

    /// What else is kept of these settings.
    pub fn companion(&self) -> &Companion {
        &self.0.header.header.companion
    }

    /// The memory that all of it takes, in bytes, without what the companion points to.
    pub fn bytes(&self) -> usize {
        let counters = 2 * size_of::<usize>();
        counters + size_of::<Head<Companion>>() + self.body().len()
    }

    /// The whole answer to a read of all fields.
    pub fn body(&self) -> &[u8] {
        &self.0.slice
    }

    /// The answer to a read of the selected fields, in the order in which they were asked for.
    pub fn into_list(self, selection: &FieldSelection) -> Bytes
    where
        Companion: Send + Sync + 'static,
    {
        let FieldSelection::Some(selected) = selection else {
            return Bytes::from_owner(self);
        };
        let mut body = String::with_capacity(self.body().len());
        body.push_str(LIST_START);
        for field in selected {
            self.push_field(&mut body, field.field, &field.members);
        }
        body.push_str(LIST_END);
        Bytes::from(body)
    }

    /// The answer to an update that asks for fields: `result`, and beside it the selected fields as
    /// now stored.
    pub fn update_result(&self, selection: &FieldSelection) -> Bytes {
        let mut body = format!("{{\"result\":\"{RESULT_SUCCESS}\"");
        match selection {
            FieldSelection::All => {
                for field in SettingsField::ALL {
                    self.push_field(&mut body, field, &[]);
                }
            }
            FieldSelection::Some(selected) => {
                for field in selected {
                    self.push_field(&mut body, field.field, &field.members);
                }
            }
        }
        body.push('}');
        Bytes::from(body)
    }

    fn value(&self, field: SettingsField) -> Option<&str> {
        let Place { start, end } = self.0.header.header.values[field as usize]?;
        let bytes = &self.body()[usize::from(start)..usize::from(end.get())];
        Some(std::str::from_utf8(bytes).expect("the body was made of a string"))
    }

    fn push_field(&self, body: &mut String, field: SettingsField, members: &[SelectedMember]) {
        let Some(value) = self.value(field) else {
            return;
        };
        push_name(body, field.name());
        if members.is_empty() {
            body.push_str(value);
        } else {
            let value = serde_json::from_str(value).expect("a prepared value is JSON");
            push_selected(body, &value, members);
        }
    }
}

impl<Companion> AsRef<[u8]> for PreparedSettings<Companion> {
    fn as_ref(&self) -> &[u8] {
        self.body()
    }
}

impl Place {
    fn new(start: usize, end: usize) -> Self {
        let within =
            |position| u16::try_from(position).expect("the largest answer is within 16 bits");
        Self {
            start: within(start),
            end: NonZeroU16::new(within(end)).expect("a value comes after its name"),
        }
    }
}

/// What an answer takes beside the entries of its hours, and what each of these takes, in bytes.
const TYPICAL_BYTES: usize = 256;
const ENTRY_BYTES: usize = 72;
const LARGEST_BYTES: usize = TYPICAL_BYTES + 7 * MAX_ENTRIES_PER_DAY as usize * ENTRY_BYTES;
const _: () = assert!(LARGEST_BYTES <= u16::MAX as usize, "places are of 16 bits");

/// Writes the value of a field, in the form of [`PageMessengerCallSettingsPayload`](crate::PageMessengerCallSettingsPayload). It is written
/// here, and not by way of that type, because each update does it: a quarter of the instructions.
fn push_value(body: &mut String, settings: &CallSettings, field: SettingsField) {
    let boolean = |value| if value { "true" } else { "false" };
    match field {
        SettingsField::AudioEnabled => body.push_str(boolean(settings.audio_enabled)),
        SettingsField::IconEnabled => body.push_str(boolean(settings.icon_enabled)),
        SettingsField::VideoEnabled => body.push_str(boolean(settings.video_enabled)),
        SettingsField::CallRouting => {
            body.push('{');
            push_text(body, "ring_target", settings.ring_target.name());
            body.push('}');
        }
        SettingsField::CallHours => {
            if let Some(hours) = &settings.call_hours {
                push_hours(body, hours);
            }
        }
    }
}

fn push_hours(body: &mut String, hours: &CallHours) {
    body.push('{');
    push_text(body, "timezone_id", hours.timezone_id().name());
    push_name(body, "weekly_operating_hours");
    body.push('[');
    for (position, entry) in hours.weekly_operating_hours().iter().enumerate() {
        if position > 0 {
            body.push(',');
        }
        body.push('{');
        push_text(body, "day_of_week", entry.day().name());
        for (name, time) in [("open_time", entry.open()), ("close_time", entry.close())] {
            let digits = time.digits();
            push_text(
                body,
                name,
                std::str::from_utf8(&digits).expect("digits are ASCII"),
            );
        }
        body.push('}');
    }
    body.push_str("]}");
}

/// Writes a member whose value is a text that needs no escapes: the names of days, targets and time
/// zones have letters, digits and `/_+-` in them, and times only digits.
fn push_text(body: &mut String, name: &str, text: &str) {
    push_name(body, name);
    body.push('"');
    body.push_str(text);
    body.push('"');
}

#[cfg(test)]
mod tests {
    use call_settings::{HoursLimits, OperatingHours, RingTarget, TimeZoneId};
    use proptest::prelude::*;

    use super::*;
    use crate::{PageMessengerCallSettingsPayload, SettingsList};

    proptest! {
        /// What is written by hand is what the documented type would be.
        #[test]
        fn the_prepared_answer_is_the_documented_payload(
            [audio, icon, video, partners] in any::<[bool; 4]>(),
            zone in 0..TimeZoneId::all().count(),
            week in prop::option::of(prop::collection::vec(prop::option::of((0_u16..1438, 1_u16..600)), 7)),
        ) {
            let call_hours = week.map(|week| {
                let time = |minute: u16| {
                    call_settings::ClockTime::new(minute / 60, minute % 60).unwrap()
                };
                let entries = week.into_iter().zip(call_settings::DayOfWeek::ALL);
                let entries = entries.filter_map(|(entry, day)| {
                    let (open, length) = entry?;
                    OperatingHours::new(day, time(open), time((open + length).min(1439))).ok()
                });
                let zone = TimeZoneId::all().nth(zone).unwrap();
                CallHours::new(zone, entries.collect(), HoursLimits::default()).unwrap()
            });
            let settings = CallSettings {
                audio_enabled: audio,
                icon_enabled: icon,
                video_enabled: video,
                ring_target: RingTarget::ALL[usize::from(partners)],
                call_hours,
            };
            let prepared = PreparedSettings::new(&settings, ());
            let list = SettingsList {
                data: vec![PageMessengerCallSettingsPayload::from(&settings)],
            };
            let expected = serde_json::to_string(&list).unwrap();
            prop_assert_eq!(std::str::from_utf8(prepared.body()).unwrap(), expected);
        }
    }
}
