//! The selection of fields.

use call_settings::{CallHours, CallSettings, HoursLimits, RingTarget, SettingsField};
use graph_api::{
    FieldSelection, ParameterValue, PreparedSettings, SelectedField, SelectedMember,
    TRACE_RANDOM_BYTES, TraceIds,
};
use serde_json::Value;

use crate::envelope::check_error;

/// Reads the parameter `fields`; the input is its text.
///
/// The selected answer is a part of the full one, with the fields that were asked for and no other,
/// in their order. A selection that is written again is read as the same one. Mistakes are told in
/// the envelope.
pub fn fields(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let selection = match read(&text) {
        Ok(selection) => selection,
        Err(error) => {
            let trace = TraceIds::from_random([7; TRACE_RANDOM_BYTES]);
            check_error(&error.standard_error(&trace));
            return;
        }
    };
    for settings in [CallSettings::default(), with_everything()] {
        let prepared = PreparedSettings::new(&settings, ());
        let full = element(&prepared.clone().into_list(&FieldSelection::All));
        let part = element(&prepared.clone().into_list(&selection));
        check_part(&part, &full, &selection);
        let result = prepared.update_result(&selection);
        let mut result: Value = serde_json::from_slice(&result).expect("an answer is JSON");
        let members = result.as_object_mut().expect("an answer is an object");
        assert_eq!(members.remove("result"), Some("success".into()));
        assert_eq!(result, part, "a read and an update select alike");
    }
    if let FieldSelection::Some(selected) = &selection {
        let written = written(selected);
        assert_eq!(read(&written).as_ref(), Ok(&selection), "{written}");
        let names: Vec<&str> = written_names(selected);
        if selected.iter().all(|field| field.members.is_empty()) {
            let json = serde_json::to_string(&names).expect("names are texts");
            assert_eq!(read(&json).as_ref(), Ok(&selection), "{json}");
        }
    }
}

fn read(text: &str) -> Result<FieldSelection, graph_api::GraphError> {
    FieldSelection::from_parameter(Some(&ParameterValue::Text(text.to_owned())))
}

/// Settings that have every field.
fn with_everything() -> CallSettings {
    let limits = HoursLimits::WIDEST;
    let hours = CallHours::from_text("Mon-Fri 09:00-17:00 (Europe/Paris)", None, limits);
    CallSettings {
        ring_target: RingTarget::Partners,
        call_hours: Some(hours.expect("lawful hours")),
        ..CallSettings::default()
    }
}

fn element(answer: &[u8]) -> Value {
    let mut answer: Value = serde_json::from_slice(answer).expect("an answer is JSON");
    answer["data"][0].take()
}

fn check_part(part: &Value, full: &Value, selection: &FieldSelection) {
    let members = part.as_object().expect("settings are an object");
    for field in SettingsField::ALL {
        let name = field.name();
        let is_there = full.get(name).is_some() && selection.includes(field);
        assert_eq!(members.contains_key(name), is_there, "{name}");
    }
    match selection {
        FieldSelection::All => assert_eq!(part, full),
        FieldSelection::Some(selected) => {
            for SelectedField { field, members } in selected {
                let name = field.name();
                if let Some(value) = full.get(name) {
                    assert_eq!(part[name], narrowed(value, members));
                }
            }
        }
    }
}

/// The part of a value that members select: written anew here, to be compared.
fn narrowed(value: &Value, members: &[SelectedMember]) -> Value {
    match value {
        _ if members.is_empty() => value.clone(),
        Value::Array(elements) => {
            let elements = elements.iter().map(|element| narrowed(element, members));
            elements.collect()
        }
        Value::Object(object) => members
            .iter()
            .filter_map(|member| {
                let value = object.get(member.name)?;
                Some((member.name.to_owned(), narrowed(value, &member.members)))
            })
            .collect(),
        scalar => scalar.clone(),
    }
}

fn written(selected: &[SelectedField]) -> String {
    let fields: Vec<String> = selected
        .iter()
        .map(|field| format!("{}{}", field.field.name(), written_members(&field.members)))
        .collect();
    fields.join(",")
}

fn written_members(members: &[SelectedMember]) -> String {
    if members.is_empty() {
        return String::new();
    }
    let members: Vec<String> = members
        .iter()
        .map(|member| format!("{}{}", member.name, written_members(&member.members)))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn written_names(selected: &[SelectedField]) -> Vec<&'static str> {
    selected.iter().map(|field| field.field.name()).collect()
}
