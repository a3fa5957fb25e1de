//! The root, which takes batches.

use serde_json::{Value, json};

use super::responses::{Part, headers, responses};
use crate::Profile;

/// The path of batches.
pub(super) fn batch_path() -> Value {
    // No types: an operation that is malformed is not refused, but answered in its place.
    let operation = json!({
        "description": "An operation: an object with these members.",
        "properties": {
            "method": { "description": "GET or POST; GET where it is absent." },
            "relative_url": { "description": "The address behind the version. Required." },
            "body": { "description": "The body of a POST, as text: a form, or JSON." },
            "headers": { "description": "Headers, as an array of texts NAME: VALUE." },
            "name": { "description": "What later operations may refer to." },
            "depends_on": { "description": "The name of an operation that must succeed before." },
            "omit_response_on_success": { "description": "true: leave the answer out." },
        },
    });
    let answer = json!({
        "type": ["object", "null"],
        "required": ["code", "body"],
        "properties": {
            "code": { "type": "integer" },
            "headers": { "type": "array", "items": { "type": "object" } },
            "body": { "type": "string", "description": "The answer's JSON, as text." },
        },
    });
    json!({
        "post": {
            "operationId": "batch",
            "summary": "Run up to 50 operations in one request",
            "description": "Each operation is answered on its own; one that fails never fails another.",
            "requestBody": {
                "required": true,
                "content": { "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["batch"],
                        "properties": {
                            "batch": {
                                "type": "array", "minItems": 1, "maxItems": 50, "items": operation,
                            },
                            "include_headers": {
                                "type": "boolean", "description": "Whether answers have their headers.",
                            },
                        },
                    },
                    "example": { "batch": [
                        { "method": "GET", "relative_url": "1234567890/messenger_call_settings" },
                        {
                            "method": "POST",
                            "relative_url": "1234567890/messenger_call_settings",
                            "body": "icon_enabled=false",
                        },
                    ] },
                } },
            },
            "responses": responses(Profile::Graph, Part::Batch, &json!({
                "description": "An answer for each operation, in their order. null: there was no time for it.",
                "headers": headers(),
                "content": { "application/json": { "schema": { "type": "array", "items": answer } } },
            })),
        },
    })
}
