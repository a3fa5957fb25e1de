//! Names that are nearly those of settings.
//!
//! Parameters that nobody knows are ignored, as the SDKs send some. A name that was meant as a
//! setting must not be among them: the caller would be told of a success, and nothing would have
//! changed (ours).

use call_settings::{SettingsField, excerpt};

use crate::{GraphError, Parameters};

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

/// Refuses an update that has a parameter whose name is nearly that of a setting.
///
/// # Errors
///
/// [`ErrorId::ParameterInvalid`](crate::catalogue::ErrorId::ParameterInvalid), which names the
/// first of them, and all in `error_data`.
pub fn check_names(parameters: &Parameters) -> Result<(), GraphError> {
    let violations: Vec<(String, String)> = parameters
        .names()
        .filter_map(|name| Some((excerpt(name), violation(name)?)))
        .collect();
    if violations.is_empty() {
        Ok(())
    } else {
        Err(GraphError::parameters_refused(&violations))
    }
}

/// What is wrong with a name; `None`: it is that of a setting, or far from all of them.
fn violation(name: &str) -> Option<String> {
    // Behind the name of a field, brackets are for its members.
    let whole = name.split('[').next().unwrap_or(name);
    if SettingsField::ALL.iter().any(|field| field.name() == whole) {
        return None;
    }
    let squashed = squash(whole);
    let lower = name.to_lowercase();
    let field = SettingsField::ALL
        .into_iter()
        .find(|field| is_near(&squashed, field.name()) || lower.contains(field.name()))
        .or_else(|| {
            let mut names = SHORT_NAMES.iter();
            names
                .find(|(short, _field)| *short == squashed)
                .map(|(_short, field)| *field)
        });
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
            let violation = violation(name).unwrap_or_default();
            assert!(violation.contains(meant), "{name}: {violation}");
        }
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
            assert_eq!(violation(name), None, "{name}");
        }
    }
}
