//! One line of an import.

use call_settings::{HoursLimits, PageId, SettingsField, excerpt};
use graph_api::{Parameters, settings_submission};
use serde::Deserialize;
use serde_json::{Map, Value};
use settings_store::{CallingChange, ImportedPage, parse_name};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    page_id: Value,
    name: Option<String>,
    eligible: Option<bool>,
    engaged_users: Option<u64>,
    #[serde(default)]
    settings: Map<String, Value>,
}

/// Reads a line, or says what is wrong with it.
pub(super) fn parse(text: &[u8], limits: HoursLimits) -> Result<ImportedPage, String> {
    let line: Line = serde_json::from_slice(text).map_err(|error| {
        format!(
            "not a JSON object with page_id, and name and settings where there are any ({error})"
        )
    })?;
    let page_id = page_id(&line.page_id)?;
    if let Some(unknown) = line.settings.keys().find(|name| !is_field(name)) {
        let fields = SettingsField::ALL.map(SettingsField::name).join(", ");
        return Err(format!(
            "settings has the member {:?}; the fields are {fields}",
            excerpt(unknown)
        ));
    }
    let update = settings_submission(&Parameters::from(line.settings))
        .validate(limits)
        .map_err(|violations| violations.first().to_string())?;
    let name = line.name.as_deref().map(parse_name).transpose();
    Ok(ImportedPage {
        page_id,
        name: name.map_err(|error| format!("name: {error}"))?,
        update,
        calling: CallingChange {
            eligible: line.eligible,
            engaged_users: line.engaged_users,
        },
    })
}

fn page_id(value: &Value) -> Result<PageId, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse()
        .map_err(|error| format!("page_id: {error} - got {}", excerpt(&text)))
}

fn is_field(name: &str) -> bool {
    SettingsField::ALL.iter().any(|field| field.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ImportedPage, String> {
        parse(text.as_bytes(), HoursLimits::default())
    }

    #[test]
    fn lines_with_and_without_settings() {
        let page = read(r#"{"page_id":"18446744073709551615","name":"Highest"}"#).unwrap();
        assert_eq!(page.page_id.get(), u64::MAX);
        assert_eq!(page.name.as_deref(), Some("Highest"));
        assert!(page.update.is_empty());
        assert_eq!(page.calling, CallingChange::default());
        let page = read(r#"{"page_id":1,"eligible":false,"engaged_users":7}"#).unwrap();
        let stated = (page.calling.eligible, page.calling.engaged_users);
        assert_eq!(stated, (Some(false), Some(7)));
        let page = read(r#"{"page_id":7,"settings":{"audio_enabled":false,"call_hours":null}}"#);
        let page = page.unwrap();
        assert_eq!(
            (page.page_id.get(), page.update.audio_enabled),
            (7, Some(false))
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("", "not a JSON object"),
            ("[]", "not a JSON object"),
            (r#"{"name":"x"}"#, "page_id"),
            (r#"{"page_id":"1","setings":{}}"#, "setings"),
            (r#"{"page_id":"-1"}"#, "-1"),
            (r#"{"page_id":1.5}"#, "1.5"),
            (r#"{"page_id":"1","eligible":"no"}"#, "a boolean"),
            (r#"{"page_id":"1","engaged_users":-1}"#, "-1"),
            (
                r#"{"page_id":"1","settings":{"audio_enable":true}}"#,
                "audio_enable",
            ),
            (
                r#"{"page_id":"1","settings":{"audio_enabled":"yes"}}"#,
                "audio_enabled",
            ),
            (
                r#"{"page_id":"1","settings":{"call_hours":{"timezone_id":"Paris","weekly_operating_hours":[]}}}"#,
                "timezone_id",
            ),
        ] {
            let reason = read(text).unwrap_err();
            assert!(reason.contains(named), "{text}: {reason}");
        }
        let name = "é".repeat(256);
        read(&format!(r#"{{"page_id":"1","name":"{name}"}}"#)).unwrap();
        let reason = read(&format!(r#"{{"page_id":"1","name":"{name}x"}}"#)).unwrap_err();
        assert!(reason.contains("256 characters"), "{reason}");
        let reason = read(r#"{"page_id":"1","name":"x\u0000"}"#).unwrap_err();
        assert!(reason.contains("U+0000"), "{reason}");
    }
}
