//! Parameters in their four encodings.

use bytes::Bytes;
use call_settings::HoursLimits;
use graph_api::{ParameterValue, Parameters, settings_submission};
use serde_json::{Map, Value};

use crate::message::take_line;
use crate::settings::check_violations;

const FORM: &str = "application/x-www-form-urlencoded";
const BOUNDARY: &str = "----between-parts----";

/// Reads parameters. The input: a line with the content type, empty for none; a line with the
/// query; the body.
///
/// What was read is written again in the standard's own way, in each encoding that can carry it, and
/// must be read as the same. The last value of a name counts. Settings among them are taken or
/// blamed by their names.
pub fn parameters(input: &[u8]) {
    let (content_type, rest) = take_line(input);
    let (query, body) = take_line(rest);
    let content_type = (!content_type.is_empty()).then_some(content_type.as_str());
    let body = Bytes::copy_from_slice(body);

    let mut parameters = Parameters::from_query(&query);
    let of_query = entries(&parameters);
    if parameters.extend_from_body(content_type, &body).is_err() {
        assert_eq!(entries(&parameters), of_query, "half of a body was taken");
    }
    let all = entries(&parameters);
    assert_eq!(all[..of_query.len()], of_query, "the query comes first");
    for (name, _value) in &all {
        let last = all.iter().rfind(|(other, _value)| other == name);
        assert_eq!(parameters.get(name), last.map(|(_name, value)| value));
    }

    let texts: Vec<(&str, &str)> = all
        .iter()
        .filter_map(|(name, value)| match value {
            ParameterValue::Text(text) => Some((name.as_str(), text.as_str())),
            ParameterValue::Json(_) => None,
        })
        .collect();
    check_form(&texts);
    check_multipart(&texts);
    check_json(&all);

    if let Err(violations) = settings_submission(&parameters).validate(HoursLimits::WIDEST) {
        check_violations(&violations);
    }
}

/// Every parameter, in the order in which they were sent.
fn entries(parameters: &Parameters) -> Vec<(String, ParameterValue)> {
    let mut seen: Vec<&str> = Vec::new();
    let mut entries = Vec::new();
    for name in parameters.names() {
        let before = seen.iter().filter(|other| **other == name).count();
        let value = parameters.all(name).nth(before);
        let value = value.expect("a name that was listed has a value");
        entries.push((name.to_owned(), value.clone()));
        seen.push(name);
    }
    entries
}

fn of_texts(texts: &[(&str, &str)]) -> Vec<(String, ParameterValue)> {
    texts
        .iter()
        .map(|(name, value)| {
            let value = ParameterValue::Text((*value).to_owned());
            ((*name).to_owned(), value)
        })
        .collect()
}

fn check_form(texts: &[(&str, &str)]) {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(texts)
        .finish();
    let expected = of_texts(texts);
    assert_eq!(entries(&Parameters::from_query(&form)), expected, "{form}");
    let read = read_body(FORM, form.as_bytes());
    assert_eq!(entries(&read), expected, "{form}");
}

/// Names with quotes and line ends have no one way to be written in multipart.
fn check_multipart(texts: &[(&str, &str)]) {
    let is_plain = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let texts: Vec<(&str, &str)> = texts
        .iter()
        .copied()
        .filter(|(name, value)| is_plain(name) && !value.contains(BOUNDARY))
        .collect();
    if texts.is_empty() {
        return;
    }
    let mut body = String::new();
    for (name, value) in &texts {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        body.extend(["--", BOUNDARY, "\r\n", &head, "\r\n\r\n", value, "\r\n"]);
    }
    body.extend(["--", BOUNDARY, "--\r\n"]);
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let read = read_body(&content_type, body.as_bytes());
    assert_eq!(entries(&read), of_texts(&texts), "{body}");
}

/// JSON numbers with a fraction may change in their last digit each time they are read.
fn check_json(all: &[(String, ParameterValue)]) {
    let mut members = Map::new();
    for (name, value) in all {
        if let ParameterValue::Json(value) = value
            && !has_fraction(value)
        {
            members.insert(name.clone(), value.clone());
        }
    }
    let body = Value::Object(members.clone()).to_string();
    let read = read_body("application/json", body.as_bytes());
    let read: Map<String, Value> = entries(&read)
        .into_iter()
        .filter_map(|(name, value)| match value {
            ParameterValue::Json(value) => Some((name, value)),
            ParameterValue::Text(_) => None,
        })
        .collect();
    assert_eq!(read, members);
}

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(elements) => elements.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        _ => false,
    }
}

fn read_body(content_type: &str, body: &[u8]) -> Parameters {
    let mut parameters = Parameters::default();
    let body = Bytes::copy_from_slice(body);
    let read = parameters.extend_from_body(Some(content_type), &body);
    assert!(read.is_ok(), "{content_type}: {read:?}");
    parameters
}
