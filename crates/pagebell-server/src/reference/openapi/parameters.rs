//! Parameters that several paths have.

use graph_api::Field;
use serde_json::{Value, json};

const PAGE_ID_PATTERN: &str = "^([1-9][0-9]{0,19}|me)$";

/// The Page in the path.
pub(super) fn page_id_parameter() -> Value {
    json!({
        "name": "page_id", "in": "path", "required": true,
        "description": "The id of the Page, or me for the one Page of the access token.",
        "schema": { "type": "string", "pattern": PAGE_ID_PATTERN },
        "example": "1234567890",
    })
}

/// The parameter `fields` over these fields.
pub(super) fn fields_parameter<F: Field>(description: &str, example: &str) -> Value {
    json!({
        "name": "fields", "in": "query", "required": false,
        "description": description,
        "schema": { "type": "string", "pattern": fields_pattern::<F>() },
        "example": example,
    })
}

/// The grammar of `fields` as a pattern: names with commas between them, sub-selections in braces,
/// or a JSON array of names.
fn fields_pattern<F: Field>() -> String {
    let fields: Vec<String> = F::all()
        .iter()
        .map(|field| {
            let members = field.members().iter().map(|member| {
                with_members(
                    member,
                    field.members_of(member).iter().map(|&it| it.to_owned()),
                )
            });
            with_members(field.name(), members)
        })
        .collect();
    let list = list_of(&format!("({})", fields.join("|")), WHITESPACE);
    let names: Vec<_> = F::all().iter().map(|field| field.name()).collect();
    let name = format!("\"({})\"", names.join("|"));
    let array = list_of(&name, JSON_WHITESPACE);
    format!(
        "^({WHITESPACE}|{list}|{JSON_WHITESPACE}\\[({JSON_WHITESPACE}|{array})\\]{JSON_WHITESPACE})$"
    )
}

/// A name, behind which some of its members may stand in braces.
fn with_members(name: &str, members: impl Iterator<Item = String>) -> String {
    let members: Vec<String> = members.collect();
    if members.is_empty() {
        name.to_owned()
    } else {
        let members = list_of(&format!("({})", members.join("|")), WHITESPACE);
        format!("{name}({WHITESPACE}\\{{{members}\\}})?")
    }
}

/// What may stand between names.
const WHITESPACE: &str = "[ \\t\\r\\n\\f]*";

/// What may stand between the elements of a JSON array.
const JSON_WHITESPACE: &str = "[ \\t\\r\\n]*";

/// One item or several with commas between them, with whitespace around each.
fn list_of(item: &str, space: &str) -> String {
    format!("{space}{item}{space}(,{space}{item}{space})*")
}
