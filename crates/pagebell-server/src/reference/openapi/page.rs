//! A Page itself.

use graph_api::PageField;
use serde_json::{Value, json};

use super::parameters::{fields_parameter, page_id_parameter};
use super::responses::{Part, headers, responses};
use crate::Profile;

/// The path of a Page.
pub(super) fn page_path() -> Value {
    json!({
        "parameters": [page_id_parameter()],
        "get": {
            "operationId": "readPage",
            "summary": "Read the name of a Page",
            "description": "The first call of many clients, also as /me. The id is always there.",
            "parameters": [
                fields_parameter::<PageField>(
                    "The fields to answer with, with commas between them. All where it is absent or empty.",
                    "id,name",
                ),
            ],
            "responses": responses(Profile::Graph, Part::Page, &json!({
                "description": "The Page.",
                "headers": headers(),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/PageNodePayload" },
                    "example": { "name": "Bakery", "id": "1234567890" },
                } },
            })),
        },
    })
}
