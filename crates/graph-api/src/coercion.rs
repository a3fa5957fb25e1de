//! From parameters to what a caller submitted: types are looked at here, values in the domain.

use call_settings::{
    CallHoursSubmission, CallRoutingSubmission, OperatingHoursSubmission, SettingsField,
    SettingsSubmission, Submitted, excerpt, quoted_excerpt,
};
use serde_json::{Map, Value};

use crate::json::{self, JsonError, excerpt_of};
use crate::members;
use crate::parameters::{ParameterValue, Parameters};

/// The settings among the parameters. Parameters of other names are ignored (seen: the SDKs send
/// some); unknown members inside of an object are passed on, for the domain to refuse.
pub fn settings_submission(parameters: &Parameters) -> SettingsSubmission {
    let boolean = |field: SettingsField| boolean(parameters, field);
    SettingsSubmission {
        audio_enabled: boolean(SettingsField::AudioEnabled),
        icon_enabled: boolean(SettingsField::IconEnabled),
        video_enabled: boolean(SettingsField::VideoEnabled),
        call_routing: object(parameters, SettingsField::CallRouting, call_routing),
        call_hours: object(parameters, SettingsField::CallHours, call_hours),
    }
}

/// In JSON a boolean is a JSON boolean. Elsewhere it is `true` or `false` in any letter case, as
/// Python and .NET write `True`, or `1` or `0`; in a body of a form the empty text is false, as
/// Meta's PHP SDK writes it (clients). In a query it is not: `?icon_enabled=` is rather an
/// unfinished address.
fn boolean(parameters: &Parameters, field: SettingsField) -> Submitted<bool> {
    let sent = parameters.sent(field.name());
    if let Some((name, _value)) = sent.members.first() {
        return Submitted::WrongType(format!(
            "the parameter {}; write {field}=true or {field}=false",
            excerpt(name)
        ));
    }
    match sent.whole {
        None => Submitted::Absent,
        Some(ParameterValue::Text(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Submitted::Value(true),
            "false" | "0" => Submitted::Value(false),
            "" if sent.in_body => Submitted::Value(false),
            "null" => Submitted::Null,
            _ => Submitted::WrongType(format!("{}; write true or false", quoted_excerpt(text))),
        },
        Some(ParameterValue::Json(Value::Bool(value))) => Submitted::Value(*value),
        Some(ParameterValue::Json(Value::Null)) => Submitted::Null,
        Some(ParameterValue::Json(other)) => Submitted::WrongType(format!(
            "{}; in JSON write true or false without quotes",
            excerpt_of(other)
        )),
    }
}

/// In JSON an object is a JSON object; elsewhere it comes as JSON text, or its members come with a
/// parameter each (`call_routing[ring_target]=META`), never both.
fn object<T>(
    parameters: &Parameters,
    field: SettingsField,
    read: impl FnOnce(&Map<String, Value>) -> T,
) -> Submitted<T> {
    let sent = parameters.sent(field.name());
    match (sent.whole, sent.members.first()) {
        (None, None) => Submitted::Absent,
        (Some(_), Some((name, _value))) => Submitted::WrongType(format!(
            "the parameter {} beside {field}; send one of them",
            excerpt(name)
        )),
        (None, Some(_)) => match members::object_of(field.name(), sent.members.into_iter()) {
            Ok(value) => object_value(&value, read),
            Err(refused) => Submitted::WrongType(format!(
                "{refused}; write {field} as one JSON text, or with numbered lists"
            )),
        },
        (Some(ParameterValue::Json(Value::String(text))), None) => Submitted::WrongType(format!(
            "{}; in JSON write the object itself",
            quoted_excerpt(text)
        )),
        (Some(ParameterValue::Json(value)), None) => object_value(value, read),
        // PHP, Koala and httpx write a value that is none so (clients).
        (Some(ParameterValue::Text(text)), None)
            if text.is_empty() && field == SettingsField::CallHours =>
        {
            Submitted::WrongType(format!("\"\"; write {field}=null to remove the call hours"))
        }
        (Some(ParameterValue::Text(text)), None) => match json::parse(text.as_bytes()) {
            Ok(value) => object_value(&value, read),
            Err(JsonError::RepeatedMember(path)) => Submitted::WrongType(format!(
                "JSON in which {} stands twice",
                excerpt(&path.join("."))
            )),
            Err(JsonError::TooDeep | JsonError::TooManyValues | JsonError::Malformed(_)) => {
                Submitted::WrongType(format!("{}, which is not JSON", quoted_excerpt(text)))
            }
        },
    }
}

fn object_value<T>(value: &Value, read: impl FnOnce(&Map<String, Value>) -> T) -> Submitted<T> {
    match value {
        Value::Object(members) => Submitted::Value(read(members)),
        Value::Null => Submitted::Null,
        other => Submitted::WrongType(excerpt_of(other)),
    }
}

fn string(members: &Map<String, Value>, name: &str) -> Submitted<String> {
    match members.get(name) {
        None => Submitted::Absent,
        Some(Value::String(text)) => Submitted::Value(text.clone()),
        Some(Value::Null) => Submitted::Null,
        Some(other) => Submitted::WrongType(excerpt_of(other)),
    }
}

fn unknown_members(members: &Map<String, Value>, known: &[&str]) -> Vec<String> {
    members
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .cloned()
        .collect()
}

fn call_routing(members: &Map<String, Value>) -> CallRoutingSubmission {
    CallRoutingSubmission {
        ring_target: string(members, "ring_target"),
        unknown_members: unknown_members(members, SettingsField::CallRouting.members()),
    }
}

fn call_hours(members: &Map<String, Value>) -> CallHoursSubmission {
    CallHoursSubmission {
        timezone_id: string(members, "timezone_id"),
        weekly_operating_hours: match members.get("weekly_operating_hours") {
            None => Submitted::Absent,
            Some(Value::Null) => Submitted::Null,
            Some(Value::Array(entries)) => Submitted::Value(
                entries
                    .iter()
                    .map(|entry| object_value(entry, operating_hours))
                    .collect(),
            ),
            Some(other) => Submitted::WrongType(excerpt_of(other)),
        },
        unknown_members: unknown_members(members, SettingsField::CallHours.members()),
    }
}

fn operating_hours(members: &Map<String, Value>) -> OperatingHoursSubmission {
    OperatingHoursSubmission {
        day_of_week: string(members, "day_of_week"),
        open_time: string(members, "open_time"),
        close_time: string(members, "close_time"),
        unknown_members: unknown_members(members, &OperatingHoursSubmission::MEMBERS),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use call_settings::HoursLimits;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn from_json(body: &Value) -> SettingsSubmission {
        let mut parameters = Parameters::default();
        parameters
            .extend_from_body(Some("application/json"), &Bytes::from(body.to_string()))
            .unwrap();
        settings_submission(&parameters)
    }

    fn from_query(query: &str) -> SettingsSubmission {
        settings_submission(&Parameters::from_query(query))
    }

    fn from_form(form: &str) -> SettingsSubmission {
        let mut parameters = Parameters::default();
        let body = Bytes::copy_from_slice(form.as_bytes());
        parameters.extend_from_body(None, &body).unwrap();
        settings_submission(&parameters)
    }

    #[test]
    fn booleans_of_forms_are_words_in_any_letter_case() {
        for (text, expected) in [
            ("true", Submitted::Value(true)),
            ("True", Submitted::Value(true)),
            ("TRUE", Submitted::Value(true)),
            ("1", Submitted::Value(true)),
            ("false", Submitted::Value(false)),
            ("False", Submitted::Value(false)),
            ("0", Submitted::Value(false)),
            ("null", Submitted::Null),
        ] {
            let pair = format!("audio_enabled={text}");
            assert_eq!(from_query(&pair).audio_enabled, expected);
            assert_eq!(from_form(&pair).audio_enabled, expected);
        }
        for text in ["yes", "2", "on", "tru", " true", "t"] {
            let submission = from_form(&format!("audio_enabled={text}"));
            assert!(
                matches!(submission.audio_enabled, Submitted::WrongType(_)),
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_empty_boolean_is_false_in_a_form_and_an_error_in_a_query() {
        assert_eq!(
            from_form("audio_enabled=").audio_enabled,
            Submitted::Value(false)
        );
        assert!(matches!(
            from_query("audio_enabled=").audio_enabled,
            Submitted::WrongType(_)
        ));
        assert!(matches!(
            from_json(&json!({ "audio_enabled": "" })).audio_enabled,
            Submitted::WrongType(_)
        ));
    }

    #[test]
    fn json_types_are_strict() {
        for value in [json!("true"), json!(1), json!([]), json!({})] {
            let submission = from_json(&json!({ "icon_enabled": value }));
            assert!(matches!(submission.icon_enabled, Submitted::WrongType(_)));
        }
        let brackets = json!({ "call_routing[ring_target]": "META" });
        assert!(matches!(
            from_json(&brackets).call_routing,
            Submitted::WrongType(_)
        ));
        let text = json!({ "call_hours": "{\"timezone_id\":\"UTC\"}" });
        assert!(matches!(
            from_json(&text).call_hours,
            Submitted::WrongType(_)
        ));
    }

    #[test]
    fn members_may_have_a_parameter_each() {
        let hours = json!({ "timezone_id": "Europe/Paris", "weekly_operating_hours": [
            { "day_of_week": "MONDAY", "open_time": "0900", "close_time": "1700" },
            { "day_of_week": "SUNDAY", "open_time": "1000", "close_time": "1200" },
        ] });
        let form = "call_routing[ring_target]=PARTNERS&call_hours[timezone_id]=Europe/Paris\
            &call_hours[weekly_operating_hours][0][day_of_week]=MONDAY\
            &call_hours[weekly_operating_hours][0][open_time]=0900\
            &call_hours[weekly_operating_hours][0][close_time]=1700\
            &call_hours%5Bweekly_operating_hours%5D%5B1%5D%5Bday_of_week%5D=SUNDAY\
            &call_hours[weekly_operating_hours][1][open_time]=1000\
            &call_hours[weekly_operating_hours][1][close_time]=1200";
        let json = from_json(&json!({
            "call_routing": { "ring_target": "PARTNERS" }, "call_hours": hours,
        }));
        assert_eq!(from_form(form), json);
        assert_eq!(from_query(form), json);
        let error = from_form("call_routing[ring]=PARTNERS")
            .validate(HoursLimits::default())
            .unwrap_err();
        assert!(
            error
                .iter()
                .any(|it| it.to_string().starts_with("call_routing[ring]")),
            "{error}"
        );
    }

    #[test]
    fn the_body_wins_over_the_query_in_either_form() {
        let mut parameters = Parameters::from_query("call_routing={\"ring_target\":\"META\"}");
        let body = Bytes::from_static(b"call_routing[ring_target]=PARTNERS");
        parameters.extend_from_body(None, &body).unwrap();
        assert_eq!(
            settings_submission(&parameters),
            from_query("call_routing[ring_target]=PARTNERS")
        );
    }

    #[test]
    fn brackets_behind_a_switch_or_beside_an_object_are_refused() {
        for form in [
            "icon_enabled[]=false",
            "call_routing={\"ring_target\":\"META\"}&call_routing[ring_target]=PARTNERS",
            "call_hours[weekly_operating_hours][][day_of_week]=MONDAY",
            "call_hours[]=",
            "call_hours={\"timezone_id\":\"UTC\",\"weekly_operating_hours\":[{\"day_of_week\":\"MONDAY\",\
             \"open_time\":\"0900\",\"open_time\":\"1000\",\"close_time\":\"1200\"}]}",
        ] {
            let error = from_query(form).validate(HoursLimits::default());
            let message = error.unwrap_err().to_string();
            assert!(
                message.contains("got the parameter")
                    || message.contains("0.open_time stands twice"),
                "{form}: {message}"
            );
        }
    }

    #[test]
    fn unknown_top_level_parameters_are_ignored() {
        let submission = from_json(&json!({ "id": "102", "video": true, "locale": null }));
        assert_eq!(submission, SettingsSubmission::default());
    }

    #[test]
    fn a_typo_inside_of_an_object_does_not_pass() {
        let error = from_json(&json!({ "call_routing": { "ring_target": "META", "ring": 1 } }))
            .validate(HoursLimits::default())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "call_routing[ring] is not a known member - known are ring_target"
        );
    }

    proptest! {
        /// JSON and form are two spellings of the same submission.
        #[test]
        fn the_form_of_a_json_body_is_the_same_submission(
            audio in any::<bool>(),
            zone in "[A-Za-z/_+ &=%]{0,20}",
            day in "[A-Z]{3,9}",
            time in "[0-9]{4}",
        ) {
            let hours = json!({
                "timezone_id": zone,
                "weekly_operating_hours": [
                    { "day_of_week": day, "open_time": time, "close_time": "2359" }
                ],
            });
            let json = from_json(&json!({ "audio_enabled": audio, "call_hours": hours }));
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("audio_enabled", &audio.to_string())
                .append_pair("call_hours", &hours.to_string())
                .finish();
            prop_assert_eq!(from_query(&form), json);
        }
    }
}
