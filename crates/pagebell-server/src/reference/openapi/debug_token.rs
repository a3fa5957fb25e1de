//! `debug_token`.

use serde_json::{Value, json};

use super::responses::{Part, headers, responses};
use crate::Profile;

/// The path of `debug_token`.
pub(super) fn debug_token_path() -> Value {
    json!({
        "get": {
            "operationId": "debugToken",
            "summary": "Look at an access token",
            "description": "Answers to the token's holder, to its app and to operators.",
            "parameters": [{
                "name": "input_token", "in": "query", "required": true,
                "description": "The token to look at.",
                "schema": { "type": "string", "minLength": 1 },
            }],
            "responses": responses(Profile::Graph, Part::DebugToken, &json!({
                "description": "What is known of the token, also of one that is not valid.",
                "headers": headers(),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/DebugTokenResponse" },
                } },
            })),
        },
    })
}
