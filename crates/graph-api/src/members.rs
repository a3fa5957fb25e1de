//! Members of an object with a parameter each, as PHP writes them:
//! `call_hours[weekly_operating_hours][0][day_of_week]=MONDAY` (clients).
//!
//! Lists are numbered. Without numbers (`[][a]=1&[][b]=2`) PHP reads two elements and Rails one, so
//! that form is refused.

use call_settings::excerpt;
use serde_json::{Map, Value};

use crate::parameters::{MAX_PARAMETERS, ParameterValue};

/// Puts parameters whose names begin with `name[` together to the object that they are members of.
///
/// # Errors
///
/// Says which of the parameters is none of such a form, or contradicts another one.
pub(crate) fn object_of<'a>(
    name: &str,
    parameters: impl Iterator<Item = (&'a str, &'a ParameterValue)>,
) -> Result<Value, String> {
    let mut object = Node::default();
    for (parameter, value) in parameters {
        let refuse = |what: &str| format!("the parameter {}, {what}", excerpt(parameter));
        let path = path_of(&parameter[name.len()..])
            .ok_or_else(|| refuse("whose brackets cannot be read"))?;
        let ParameterValue::Text(text) = value else {
            return Err(refuse("which JSON does not have"));
        };
        object.put(&path, text).map_err(refuse)?;
    }
    object
        .into_value()
        .map_err(|position| format!("a list in {name}[...] that has no element {position}"))
}

/// The names in brackets, none of them empty.
fn path_of(brackets: &str) -> Option<Vec<&str>> {
    let inner = brackets.strip_prefix('[')?.strip_suffix(']')?;
    let path: Vec<&str> = inner.split("][").collect();
    path.iter()
        .all(|name| !name.is_empty() && !name.contains(['[', ']']))
        .then_some(path)
}

/// A value on its way to become one of JSON.
#[derive(Default)]
enum Node {
    #[default]
    Empty,
    Text(String),
    Object(Vec<(String, Node)>),
    /// Elements by their positions, in the order in which they came.
    List(Vec<(usize, Node)>),
}

impl Node {
    /// Puts a text to its place.
    fn put(&mut self, path: &[&str], text: &str) -> Result<(), &'static str> {
        const CONTRADICTION: &str = "which contradicts another one";
        let Some((first, rest)) = path.split_first() else {
            return match self {
                Self::Empty => {
                    *self = Self::Text(text.to_owned());
                    Ok(())
                }
                Self::Text(present) if present == text => Ok(()),
                _ => Err(CONTRADICTION),
            };
        };
        let position = first
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| first.parse::<usize>().ok());
        if let Some(position) = position {
            let position = position
                .filter(|position| *position < MAX_PARAMETERS)
                .ok_or("whose number is too large")?;
            if matches!(self, Self::Empty) {
                *self = Self::List(Vec::new());
            }
            let Self::List(elements) = self else {
                return Err(CONTRADICTION);
            };
            place(elements, position).put(rest, text)
        } else {
            if matches!(self, Self::Empty) {
                *self = Self::Object(Vec::new());
            }
            let Self::Object(members) = self else {
                return Err(CONTRADICTION);
            };
            place(members, (*first).to_owned()).put(rest, text)
        }
    }

    /// The value; the error is the position of an element that a list lacks.
    fn into_value(self) -> Result<Value, usize> {
        Ok(match self {
            Self::Empty => Value::Null,
            Self::Text(text) => Value::String(text),
            Self::Object(members) => {
                let mut object = Map::with_capacity(members.len());
                for (name, member) in members {
                    object.insert(name, member.into_value()?);
                }
                Value::Object(object)
            }
            Self::List(mut elements) => {
                elements.sort_by_key(|(position, _element)| *position);
                let mut values = Vec::with_capacity(elements.len());
                for (position, element) in elements {
                    if position != values.len() {
                        return Err(values.len());
                    }
                    values.push(element.into_value()?);
                }
                Value::Array(values)
            }
        })
    }
}

/// The node of a key, which is added where it is missing. Clients send what belongs together in
/// one go, so the key is looked for among the newest ones first.
fn place<K: PartialEq>(nodes: &mut Vec<(K, Node)>, key: K) -> &mut Node {
    let found = nodes.iter().rposition(|(known, _node)| *known == key);
    let position = found.unwrap_or_else(|| {
        nodes.push((key, Node::Empty));
        nodes.len() - 1
    });
    &mut nodes[position].1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Value, String> {
        let parameters: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (*name, ParameterValue::Text((*value).to_owned())))
            .collect();
        object_of("a", parameters.iter().map(|(name, value)| (*name, value)))
    }

    #[test]
    fn members_and_numbered_lists() {
        assert_eq!(
            read(&[("a[b]", "1"), ("a[b]", "1")]),
            Ok(json!({ "b": "1" }))
        );
        assert_eq!(
            read(&[
                ("a[l][1][x]", "3"),
                ("a[l][0][x]", "1"),
                ("a[l][0][y]", "2"),
                ("a[z]", "")
            ]),
            Ok(json!({ "l": [{ "x": "1", "y": "2" }, { "x": "3" }], "z": "" }))
        );
    }

    #[test]
    fn everything_else_is_named() {
        for (pairs, part) in [
            (&[("a[]", "1")][..], "a[], whose brackets"),
            (&[("a[l][][x]", "1")], "a[l][][x], whose brackets"),
            (&[("a[b", "1")], "a[b, whose brackets"),
            (&[("a[b]c", "1")], "whose brackets"),
            (&[("a[b][c[d]]", "1")], "whose brackets"),
            (&[("a[b]", "1"), ("a[b]", "2")], "a[b], which contradicts"),
            (&[("a[b]", "1"), ("a[b][c]", "2")], "which contradicts"),
            (&[("a[b][0]", "1"), ("a[b][c]", "2")], "which contradicts"),
            (&[("a[l][0]", "1"), ("a[l][2]", "2")], "has no element 1"),
            (&[("a[l][1]", "1")], "has no element 0"),
            (
                &[("a[l][99999999999999999999]", "1")],
                "number is too large",
            ),
        ] {
            let error = read(pairs).unwrap_err();
            assert!(error.contains(part), "{pairs:?}: {error}");
        }
    }

    /// Writes a value as PHP does.
    fn write(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => {
                for (member, value) in members {
                    write(&format!("{name}[{member}]"), value, pairs);
                }
            }
            Value::Array(elements) => {
                for (position, value) in elements.iter().enumerate() {
                    write(&format!("{name}[{position}]"), value, pairs);
                }
            }
            text => pairs.push((
                name.to_owned(),
                text.as_str().unwrap_or_default().to_owned(),
            )),
        }
    }

    proptest! {
        #[test]
        fn what_php_writes_is_read_back(
            days in prop::collection::vec(("[a-z]{1,3}", "\\PC{0,5}"), 1..20),
            zone in "\\PC{0,9}",
            reversed in any::<bool>(),
        ) {
            let list: Vec<_> = days.iter().map(|(name, text)| json!({ name: text })).collect();
            let value = json!({ "zone": zone, "list": list });
            let mut pairs = Vec::new();
            write("a", &value, &mut pairs);
            if reversed {
                pairs.reverse();
            }
            let pairs: Vec<_> = pairs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            prop_assert_eq!(read(&pairs), Ok(value));
        }
    }
}
