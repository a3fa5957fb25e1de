//! References of one operation to the answer of an earlier one: `{result=NAME:$.path}`.

use call_settings::excerpt;
use std::ops::Range;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::GraphError;

/// A reference in a text, and where it stands.
struct Reference {
    place: Range<usize>,
    name: String,
    path: String,
}

/// The names that a text refers to.
pub(super) fn names(text: &str) -> Vec<String> {
    find_all(text)
        .into_iter()
        .map(|reference| reference.name)
        .collect()
}

/// The text with the values of its references in place, encoded for an address or a form. A few
/// bytes can refer to a long answer, and many times, so references must not make more than `limit`
/// bytes of the text.
pub(super) fn replace<'a>(
    text: &str,
    limit: usize,
    answer: impl Fn(&str) -> Option<&'a Value>,
) -> Result<String, GraphError> {
    let mut replaced = String::with_capacity(text.len());
    let mut copied = 0;
    for reference in find_all(text) {
        let failed =
            || GraphError::batch_dependency_failed(&reference.name, &excerpt(&reference.path));
        let body = answer(&reference.name).ok_or_else(failed)?;
        let values = evaluate(body, &reference.path);
        if values.is_empty() {
            return Err(failed());
        }
        let joined: Vec<String> = values.into_iter().map(plain).collect();
        replaced.push_str(&text[copied..reference.place.start]);
        replaced.extend(utf8_percent_encode(&joined.join(","), NON_ALPHANUMERIC));
        if replaced.len() > limit {
            return Err(GraphError::body_too_large(limit));
        }
        copied = reference.place.end;
    }
    replaced.push_str(&text[copied..]);
    Ok(replaced)
}

/// Finds references written plainly and percent-encoded, as the SDKs encode values.
fn find_all(text: &str) -> Vec<Reference> {
    const OPENINGS: [(&str, &str); 2] = [("{result=", "}"), ("%7bresult%3d", "%7d")];
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<Reference> = Vec::new();
    for (opening, closing) in OPENINGS {
        let mut from = 0;
        while let Some(start) = lower[from..].find(opening).map(|at| from + at) {
            let inner = start + opening.len();
            let Some(end) = lower[inner..].find(closing).map(|at| inner + at) else {
                break;
            };
            let decoded = percent_decode_str(&text[inner..end]).decode_utf8_lossy();
            if let Some((name, path)) = decoded.split_once(':') {
                found.push(Reference {
                    place: start..end + closing.len(),
                    name: name.to_owned(),
                    path: path.to_owned(),
                });
            }
            from = end + closing.len();
        }
    }
    found.sort_by_key(|reference| reference.place.start);
    found
}

/// The values at a path of `$`, `.name`, `.*`, `[n]`, `[*]` and `['name']`.
fn evaluate<'a>(body: &'a Value, path: &str) -> Vec<&'a Value> {
    let Some(mut rest) = path.trim().strip_prefix('$') else {
        return Vec::new();
    };
    let mut values = vec![body];
    while !rest.is_empty() {
        let (step, after) = if let Some(inner) = rest.strip_prefix('[') {
            let Some((step, after)) = inner.split_once(']') else {
                return Vec::new();
            };
            (step.trim_matches(['\'', '"']), after)
        } else {
            let inner = rest.trim_start_matches('.');
            let end = inner.find(['.', '[']).unwrap_or(inner.len());
            if end == 0 {
                return Vec::new();
            }
            inner.split_at(end)
        };
        values = values
            .into_iter()
            .flat_map(|value| children(value, step))
            .collect();
        rest = after;
    }
    values
}

fn children<'a>(value: &'a Value, step: &str) -> Vec<&'a Value> {
    match (value, step) {
        (Value::Array(elements), "*") => elements.iter().collect(),
        (Value::Object(members), "*") => members.values().collect(),
        (Value::Object(members), name) => members.get(name).into_iter().collect(),
        (Value::Array(elements), index) => index
            .parse::<usize>()
            .ok()
            .and_then(|index| elements.get(index))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolve(text: &str) -> Result<String, GraphError> {
        let body = json!({ "data": [{ "id": "7", "hours": { "zone": "a b" } }, { "id": 8 }] });
        replace(text, 1024, |name| (name == "first").then_some(&body))
    }

    #[test]
    fn values_take_the_place_of_references() {
        for (text, expected) in [
            ("nothing to do", "nothing to do"),
            ("{result=first:$.data.*.id}/x", "7%2C8/x"),
            ("{result=first:$.data[*].id}", "7%2C8"),
            ("{result=first:$['data'][1]['id']}", "8"),
            ("ids=%7Bresult%3Dfirst%3A%24.data.0.id%7D&x=1", "ids=7&x=1"),
            ("{result=first:$.data[0].hours.zone}", "a%20b"),
            (
                "{result=first:$.data.0.hours}",
                "%7B%22zone%22%3A%22a%20b%22%7D",
            ),
            ("{result=unclosed", "{result=unclosed"),
        ] {
            assert_eq!(resolve(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_reference_to_nothing_is_an_error() {
        for text in [
            "{result=second:$.data}",
            "{result=first:$.nothing}",
            "{result=first:data}",
            "{result=first:$.data[9]}",
            "{result=first:$[}",
        ] {
            assert!(resolve(text).is_err(), "{text}");
        }
    }

    #[test]
    fn references_do_not_grow_without_end() {
        // 102 bytes each, with what is encoded.
        let whole = "{result=first:$}";
        assert!(resolve(&whole.repeat(5)).is_ok());
        let error = resolve(&whole.repeat(50)).unwrap_err();
        assert_eq!(error.entry().status, 413);
        // Text of the caller's own is the caller's to send.
        assert!(resolve(&"x".repeat(2_000)).is_ok());
    }
}
