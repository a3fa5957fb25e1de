//! The edge `business_messaging_feature_status`.

use serde_json::{Value, json};

use super::parameters::page_id_parameter;
use super::responses::{Part, headers, responses};
use crate::Profile;

/// The path of the edge.
pub(super) fn feature_status_path() -> Value {
    json!({
        "parameters": [page_id_parameter()],
        "post": {
            "operationId": "readBusinessMessagingFeatureStatus",
            "summary": "Ask whether a Page may use calls",
            "description": "It changes nothing. A Page is marked as not eligible by \
                `pagebell page set PAGE_ID --eligible false`.",
            "requestBody": {
                "required": false,
                "description": "The features to ask for; all where there are none.",
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/BusinessMessagingFeatureStatusRequest" },
                    "example": { "features": [{ "feature": "messenger_api_calling" }] },
                } },
            },
            "responses": responses(Profile::Graph, Part::FeatureStatus, &json!({
                "description": "The status of each feature that was asked for.",
                "headers": headers(),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/FeatureStatusList" },
                    "example": { "data": [
                        { "feature": "messenger_api_calling", "status": "ENABLED" },
                    ] },
                } },
            })),
        },
    })
}
