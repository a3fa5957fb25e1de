//! Names that are nearly those of settings.
//!
//! Parameters that nobody knows are ignored, as the SDKs send some. A name that was meant as a
//! setting must not be among them: the caller would be told of a success, and nothing would have
//! changed (ours).

use call_settings::{SettingsField, excerpt};
use serde_json::Value;

use crate::{GraphError, ParameterValue, Parameters, json};

/// What people and older SDKs call the fields.
const SHORT_NAMES: [(&str, SettingsField); 5] = [
    ("audio", SettingsField::AudioEnabled),
    ("icon", SettingsField::IconEnabled),
    ("video", SettingsField::VideoEnabled),
    ("routing", SettingsField::CallRouting),
    ("hours", SettingsField::CallHours),
];

/// The most letters by which a name differs from that of the field which is meant.
const MOST_DISTANCE: usize = 2;

/// Refuses an update that has a parameter whose name is nearly that of a setting, or that holds
/// settings as members of its value.
///
/// # Errors
///
/// [`ErrorId::ParameterInvalid`](crate::catalogue::ErrorId::ParameterInvalid), which names the
/// first of them, and all in `error_data`.
pub fn check_names(parameters: &Parameters) -> Result<(), GraphError> {
    let violations: Vec<(String, String)> = parameters
        .entries()
        .filter_map(|(name, value)| Some((excerpt(name), violation(name, value)?)))
        .collect();
    if violations.is_empty() {
        Ok(())
    } else {
        Err(GraphError::parameters_refused(&violations))
    }
}

/// What is wrong with a parameter; `None`: it is a setting, or has nothing to do with one.
fn violation(name: &str, value: &ParameterValue) -> Option<String> {
    // Behind the name of a field, brackets are for its members.
    let whole = name.split('[').next().unwrap_or(name);
    if SettingsField::ALL.iter().any(|field| field.name() == whole) {
        return None;
    }
    if let Some(violation) = name_violation(name, whole) {
        return Some(violation);
    }
    if let Some(field) = held_in_text(name) {
        let violation = format!("is JSON with {field} in the place of a name; send it as the body");
        return Some(violation);
    }
    held_setting(value)
        .map(|field| format!("holds {field}, which must be a parameter of its own, in no other"))
}

fn name_violation(name: &str, whole: &str) -> Option<String> {
    let squashed = squash(whole);
    let squashed_name = squash(name);
    let field = SettingsField::ALL
        .into_iter()
        .find(|field| {
            is_near(&squashed, field.name()) || squashed_name.contains(&squash(field.name()))
        })
        .or_else(|| short_name(&squashed));
    if let Some(field) = field {
        return Some(format!("is not the name of a setting; write {field}"));
    }
    SettingsField::ALL.into_iter().find_map(|field| {
        let member = field
            .members()
            .iter()
            .find(|member| squash(member) == squashed)?;
        Some(format!("is a member of {field}; write {field}[{member}]"))
    })
}

/// The field with this short name.
fn short_name(squashed: &str) -> Option<SettingsField> {
    let mut names = SHORT_NAMES.iter();
    names
        .find(|(short, _field)| *short == squashed)
        .map(|(_short, field)| *field)
}

/// The setting that a member beside the parameters of a request is or holds.
pub(crate) fn misplaced_setting(name: &str, value: &Value) -> Option<SettingsField> {
    named_setting(name).or_else(|| match value {
        Value::String(text) => held_in_text(text),
        other => held_in_json(other),
    })
}

fn named_setting(name: &str) -> Option<SettingsField> {
    let squashed = squash(name);
    SettingsField::ALL
        .into_iter()
        .find(|field| squash(field.name()) == squashed)
}

/// The setting that an object in the value has as a member, at any depth: programs wrap what they
/// send, as in `{"settings":{"audio_enabled":true}}`.
fn held_setting(value: &ParameterValue) -> Option<SettingsField> {
    match value {
        ParameterValue::Text(text) | ParameterValue::Json(Value::String(text)) => {
            held_in_text(text)
        }
        ParameterValue::Json(other) => held_in_json(other),
    }
}

fn held_in_text(text: &str) -> Option<SettingsField> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    if let Ok(value) = json::parse(text.as_bytes()) {
        return held_in_json(&value);
    }
    // Members that stand twice, or an end that is missing: the names are there all the same.
    let squashed = squash(text);
    SettingsField::ALL
        .into_iter()
        .find(|field| squashed.contains(&squash(field.name())))
}

fn held_in_json(value: &Value) -> Option<SettingsField> {
    match value {
        Value::Object(members) => members
            .iter()
            .find_map(|(name, value)| held_name(name).or_else(|| held_in_json(value))),
        Value::Array(elements) => elements.iter().find_map(held_in_json),
        _ => None,
    }
}

/// The setting that the member of an object is called by: its name, a short name, or that of one of
/// its members.
fn held_name(name: &str) -> Option<SettingsField> {
    let squashed = squash(name);
    let has_member = |field: &SettingsField| {
        let mut members = field.members().iter();
        members.any(|member| squash(member) == squashed)
    };
    named_setting(name)
        .or_else(|| short_name(&squashed))
        .or_else(|| SettingsField::ALL.into_iter().find(has_member))
}

/// The letters and digits of a name in lower case: `audioEnabled` and ` audio_enabled` are the
/// same.
fn squash(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_near(squashed: &str, field: &str) -> bool {
    let field = squash(field);
    // The distance to a much longer name would be long to compute and large.
    squashed.len().abs_diff(field.len()) <= 2 * MOST_DISTANCE
        && strsim::damerau_levenshtein(squashed, &field) <= MOST_DISTANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_name_what_is_meant() {
        for (name, meant) in [
            ("video", "video_enabled"),
            ("Audio", "audio_enabled"),
            ("hours", "call_hours"),
            ("routing", "call_routing"),
            ("icon", "icon_enabled"),
            ("audioEnabled", "audio_enabled"),
            ("AUDIO_ENABLED", "audio_enabled"),
            (" audio_enabled", "audio_enabled"),
            ("audio-enabled", "audio_enabled"),
            ("icon_enable", "icon_enabled"),
            ("vidoe_enabled", "video_enabled"),
            ("call_hour", "call_hours"),
            ("call_hourss[timezone_id]", "call_hours"),
            ("callRouting", "call_routing"),
            ("{\"audio_enabled\":true}", "audio_enabled"),
            ("audio_enabled:false", "audio_enabled"),
            ("settings[audio_enabled]", "audio_enabled"),
            ("settings[audioEnabled]", "audio_enabled"),
            ("pageAudioEnabled", "audio_enabled"),
            ("amp;video_enabled", "video_enabled"),
            ("\u{feff}audio_enabled", "audio_enabled"),
            ("audio_enabled\0", "audio_enabled"),
            ("audio\\_enabled", "audio_enabled"),
            ("audio.enabled", "audio_enabled"),
            ("ring_target", "call_routing[ring_target]"),
            ("timezoneId", "call_hours[timezone_id]"),
            (
                "weekly_operating_hours[0][open_time]",
                "weekly_operating_hours]",
            ),
        ] {
            let violation = violation(name, &text("1")).unwrap_or_default();
            assert!(violation.contains(meant), "{name}: {violation}");
        }
    }

    #[test]
    fn settings_inside_of_another_parameter_are_refused() {
        for value in [
            "{\"audio_enabled\":true}",
            "{\"pageSettings\":[{\"audioEnabled\":true}]}",
            " [{\"audio_enabled\":true}]",
            "{\"audio_enabled\":true",
            "{\"audioEnabled\":1,\"audioEnabled\":2}",
        ] {
            let json = serde_json::from_str(value);
            for value in [Some(text(value)), json.ok().map(ParameterValue::Json)]
                .into_iter()
                .flatten()
            {
                let violation = violation("data", &value).unwrap_or_default();
                assert!(
                    violation.starts_with("holds audio_enabled"),
                    "{value:?}: {violation}"
                );
            }
        }
        for value in [
            "{\"sound\":true}",
            "audio_enabled",
            "{}",
            "[\"audio_enabled\"]",
        ] {
            assert_eq!(violation("data", &text(value)), None, "{value}");
        }
    }

    fn text(text: &str) -> ParameterValue {
        ParameterValue::Text(text.to_owned())
    }

    #[test]
    fn short_names_and_members_count_inside_of_values_too() {
        for (value, meant) in [
            (r#"{"settings":{"video":true}}"#, "video_enabled"),
            (r#"[{"ring_target":"META"}]"#, "call_routing"),
            (r#"{"timezoneId":"UTC"}"#, "call_hours"),
        ] {
            let violation = violation("page", &text(value)).unwrap_or_default();
            assert!(violation.contains(meant), "{value}: {violation}");
        }
        assert_eq!(violation("page", &text(r#"{"name":"Bakery"}"#)), None);
        let violation = violation("{\"video\":true}", &text("")).unwrap();
        assert!(violation.contains("send it as the body"), "{violation}");
    }

    #[test]
    fn settings_and_what_clients_send_besides_pass() {
        for name in SettingsField::ALL
            .map(SettingsField::name)
            .into_iter()
            .chain([
                "call_hours[timezone_id]",
                "access_token",
                "oauth_token",
                "appsecret_proof",
                "appsecret_time",
                "fields",
                "method",
                "format",
                "pretty",
                "suppress_http_code",
                "id",
                "summary",
                "locale",
                "platform",
                "include_headers",
                "note",
                "",
                "[]",
            ])
        {
            assert_eq!(violation(name, &text("1")), None, "{name}");
        }
    }
}
