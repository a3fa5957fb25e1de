//! The edge `messenger_call_settings_history`, an extension.

use graph_api::history::{HistoryField, MAX_HISTORY_LIMIT};
use serde_json::{Value, json};

use super::parameters::{fields_parameter, page_id_parameter};
use super::responses::{Part, headers_with_revision, responses};
use crate::Profile;

/// The path of the edge.
pub(super) fn history_path() -> Value {
    json!({
        "parameters": [page_id_parameter()],
        "get": {
            "operationId": "readMessengerCallSettingsHistory",
            "summary": "Read what became of the call settings of a Page",
            "description": "An extension of this server: the live API does not have this edge. The \
                newest entry comes first.",
            "x-pagebell-extension": true,
            "parameters": [
                {
                    "name": "limit", "in": "query", "required": false,
                    "description": "How many entries. 25 where it is absent.",
                    "schema": { "type": "integer", "minimum": 1, "maximum": MAX_HISTORY_LIMIT },
                },
                cursor_parameter("after", "The cursor after of an earlier answer: older entries."),
                fields_parameter::<HistoryField>(
                    "The fields to answer with, with commas between them. All where it is absent or empty.",
                    "revision,changed_at,changed_fields",
                ),
            ],
            "responses": responses(Profile::Graph, Part::History, &json!({
                "description": "Entries, the newest first, and where there are more.",
                "headers": headers_with_revision(),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/MessengerCallSettingsHistoryGetResponse" },
                    "example": {
                        "data": [{
                            "revision": 2,
                            "changed_at": "2026-11-23T08:30:00Z",
                            "changed_fields": ["icon_enabled"],
                            "before": {
                                "audio_enabled": true, "icon_enabled": true, "video_enabled": false,
                                "call_routing": { "ring_target": "META" },
                            },
                            "after": {
                                "audio_enabled": true, "icon_enabled": false, "video_enabled": false,
                                "call_routing": { "ring_target": "META" },
                            },
                            "token_id": "100000000000002",
                            "fbtrace_id": "AvoHgeUBs4nLr3oaIeI8YNV",
                        }],
                        "paging": { "cursors": { "before": "r2", "after": "r2" } },
                    },
                } },
            })),
        },
    })
}

fn cursor_parameter(name: &str, description: &str) -> Value {
    json!({
        "name": name, "in": "query", "required": false,
        "description": description,
        "schema": { "type": "string", "pattern": "^r[0-9]{1,19}$" },
    })
}
