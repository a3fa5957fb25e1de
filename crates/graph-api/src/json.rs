//! JSON from outside: bounded in depth, and with each member of an object once.

use std::cell::{Cell, RefCell};
use std::fmt;

use call_settings::excerpt;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};
use serde_json::{Map, Number, Value};

use crate::GraphError;

/// How deep arrays and objects may nest. The deepest valid body, a batch of settings with hours,
/// needs seven levels.
pub const MAX_JSON_DEPTH: usize = 32;

/// How many values a text may have, with those inside of arrays and objects. The longest valid
/// body, a week of the most hours, has under a thousand; a text of a MiB could have half a million,
/// each of which takes many times its length in memory.
pub const MAX_JSON_VALUES: usize = 10_000;

/// Why a text is not read as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// It nests deeper than [`MAX_JSON_DEPTH`].
    TooDeep,
    /// It has more than [`MAX_JSON_VALUES`].
    TooManyValues,
    /// It is no JSON; holds the parser's reason.
    Malformed(String),
    /// An object has the same member twice, and two readers would take different ones (ours). Holds
    /// the path of the member: names of members and positions in arrays.
    RepeatedMember(Vec<String>),
}

/// Parses a JSON text.
///
/// # Errors
///
/// The text is no JSON, nests deeper than [`MAX_JSON_DEPTH`], has more than [`MAX_JSON_VALUES`], or
/// has a member twice in one object.
pub fn parse_json(text: &[u8]) -> Result<Value, GraphError> {
    parse(text).map_err(|error| match error {
        JsonError::TooDeep => GraphError::json_too_deep(),
        JsonError::TooManyValues => GraphError::json_too_many_values(),
        JsonError::Malformed(reason) => GraphError::body_not_json(&reason),
        JsonError::RepeatedMember(path) => GraphError::member_repeated(&path),
    })
}

/// Parses a JSON text. The depth is looked at before the parser runs, so that its own recursion is
/// bounded and the error names the limit.
pub(crate) fn parse(text: &[u8]) -> Result<Value, JsonError> {
    if deeper_than(text, MAX_JSON_DEPTH) {
        return Err(JsonError::TooDeep);
    }
    let repeated = RefCell::new(None);
    let left = Cell::new(MAX_JSON_VALUES);
    let unique = UniqueMembers {
        repeated: &repeated,
        left: &left,
    };
    let parsed = match std::str::from_utf8(text) {
        // Checked once as a whole, not string by string.
        Ok(text) => read(unique, &mut serde_json::Deserializer::from_str(text)),
        Err(_) => read(unique, &mut serde_json::Deserializer::from_slice(text)),
    };
    parsed.map_err(|error| match repeated.into_inner() {
        Some(mut path) => {
            path.reverse();
            JsonError::RepeatedMember(path)
        }
        None if left.get() == 0 => JsonError::TooManyValues,
        None => JsonError::Malformed(error.to_string()),
    })
}

fn read<'de, R: serde_json::de::Read<'de>>(
    unique: UniqueMembers<'_>,
    deserializer: &mut serde_json::Deserializer<R>,
) -> serde_json::Result<Value> {
    let value = unique.deserialize(&mut *deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads a [`Value`] and refuses an object that has a member twice.
#[derive(Clone, Copy)]
struct UniqueMembers<'a> {
    /// The path of the repeated member, innermost name first; filled while the error is returned.
    repeated: &'a RefCell<Option<Vec<String>>>,
    /// How many more values the text may have.
    left: &'a Cell<usize>,
}

impl UniqueMembers<'_> {
    /// Completes the path of a repeated member inside of the element or member `name`.
    fn within<E>(self, name: impl fmt::Display) -> impl FnOnce(E) -> E {
        move |error| {
            if let Some(path) = self.repeated.borrow_mut().as_mut() {
                path.push(name.to_string());
            }
            error
        }
    }
}

impl<'de> DeserializeSeed<'de> for UniqueMembers<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        if left == 0 {
            return Err(D::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueMembers<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = elements
            .next_element_seed(self)
            .map_err(self.within(values.len()))?
        {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.contains_key(&name) {
                *self.repeated.borrow_mut() = Some(vec![name]);
                return Err(A::Error::custom("a member stands twice in one object"));
            }
            let value = members.next_value_seed(self).map_err(self.within(&name))?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

/// Whether brackets outside of strings nest deeper than the limit.
fn deeper_than(text: &[u8], limit: usize) -> bool {
    let opening = |byte: &&u8| matches!(byte, b'{' | b'[');
    // Nearly every text has too few of them to be deep, which is seen many bytes at a time.
    if text.iter().filter(opening).count() <= limit {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for &byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The beginning of a JSON value, written compactly, for a message.
pub(crate) fn excerpt_of(value: &Value) -> String {
    excerpt(&value.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings_only() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse_json(nested(MAX_JSON_DEPTH).as_bytes()).is_ok());
        assert!(parse_json(nested(MAX_JSON_DEPTH + 1).as_bytes()).is_err());
        assert!(parse_json(nested(100_000).as_bytes()).is_err());
        let text = format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(1_000));
        assert!(parse_json(text.as_bytes()).is_ok());
        assert!(parse_json(&b"[],".repeat(1_000)[..2]).is_ok());
    }

    #[test]
    fn a_repeated_member_is_named_by_its_path() {
        let path = |text: &str| match parse(text.as_bytes()) {
            Err(JsonError::RepeatedMember(path)) => path.join("."),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(path("{\"a\":1,\"b\":2,\"a\":1}"), "a");
        assert_eq!(path("{\"a\":\"wrong\",\"\\u0061\":true}"), "a");
        assert_eq!(
            path("{\"h\":{\"w\":[{},{\"open\":1,\"open\":2}]}}"),
            "h.w.1.open"
        );
        assert_eq!(path("[[{\"x\":{},\"x\":{}}]]"), "0.0.x");
        assert!(parse(b"{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}}").is_ok());
        assert!(matches!(
            parse(b"{\"a\":1} x"),
            Err(JsonError::Malformed(_))
        ));
    }

    #[test]
    fn values_are_counted_at_any_depth() {
        let many = |count: usize| format!("[{}0]", "0,".repeat(count - 2));
        assert!(parse(many(MAX_JSON_VALUES - 1).as_bytes()).is_ok());
        for text in [
            many(MAX_JSON_VALUES),
            format!("[{}", "{},".repeat(300_000)),
            format!("[[{}]]", "[0],".repeat(MAX_JSON_VALUES)),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(JsonError::TooManyValues));
        }
        assert!(matches!(parse(b"[1,"), Err(JsonError::Malformed(_))));
    }

    proptest::proptest! {
        /// Apart from repeated members, the reader and serde_json's own agree.
        #[test]
        fn it_reads_what_serde_json_reads(text in "[\\[\\]{}:,\"a1.eE+ -]{0,24}|\\[(-?[0-9]{1,22}(\\.[0-9]{1,3})?(e[0-9]{1,3})?,?){1,3}\\]") {
            let theirs = serde_json::from_str::<Value>(&text);
            match parse(text.as_bytes()) {
                Ok(value) => proptest::prop_assert_eq!(value, theirs.unwrap()),
                Err(
                    JsonError::RepeatedMember(_) | JsonError::TooDeep | JsonError::TooManyValues,
                ) => {}
                Err(JsonError::Malformed(reason)) => {
                    proptest::prop_assert_eq!(reason, theirs.unwrap_err().to_string());
                }
            }
        }
    }
}
