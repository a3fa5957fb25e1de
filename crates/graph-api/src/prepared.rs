//! Answers made once when settings change, so that a read only copies bytes.

use std::ops::Range;

use bytes::Bytes;
use call_settings::{CallSettings, SettingsField};

use crate::selected_json::{LIST_END, LIST_START, push_name, push_selected};
use crate::{FieldSelection, PageMessengerCallSettingsPayload, RESULT_SUCCESS, SelectedMember};

/// The settings of one Page as bytes of the wire: the whole answer to a read, and the place of each
/// field's value within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedSettings {
    body: Bytes,
    values: [Option<Range<u32>>; SettingsField::ALL.len()],
}

impl PreparedSettings {
    /// Prepares the answers for these settings.
    pub fn new(settings: &CallSettings) -> Self {
        let payload = PageMessengerCallSettingsPayload::from(settings);
        let mut body = String::with_capacity(256);
        let mut values = [const { None }; SettingsField::ALL.len()];
        body.push_str(LIST_START);
        for (place, field) in values.iter_mut().zip(SettingsField::ALL) {
            let Some(value) = value_text(&payload, field) else {
                continue;
            };
            push_name(&mut body, field.name());
            let start = body.len();
            body.push_str(&value);
            *place = Some(offset(start)..offset(body.len()));
        }
        body.push_str(LIST_END);
        Self {
            body: Bytes::from(body),
            values,
        }
    }

    /// The whole answer to a read of all fields.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The answer to a read of the selected fields, in the order in which they were asked for.
    pub fn list(&self, selection: &FieldSelection) -> Bytes {
        let FieldSelection::Some(selected) = selection else {
            return self.body.clone();
        };
        let mut body = String::with_capacity(self.body.len());
        body.push_str(LIST_START);
        for field in selected {
            self.push_field(&mut body, field.field, &field.members);
        }
        body.push_str(LIST_END);
        Bytes::from(body)
    }

    /// The answer to an update: `result`, and beside it the selected fields as now stored.
    pub fn update_result(&self, selection: Option<&FieldSelection>) -> Bytes {
        let mut body = format!("{{\"result\":\"{RESULT_SUCCESS}\"");
        match selection {
            None => {}
            Some(FieldSelection::All) => {
                for field in SettingsField::ALL {
                    self.push_field(&mut body, field, &[]);
                }
            }
            Some(FieldSelection::Some(selected)) => {
                for field in selected {
                    self.push_field(&mut body, field.field, &field.members);
                }
            }
        }
        body.push('}');
        Bytes::from(body)
    }

    fn value(&self, field: SettingsField) -> Option<&str> {
        let range = self.values[field as usize].clone()?;
        let bytes = &self.body[range.start as usize..range.end as usize];
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

/// The value of a field as JSON; `None` where the settings have none.
fn value_text(payload: &PageMessengerCallSettingsPayload, field: SettingsField) -> Option<String> {
    let text = match field {
        SettingsField::AudioEnabled => serde_json::to_string(&payload.audio_enabled),
        SettingsField::IconEnabled => serde_json::to_string(&payload.icon_enabled),
        SettingsField::VideoEnabled => serde_json::to_string(&payload.video_enabled),
        SettingsField::CallRouting => serde_json::to_string(&payload.call_routing),
        SettingsField::CallHours => serde_json::to_string(payload.call_hours.as_ref()?),
    };
    Some(text.expect("plain structs of strings and booleans serialize"))
}

fn offset(position: usize) -> u32 {
    u32::try_from(position).expect("an answer is a few kilobytes long")
}
