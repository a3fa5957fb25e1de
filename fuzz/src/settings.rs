//! Updates as JSON bodies, from the bytes to what is stored and read.

use std::collections::BTreeSet;

use bytes::Bytes;
use call_settings::{
    CallHoursChange, CallSettings, HoursLimits, SettingsField, SettingsUpdate, Violations,
};
use graph_api::{
    FieldSelection, GraphError, PageMessengerCallSettingsRequest, Parameters, PreparedSettings,
    TRACE_RANDOM_BYTES, TraceIds, settings_submission,
};
use serde_json::Value;
use settings_store::document;

use crate::envelope::check_error;

/// Reads an update; the input is a JSON body.
///
/// An update that is accepted is merged, stored as the store does it, read again and answered. What
/// is answered is a lawful update itself, in JSON and in a form, and changes nothing. What the
/// documented shapes of a request hold is accepted by them too. An update that is refused blames
/// fields by their names.
pub fn settings(input: &[u8]) {
    let body = Bytes::copy_from_slice(input);
    for limits in [HoursLimits::default(), HoursLimits::WIDEST] {
        let Ok(parameters) = parameters_of(&body) else {
            return;
        };
        match settings_submission(&parameters).validate(limits) {
            Ok(update) => {
                check_shape(&body, &parameters);
                check_stored(&update, limits);
            }
            Err(violations) => check_violations(&violations),
        }
    }
}

fn parameters_of(body: &Bytes) -> Result<Parameters, GraphError> {
    let mut parameters = Parameters::default();
    parameters.extend_from_body(Some("application/json"), body)?;
    Ok(parameters)
}

/// What is accepted has the shape that the documents describe. Members come once each in it: of
/// those that come twice the last counts, which the shape does not know.
fn check_shape(body: &Bytes, parameters: &Parameters) {
    if body.trim_ascii().is_empty() {
        return;
    }
    let names: BTreeSet<&str> = parameters.names().collect();
    assert_eq!(names.len(), parameters.names().count(), "JSON names twice");
    let value: Value = serde_json::from_slice(body).expect("it was read before");
    let read = serde_json::from_value::<PageMessengerCallSettingsRequest>(value);
    if let Err(error) = read {
        // Ring targets are taken in any letter case, which the documents do not promise.
        let text = error.to_string();
        assert!(text.contains("unknown variant"), "{text}");
    }
}

fn check_stored(update: &SettingsUpdate, limits: HoursLimits) {
    let before = CallSettings::default();
    let after = before.updated(update);
    assert_eq!(
        after.updated(update),
        after,
        "an update twice is an update once"
    );
    let stored = document::decode(&document::encode(&after));
    assert_eq!(stored.as_ref().ok(), Some(&after), "{stored:?}");

    let prepared = PreparedSettings::new(&after, ());
    let answer: Value = serde_json::from_slice(prepared.body()).expect("an answer is JSON");
    let element = &answer["data"][0];
    assert_eq!(
        *prepared.body(),
        prepared.clone().into_list(&FieldSelection::All)
    );
    let again = Bytes::from(element.to_string());
    let again = parameters_of(&again).expect("an answer is a lawful body");
    check_changes_nothing(&after, &again, limits);

    let members = element.as_object().expect("settings are an object");
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(
            members
                .iter()
                .map(|(name, value)| (name, value.to_string())),
        )
        .finish();
    check_changes_nothing(&after, &Parameters::from_query(&form), limits);
}

fn check_changes_nothing(settings: &CallSettings, answered: &Parameters, limits: HoursLimits) {
    let update = settings_submission(answered).validate(limits);
    let update = update.expect("what was answered is lawful");
    assert_eq!(settings.updated(&update), *settings);
    // The other way round: everything but absent hours is in the answer.
    let mut defaults = CallSettings::default().updated(&update);
    if update.call_hours == CallHoursChange::Keep {
        defaults.call_hours = None;
    }
    assert_eq!(defaults, *settings);
}

/// Checks that violations blame fields by their names, each as the error tells it.
pub(crate) fn check_violations(violations: &Violations) {
    let fields: Vec<&str> = SettingsField::ALL
        .iter()
        .map(|field| field.name())
        .collect();
    for violation in violations.iter() {
        let first = violation.path.segments().first().map(ToString::to_string);
        let first = first.expect("a violation has a place");
        assert!(fields.contains(&first.as_str()), "{violation}");
    }
    assert!(violations.iter().count() <= Violations::MOST);
    let trace = TraceIds::from_random([7; TRACE_RANDOM_BYTES]);
    let error = GraphError::parameters_invalid(violations).standard_error(&trace);
    check_error(&error);
    let first = violations.first().to_string();
    assert!(error.message.ends_with(&first), "{}", error.message);
    let data = error.error_data.expect("an update that is refused blames");
    let count = |name: &str| data[name].as_array().map(Vec::len);
    assert_eq!(count("blame_field_specs"), Some(violations.iter().count()));
    assert_eq!(count("details"), count("blame_field_specs"));
}
