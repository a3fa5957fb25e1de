//! The edge `messenger_call_availability`, an extension.

use call_settings::Medium;
use graph_api::availability::{AvailabilityField, LONGEST_SPAN_DAYS};
use serde_json::{Value, json};

use super::parameters::{fields_parameter, page_id_parameter};
use super::responses::{Part, headers_with_revision, responses};
use crate::Profile;

/// RFC 3339 with an offset, or Unix seconds.
const INSTANT_PATTERN: &str = "^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]\
    ([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?\
    ([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])|-?[0-9]{1,12}(\\.[0-9]{1,9})?)$";

/// The path of the edge.
pub(super) fn availability_path() -> Value {
    json!({
        "parameters": [page_id_parameter()],
        "get": {
            "operationId": "readMessengerCallAvailability",
            "summary": "Ask whether a Page takes calls, and until when or from when on",
            "description": "An extension of this server: the live API does not have this edge. Call \
                hours are meant on the wall clock of their zone.",
            "x-pagebell-extension": true,
            "parameters": [
                {
                    "name": "medium", "in": "query", "required": false,
                    "description": "What the call carries. audio where it is absent.",
                    "schema": { "type": "string", "enum": Medium::ALL.map(Medium::name) },
                },
                instant_parameter("at", "The instant in question: RFC 3339 with its offset, or Unix \
                    seconds. The present where it is absent.", "2026-11-23T09:30:00+01:00"),
                instant_parameter("until", &format!("Where a list of open intervals is to end: after at, \
                    by {LONGEST_SPAN_DAYS} days at most. No list where it is absent."),
                    "2026-11-30T09:30:00+01:00"),
                fields_parameter::<AvailabilityField>(
                    "The fields to answer with, with commas between them. All where it is absent or empty.",
                    "accepting_calls,next_open",
                ),
            ],
            "responses": responses(Profile::Graph, Part::Availability, &json!({
                "description": "The availability, in an array of one element.",
                "headers": headers_with_revision(),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/MessengerCallAvailabilityGetResponse" },
                    "example": { "data": [{
                        "accepting_calls": true,
                        "medium": "audio",
                        "reason": "open",
                        "ring_target": "META",
                        "icon_visible": true,
                        "at": "2026-11-23T08:30:00Z",
                        "local_time": "2026-11-23T09:30:00+01:00",
                        "timezone_id": "Europe/Paris",
                        "open_until": "2026-11-23T17:00:00+01:00",
                    }] },
                } },
            })),
        },
    })
}

fn instant_parameter(name: &str, description: &str, example: &str) -> Value {
    json!({
        "name": name, "in": "query", "required": false,
        "description": description,
        "schema": { "type": "string", "pattern": INSTANT_PATTERN },
        "example": example,
    })
}
