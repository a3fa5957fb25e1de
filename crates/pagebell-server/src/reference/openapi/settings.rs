//! The published edge.

use call_settings::SettingsField;
use serde_json::{Value, json};

use super::parameters::{fields_parameter, page_id_parameter};
use super::responses::{Part, headers, headers_with_revision, responses};
use crate::Profile;

/// The path of the published edge.
pub(super) fn settings_path(profile: Profile) -> Value {
    let settings = json!({
        "audio_enabled": true,
        "icon_enabled": true,
        "video_enabled": false,
        "call_routing": { "ring_target": "PARTNERS" },
        "call_hours": {
            "timezone_id": "Europe/Paris",
            "weekly_operating_hours": [
                { "day_of_week": "MONDAY", "open_time": "0900", "close_time": "1700" },
                { "day_of_week": "TUESDAY", "open_time": "0900", "close_time": "2359" },
            ],
        },
    });
    json!({
        "parameters": [page_id_parameter()],
        "get": {
            "operationId": "readMessengerCallSettings",
            "summary": "Read the call settings of a Page",
            "description": "A Page that was never configured answers with the defaults.",
            "parameters": read_parameters(profile),
            "responses": responses(profile, Part::Settings, &json!({
                "description": "The settings, in an array of one element.",
                "headers": headers_of(profile),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/PageMessengerCallSettingsGetResponse" },
                    "example": { "data": [settings] },
                } },
            })),
        },
        "post": {
            "operationId": "updateMessengerCallSettings",
            "summary": "Update the call settings of a Page",
            "description": "Either all of the update is stored for good or nothing. An empty object \
                changes nothing and succeeds.",
            "parameters": update_parameters(profile),
            "requestBody": {
                "required": false,
                "description": "Any subset of the settings.",
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/PageMessengerCallSettingsRequest" },
                    "example": settings,
                } },
            },
            "responses": responses(profile, Part::Update, &json!({
                "description": "The update is stored.",
                "headers": headers_of(profile),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/PageMessengerCallSettingsResponse" },
                    "example": { "result": "success" },
                } },
            })),
        },
    })
}

fn headers_of(profile: Profile) -> Value {
    match profile {
        Profile::Graph => headers_with_revision(),
        Profile::Reference => headers(),
    }
}

fn read_parameters(profile: Profile) -> Value {
    let fields = fields_parameter::<SettingsField>(
        "The fields to answer with, with commas between them. All where it is absent or empty.",
        "call_routing,call_hours",
    );
    let at_least = json!({
        "name": "Pagebell-Revision-At-Least", "in": "header", "required": false,
        "description": "The revision that the settings must have reached, from the header \
            pagebell-revision of an update by way of another server. An extension of this server.",
        "schema": { "type": "string", "pattern": "^[0-9]{1,19}$" },
        "x-pagebell-extension": true,
    });
    match profile {
        Profile::Graph => json!([fields, at_least]),
        Profile::Reference => json!([fields]),
    }
}

fn update_parameters(profile: Profile) -> Value {
    let fields = fields_parameter::<SettingsField>(
        "The fields to answer with, as now stored, beside result. None where it is absent or empty.",
        "call_routing,call_hours",
    );
    let if_match = json!({
        "name": "If-Match", "in": "header", "required": false,
        "description": "The revision that the settings must be at, from the header pagebell-revision. \
            An extension of this server.",
        "schema": { "type": "string", "pattern": "^(\\*|[0-9]{1,19})$" },
        "x-pagebell-extension": true,
    });
    match profile {
        Profile::Graph => json!([fields, if_match]),
        Profile::Reference => json!([fields]),
    }
}
