//! `pagebell hours parse`, `format` and `import`.

use std::io::{Read, Write, stdin, stdout};

use bytes::Bytes;
use call_settings::{CallHours, CallHoursChange, HoursLimits, HoursText, excerpt};
use graph_api::{CallHoursPayload, Parameters, settings_submission};
use serde_json::{Value, json};

use super::openstreetmap;
use super::options::HoursSource;
use crate::failure::Failure;
use crate::logging::write_notice;

pub(super) fn parse(source: &HoursSource) -> Result<(), Failure> {
    let text = given_or_stdin(source.hours.as_deref())?;
    let hours = CallHours::from_text(&text, source.timezone, source.limits()?)
        .map_err(|error| Failure::Refused(error.to_string()))?;
    write_json(&hours)
}

pub(super) fn import(source: &HoursSource) -> Result<(), Failure> {
    let text = given_or_stdin(source.hours.as_deref())?;
    let timezone_id = source.timezone.ok_or_else(|| {
        Failure::Refused("name the place's time zone, such as --timezone Europe/Paris".to_owned())
    })?;
    let import = openstreetmap::read(text.trim()).map_err(Failure::Refused)?;
    let hours = import
        .plan
        .into_call_hours(timezone_id, source.limits()?)
        .map_err(|error| Failure::Refused(error.to_string()))?;
    for lost in import.lost {
        write_notice(&format!("lost: {lost}"));
    }
    write_json(&hours)
}

pub(super) fn format(json: Option<&str>) -> Result<(), Failure> {
    let text = given_or_stdin(json)?;
    let hours = read_call_hours(text.trim())?;
    writeln!(stdout(), "{}", HoursText(&hours))?;
    Ok(())
}

fn write_json(hours: &CallHours) -> Result<(), Failure> {
    let payload = CallHoursPayload::from(hours);
    let json = serde_json::to_string(&payload).expect("a struct of strings serializes");
    writeln!(stdout(), "{json}")?;
    Ok(())
}

/// Reads `call_hours` from itself, from settings, or from the answer to a read.
fn read_call_hours(text: &str) -> Result<CallHours, Failure> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Failure::Refused(format!("this is not JSON: {error}")))?;
    if let Some(message) = value["error"]["message"].as_str() {
        let message = excerpt(message);
        return Err(Failure::Refused(format!("this is an error: {message}")));
    }
    let settings = match &value {
        Value::Object(answer) if answer.contains_key("data") => value["data"][0].clone(),
        Value::Object(object) if object.contains_key("timezone_id") => {
            json!({ "call_hours": value })
        }
        _ => value,
    };
    let mut parameters = Parameters::default();
    let only_hours = match &settings["call_hours"] {
        Value::Null => json!({}),
        hours => json!({ "call_hours": hours }),
    };
    parameters
        .extend_from_body(None, &Bytes::from(only_hours.to_string()))
        .map_err(|error| Failure::Refused(error.message()))?;
    let update = settings_submission(&parameters)
        .validate(HoursLimits::WIDEST)
        .map_err(|violations| Failure::Refused(violations.first().to_string()))?;
    match update.call_hours {
        CallHoursChange::Replace(hours) => Ok(hours),
        // Only whole settings tell that there are no hours.
        _ if settings.get("audio_enabled").is_some() && settings.get("call_routing").is_some() => {
            Err(Failure::Refused(
                "these settings have no call_hours: calls are taken at any hour".to_owned(),
            ))
        }
        _ => Err(Failure::Refused("there are no call_hours in it".to_owned())),
    }
}

fn given_or_stdin(given: Option<&str>) -> Result<String, Failure> {
    match given {
        Some(text) if text != "-" => Ok(text.to_owned()),
        _ => {
            let mut text = String::new();
            stdin()
                .read_to_string(&mut text)
                .map_err(|error| Failure::Options(format!("cannot read stdin: {error}")))?;
            Ok(text)
        }
    }
}
