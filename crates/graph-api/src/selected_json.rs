//! Writing selected fields and members of a value as JSON.

use serde_json::Value;

use crate::{Field, SelectedField, SelectedMember};

/// What stands before the fields of an answer with one element.
pub(crate) const LIST_START: &str = "{\"data\":[{";

/// What stands behind them.
pub(crate) const LIST_END: &str = "}]}";

/// Writes `"name":`, with a comma before it unless it comes first in its object.
pub(crate) fn push_name(body: &mut String, name: &str) {
    if !body.ends_with('{') {
        body.push(',');
    }
    body.push('"');
    body.push_str(name);
    body.push_str("\":");
}

/// Writes the selected fields of an object, those that it has.
pub(crate) fn push_fields<F: Field>(
    body: &mut String,
    object: &Value,
    fields: &[SelectedField<F>],
) {
    for selected in fields {
        let name = selected.field.name();
        let Some(value) = object.get(name) else {
            continue;
        };
        push_name(body, name);
        push_selected(body, value, &selected.members);
    }
}

/// Writes the selected members of a value, or all of it where none are selected.
pub(crate) fn push_selected(body: &mut String, value: &Value, members: &[SelectedMember]) {
    match value {
        _ if members.is_empty() => body.push_str(&value.to_string()),
        Value::Array(elements) => {
            body.push('[');
            for (position, element) in elements.iter().enumerate() {
                if position > 0 {
                    body.push(',');
                }
                push_selected(body, element, members);
            }
            body.push(']');
        }
        Value::Object(object) => {
            body.push('{');
            for member in members {
                if let Some(value) = object.get(member.name) {
                    push_name(body, member.name);
                    push_selected(body, value, &member.members);
                }
            }
            body.push('}');
        }
        scalar => body.push_str(&scalar.to_string()),
    }
}
