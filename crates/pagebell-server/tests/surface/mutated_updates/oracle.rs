//! What a request says, by its parts as the test put them together.
//!
//! Where the server may refuse or store (a setting that is sent twice with one value), the oracle
//! gives what would be stored; it demands an error only where a success would leave out or guess
//! something.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json::Json;
use super::request::{Encoding, Parameter, Received, UpdateRequest};

const SWITCHES: [&str; 3] = ["audio_enabled", "icon_enabled", "video_enabled"];
const FIELDS: [&str; 5] = [
    "audio_enabled",
    "icon_enabled",
    "video_enabled",
    "call_routing",
    "call_hours",
];
const SHORT_NAMES: [&str; 5] = ["audio", "icon", "video", "routing", "hours"];
const MEMBERS: [&str; 3] = ["ringtarget", "timezoneid", "weeklyoperatinghours"];
const DAYS: [&str; 7] = [
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
];

/// What must come of a request.
pub(super) enum Verdict {
    /// An error; the reason is for people.
    Refuse(String),
    /// These settings, or an error.
    Says(BTreeMap<&'static str, Value>),
}

/// Settings in one spelling: names of zones in lower case, entries in order, no hours as null.
pub(super) fn comparable(mut settings: Value) -> Value {
    let hours = settings["call_hours"].take();
    settings["call_hours"] = match hours {
        Value::Object(mut hours) => {
            let zone = hours["timezone_id"].as_str().unwrap().to_lowercase();
            hours["timezone_id"] = zone.into();
            let entries = hours["weekly_operating_hours"].as_array_mut().unwrap();
            entries.sort_by_key(Value::to_string);
            hours.into()
        }
        none => none,
    };
    settings
}

pub(super) fn read(request: &UpdateRequest) -> Verdict {
    let body = match request.received_body() {
        Received::Parameters(body) => body,
        Received::Broken => return Verdict::Refuse("a body that ends too early".to_owned()),
    };
    let in_json = request.encoding == Encoding::Json;
    let places = [
        (
            request.query.as_slice(),
            Place {
                in_json: false,
                in_body: false,
            },
        ),
        (
            body.as_slice(),
            Place {
                in_json,
                in_body: true,
            },
        ),
    ];
    let mut said: BTreeMap<&'static str, Result<Value, String>> = BTreeMap::new();
    for (parameters, place) in places {
        if let Some(near) = parameters
            .iter()
            .find(|parameter| is_near(parameter, place))
        {
            return Verdict::Refuse(format!("{}, nearly a setting", near.name));
        }
        let repeated = |parameter: &Parameter| {
            let same = parameters
                .iter()
                .filter(|other| other.name == parameter.name);
            same.count() > 1
        };
        if place.in_json && parameters.iter().any(repeated) {
            return Verdict::Refuse("a member that stands twice".to_owned());
        }
        // The body comes second and wins.
        for field in FIELDS {
            if let Some(meaning) = meaning(field, parameters, place) {
                said.insert(field, meaning);
            }
        }
    }
    match said
        .into_iter()
        .map(|(field, value)| Ok((field, value?)))
        .collect()
    {
        Ok(said) => Verdict::Says(said),
        Err(reason) => Verdict::Refuse(reason),
    }
}

#[derive(Clone, Copy)]
struct Place {
    in_json: bool,
    in_body: bool,
}

fn base(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

/// What the parameters of one place say of a field; `None`: nothing.
fn meaning(
    field: &'static str,
    parameters: &[Parameter],
    place: Place,
) -> Option<Result<Value, String>> {
    let mut whole: Option<Result<Value, String>> = None;
    let mut members = Vec::new();
    for Parameter { name, value } in parameters {
        if name == field {
            let value = whole_value(field, value, place);
            whole = Some(match whole {
                Some(Ok(earlier)) if Ok(&earlier) != value.as_ref() => {
                    Err(format!("{field}, sent with two meanings"))
                }
                Some(Err(reason)) => Err(reason),
                _ => value,
            });
        } else if base(name) == field {
            members.push((name.as_str(), value));
        }
    }
    match (whole, members.is_empty()) {
        (whole, true) => whole,
        (Some(_), false) => Some(Err(format!("{field} in two forms"))),
        (None, false) if place.in_json => Some(Err(format!("{field} with brackets in JSON"))),
        (None, false) => Some(of_members(field, &members)),
    }
}

fn whole_value(field: &str, value: &Json, place: Place) -> Result<Value, String> {
    let refused = || Err(format!("{field} with the value {}", value.written()));
    if SWITCHES.contains(&field) {
        if place.in_json {
            return match value {
                Json::Bool(value) => Ok(json!(value)),
                _ => refused(),
            };
        }
        return match value.as_form_text().to_lowercase().as_str() {
            "true" | "1" => Ok(json!(true)),
            "false" | "0" => Ok(json!(false)),
            "" if place.in_body => Ok(json!(false)),
            _ => refused(),
        };
    }
    let parsed = match value {
        Json::Text(text) if !place.in_json => {
            serde_json::from_str(text).map(|it| Json::of_value(&it))
        }
        other => Ok(other.clone()),
    };
    match parsed {
        Ok(Json::Object(members)) if field == "call_routing" => routing(&members),
        Ok(Json::Object(members)) => hours(&members),
        Ok(Json::Null) if field == "call_hours" => Ok(Value::Null),
        _ => refused(),
    }
}

/// The texts of exactly these members.
fn texts<'a, const N: usize>(
    members: &'a [(String, Json)],
    names: [&str; N],
) -> Result<[&'a str; N], String> {
    let mut found = [None; N];
    for (name, value) in members {
        let place = names.iter().position(|known| known == name);
        match (place, value) {
            (Some(place), Json::Text(text)) if found[place].is_none() => found[place] = Some(text),
            _ => return Err(format!("the member {name} {}", value.written())),
        }
    }
    match found.iter().position(Option::is_none) {
        None => Ok(found.map(|text| text.map_or("", String::as_str))),
        Some(place) => Err(format!("no member {}", names[place])),
    }
}

fn routing(members: &[(String, Json)]) -> Result<Value, String> {
    match texts(members, ["ring_target"])? {
        [target @ ("META" | "PARTNERS")] => Ok(json!({ "ring_target": target })),
        [other] => Err(format!("the target {other}")),
    }
}

fn hours(members: &[(String, Json)]) -> Result<Value, String> {
    let (lists, others): (Vec<_>, Vec<_>) = members
        .iter()
        .cloned()
        .partition(|(name, _value)| name == "weekly_operating_hours");
    let [zone] = texts(&others, ["timezone_id"])?;
    let [(_name, Json::List(list))] = lists.as_slice() else {
        return Err("no list of hours".to_owned());
    };
    let mut entries = BTreeMap::new();
    for entry in list {
        let Json::Object(entry) = entry else {
            return Err("an entry that is no object".to_owned());
        };
        let [day, open, close] = texts(entry, ["day_of_week", "open_time", "close_time"])?;
        let day = day.to_uppercase();
        let valid = DAYS.contains(&day.as_str()) && minute(open)? < minute(close)?;
        let entry = json!({ "day_of_week": day, "open_time": open, "close_time": close });
        if !valid || entries.insert(day, entry).is_some() {
            return Err("hours that cannot be".to_owned());
        }
    }
    let entries: Vec<_> = entries.into_values().collect();
    Ok(json!({ "timezone_id": zone, "weekly_operating_hours": entries }))
}

fn minute(text: &str) -> Result<u16, String> {
    let refused = || format!("the time {text}");
    if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    let number: u16 = text.parse().map_err(|_error| refused())?;
    match (number / 100, number % 100) {
        (hour @ 0..24, minute @ 0..60) => Ok(hour * 60 + minute),
        _ => Err(refused()),
    }
}

/// Puts members with a parameter each together.
fn of_members(field: &str, members: &[(&str, &Json)]) -> Result<Value, String> {
    let mut alone = BTreeMap::new();
    let mut rows: BTreeMap<usize, BTreeMap<String, String>> = BTreeMap::new();
    for (name, value) in members {
        let refused = || format!("the parameter {name}");
        let brackets = name[field.len()..]
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'));
        let path: Vec<_> = brackets.ok_or_else(refused)?.split("][").collect();
        let text = value.as_form_text();
        let earlier = match path.as_slice() {
            [member] => alone.insert((*member).to_owned(), text.clone()),
            ["weekly_operating_hours", position, member] => {
                let row = rows
                    .entry(position.parse().map_err(|_error| refused())?)
                    .or_default();
                row.insert((*member).to_owned(), text.clone())
            }
            _ => return Err(refused()),
        };
        if earlier.is_some_and(|earlier| earlier != text) {
            return Err(format!("{name}, sent with two values"));
        }
    }
    if rows
        .keys()
        .enumerate()
        .any(|(expected, position)| expected != *position)
    {
        return Err(format!("gaps in the lists of {field}"));
    }
    let object = |row: BTreeMap<String, String>| {
        Json::Object(
            row.into_iter()
                .map(|(name, text)| (name, Json::Text(text)))
                .collect(),
        )
    };
    let Json::Object(mut found) = object(alone) else {
        unreachable!()
    };
    if !rows.is_empty() {
        let list = Json::List(rows.into_values().map(object).collect());
        found.push(("weekly_operating_hours".to_owned(), list));
    }
    if field == "call_routing" {
        routing(&found)
    } else if field == "call_hours" {
        hours(&found)
    } else {
        Err(format!("{field} with brackets"))
    }
}

/// Whether a parameter is no setting, but was probably meant as one or holds one.
fn is_near(parameter: &Parameter, place: Place) -> bool {
    let base = base(&parameter.name);
    if FIELDS.contains(&base) {
        return false;
    }
    let is_nearly_a_name = |name: &str| {
        let plain = plain(name);
        SHORT_NAMES.contains(&plain.as_str())
            || MEMBERS.contains(&plain.as_str())
            || FIELDS
                .iter()
                .any(|field| is_within_two_edits(&plain, &self::plain(field)))
    };
    let holds_a_setting = match &parameter.value {
        Json::Text(text) if !place.in_json => {
            serde_json::from_str(text).is_ok_and(|value| names_a_setting(&Json::of_value(&value)))
        }
        value => names_a_setting(value),
    };
    holds_a_setting
        || is_nearly_a_name(base)
        || FIELDS
            .iter()
            .any(|field| plain(&parameter.name).contains(&plain(field)))
}

/// Whether an object anywhere in the value has a member of the name of a setting.
fn names_a_setting(value: &Json) -> bool {
    match value {
        Json::Object(members) => members.iter().any(|(name, value)| {
            FIELDS.iter().any(|field| plain(field) == plain(name)) || names_a_setting(value)
        }),
        Json::List(elements) => elements.iter().any(names_a_setting),
        _ => false,
    }
}

/// Letters and digits, in lower case.
fn plain(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect()
}

/// Whether at most two letters were added, left out, replaced or exchanged with their neighbour.
fn is_within_two_edits(left: &str, right: &str) -> bool {
    fn within(left: &[char], right: &[char], edits: usize) -> bool {
        let same = left
            .iter()
            .zip(right)
            .take_while(|(one, other)| one == other)
            .count();
        let (left, right) = (&left[same..], &right[same..]);
        if left.is_empty() || right.is_empty() {
            return left.len().max(right.len()) <= edits;
        }
        let exchanged =
            left.len() > 1 && right.len() > 1 && left[0] == right[1] && left[1] == right[0];
        edits > 0
            && (within(&left[1..], right, edits - 1)
                || within(left, &right[1..], edits - 1)
                || within(&left[1..], &right[1..], edits - 1)
                || (exchanged && within(&left[2..], &right[2..], edits - 1)))
    }
    let left: Vec<_> = left.chars().collect();
    let right: Vec<_> = right.chars().collect();
    within(&left, &right, 2)
}
