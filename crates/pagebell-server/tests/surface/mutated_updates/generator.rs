//! Valid updates.

use proptest::prelude::*;
use proptest::sample::select;

use super::json::Json;
use super::request::{Encoding, Parameter, UpdateRequest};

const DAYS: [&str; 7] = [
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
];
const ZONES: [&str; 6] = [
    "Europe/Paris",
    "US/Pacific",
    "Etc/GMT+12",
    "America/Argentina/La_Rioja",
    "UTC",
    "Asia/Kolkata",
];
const ENCODINGS: [Encoding; 4] = [
    Encoding::Json,
    Encoding::Form,
    Encoding::BareForm,
    Encoding::Multipart,
];
/// Parameters that clients send and that mean nothing here.
pub(super) const HARMLESS: [&str; 7] = [
    "id", "locale", "summary", "pretty", "format", "note", "client",
];

fn hours() -> impl Strategy<Value = Json> {
    let entry = (0_u16..23, 0_u16..60, 1_u16..60);
    let week = prop::collection::vec(prop::option::of(entry), 7);
    (select(&ZONES[..]), week).prop_map(|(zone, week)| {
        let entries = DAYS.iter().zip(week).filter_map(|(day, entry)| {
            let (hour, minute, length) = entry?;
            let close = hour * 60 + minute + length;
            Some(Json::object([
                ("day_of_week", Json::text(day)),
                ("open_time", Json::Text(format!("{hour:02}{minute:02}"))),
                (
                    "close_time",
                    Json::Text(format!("{:02}{:02}", close / 60, close % 60)),
                ),
            ]))
        });
        Json::object([
            ("timezone_id", Json::text(zone)),
            ("weekly_operating_hours", Json::List(entries.collect())),
        ])
    })
}

fn fields() -> impl Strategy<Value = Vec<(&'static str, Json)>> {
    let boolean = || prop::option::of(any::<bool>().prop_map(Json::Bool));
    let routing = select(vec!["META", "PARTNERS"])
        .prop_map(|target| Json::object([("ring_target", Json::text(target))]));
    let hours = prop_oneof![4 => hours(), 1 => Just(Json::Null)];
    let values = (
        boolean(),
        boolean(),
        boolean(),
        prop::option::of(routing),
        prop::option::of(hours),
    );
    values
        .prop_map(|(audio, icon, video, routing, hours)| {
            let fields = [
                ("audio_enabled", audio),
                ("icon_enabled", icon),
                ("video_enabled", video),
                ("call_routing", routing),
                ("call_hours", hours),
            ];
            fields
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect()
        })
        .prop_shuffle()
}

/// Settings as one JSON object, to begin with.
pub(super) fn settings() -> impl Strategy<Value = Json> {
    fields().prop_map(|fields| {
        let members = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Json::Object(members.collect())
    })
}

/// What a client writes outside of JSON for a boolean.
fn spelled(value: bool, spelling: u8) -> Json {
    Json::text(match (value, spelling % 4) {
        (true, 0) => "true",
        (true, 1) => "True",
        (true, _) => "1",
        (false, 0) => "false",
        (false, 1) => "False",
        (false, 2) => "0",
        (false, _) => "",
    })
}

/// A parameter for each member of an object, as PHP writes them.
fn flattened(name: String, value: Json, parameters: &mut Vec<Parameter>) {
    match value {
        Json::Object(members) => {
            for (member, value) in members {
                flattened(format!("{name}[{member}]"), value, parameters);
            }
        }
        Json::List(elements) => {
            for (position, value) in elements.into_iter().enumerate() {
                flattened(format!("{name}[{position}]"), value, parameters);
            }
        }
        value => parameters.push(Parameter { name, value }),
    }
}

/// PHP has no way to write an empty list, so these objects are sent as JSON text.
fn can_be_flattened(value: &Json) -> bool {
    match value {
        Json::Object(members) => members.iter().all(|(_name, value)| can_be_flattened(value)),
        Json::List(elements) => !elements.is_empty(),
        _ => true,
    }
}

pub(super) fn update_request() -> impl Strategy<Value = UpdateRequest> {
    (
        fields(),
        select(&ENCODINGS[..]),
        prop::collection::vec(select(&HARMLESS[..]), 0..2),
        prop::collection::vec((any::<bool>(), any::<bool>(), 0_u8..4), 12),
        any::<bool>(),
    )
        .prop_map(|(fields, encoding, harmless, choices, in_batch)| {
            let mut query = Vec::new();
            let mut body = Vec::new();
            let harmless = harmless.into_iter().map(|name| (name, Json::text("de_DE")));
            let all = fields.into_iter().chain(harmless);
            for ((name, value), (goes_to_query, is_flattened, spelling)) in all.zip(choices) {
                // About an eighth goes to the query.
                let goes_to_query = goes_to_query && spelling == 0;
                let place = if goes_to_query { &mut query } else { &mut body };
                let in_json = encoding == Encoding::Json && !goes_to_query;
                let name = name.to_owned();
                match value {
                    Json::Bool(value) if !in_json => {
                        place.push(Parameter {
                            name,
                            value: spelled(value, spelling),
                        });
                    }
                    value if !in_json && is_flattened && can_be_flattened(&value) => {
                        flattened(name, value, place);
                    }
                    value => place.push(Parameter { name, value }),
                }
            }
            UpdateRequest {
                query,
                body,
                encoding,
                content_type: Some(encoding.content_type()),
                sent_bytes: None,
                around: ("", ""),
                in_batch: in_batch && encoding != Encoding::Multipart,
            }
        })
}
