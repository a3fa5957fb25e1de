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
    let list = list_of(&format!("({})", fields.join("|")));
    let names: Vec<_> = F::all().iter().map(|field| field.name()).collect();
    let name = format!("\"({})\"", names.join("|"));
    format!("^( *|{list}| *\\[( *|{})\\] *)$", list_of(&name))
}

/// A name, behind which some of its members may stand in braces.
fn with_members(name: &str, members: impl Iterator<Item = String>) -> String {
    let members: Vec<String> = members.collect();
    if members.is_empty() {
        name.to_owned()
    } else {
        let members = list_of(&format!("({})", members.join("|")));
        format!("{name}( *\\{{{members}\\}})?")
    }
}

/// One item or several with commas between them, spaces tolerated.
fn list_of(item: &str) -> String {
    format!(" *{item} *(, *{item} *)*")
}
