//! Forms and queries, read the way real clients write them.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde::de::IgnoredAny;

/// The pairs of a form or a query, in their order.
///
/// Beyond the standard, a value that is a JSON object or array is taken to the end of its JSON, as
/// the Node SDK (in batches) and people with `curl -d` send JSON without encoding it: an `&` or a
/// `+` in a JSON string stays what it is. Standard encoders never leave these brackets bare.
///
/// The work is linear in the length of the text: each byte is looked at once for the end of a pair
/// and at most once for the end of a JSON value, because the reader looks for no further JSON after
/// the first value that begins like JSON and is none.
pub(crate) fn pairs(text: &[u8]) -> Pairs<'_> {
    Pairs {
        rest: text,
        looks_for_json: true,
    }
}

/// The iterator of [`pairs`].
pub(crate) struct Pairs<'a> {
    rest: &'a [u8],
    looks_for_json: bool,
}

impl Iterator for Pairs<'_> {
    type Item = (String, String);

    fn next(&mut self) -> Option<(String, String)> {
        while !self.rest.is_empty() {
            let text = self.rest;
            if self.looks_for_json
                && let Some(equals) = start_of_json(text)
            {
                if let Some((value, after)) = json_value(&text[equals + 1..]) {
                    self.rest = after;
                    let name = percent_decode(&text[..equals]).decode_utf8_lossy();
                    return Some((name.into_owned(), value));
                }
                self.looks_for_json = false;
            }
            let end = position(text, b'&').unwrap_or(text.len());
            self.rest = text.get(end + 1..).unwrap_or_default();
            if end > 0 {
                return Some(decode_pair(&text[..end]));
            }
        }
        None
    }
}

fn position(text: &[u8], wanted: u8) -> Option<usize> {
    text.iter().position(|byte| *byte == wanted)
}

/// Where the `=` of the first pair stands, if its value begins with a bracket of JSON.
fn start_of_json(text: &[u8]) -> Option<usize> {
    let stop = text.iter().position(|byte| matches!(byte, b'=' | b'&'))?;
    let is_json = text[stop] == b'=' && matches!(text.get(stop + 1), Some(b'{' | b'['));
    is_json.then_some(stop)
}

/// The JSON value that the text begins with, decoded, and the text behind its `&`. `None`: the
/// brackets do not close at the end of a pair, or what they enclose is no JSON.
fn json_value(text: &[u8]) -> Option<(String, &[u8])> {
    let end = end_of_brackets(text)?;
    let after = match text.get(end) {
        None => &[][..],
        Some(b'&') => &text[end + 1..],
        Some(_) => return None,
    };
    let value = percent_decode(&text[..end]).decode_utf8().ok()?;
    serde_json::from_str::<IgnoredAny>(&value).ok()?;
    Some((value.into_owned(), after))
}

/// Where the bracket that the text begins with is closed, outside of strings.
fn end_of_brackets(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (position, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(position + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn decode_pair(pair: &[u8]) -> (String, String) {
    form_urlencoded::parse(pair)
        .next()
        .map(|(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into_owned(), value.into_owned()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        pairs(text.as_bytes()).collect()
    }

    #[test]
    fn standard_forms() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read(""), []);
        assert_eq!(read("&&"), []);
        assert_eq!(read("a"), [pair("a", "")]);
        assert_eq!(read("a=&b=1+2%263"), [pair("a", ""), pair("b", "1 2&3")]);
        assert_eq!(read("fields=a%2Cb%7Bc%7D"), [pair("fields", "a,b{c}")]);
        assert_eq!(read("%=%zz"), [pair("%", "%zz")]);
    }

    #[test]
    fn bare_json_is_taken_whole() {
        let json = "{\"timezone_id\":\"Etc/GMT+5 & more \\\" }\",\"weekly_operating_hours\":[]}";
        let text = format!("audio_enabled=true&call_hours={json}&icon_enabled=false");
        let values: Vec<_> = read(&text)
            .into_iter()
            .map(|(_name, value)| value)
            .collect();
        assert_eq!(values, ["true", json, "false"]);
    }

    #[test]
    fn unbalanced_json_falls_back_to_the_standard() {
        assert_eq!(read("a={1&b=2").len(), 2);
        assert_eq!(read("a={}x&b=2")[0].1, "{}x");
        assert_eq!(read("a&b={\"x\":1}")[1].1, "{\"x\":1}");
    }

    #[test]
    fn brackets_without_json_in_them_swallow_no_pair() {
        let found = read("x=[&audio_enabled=false&y=]");
        let names: Vec<_> = found.iter().map(|(name, _value)| name.as_str()).collect();
        assert_eq!(names, ["x", "audio_enabled", "y"]);
    }

    #[test]
    fn json_with_encoded_quotes_is_taken_whole() {
        let found = read("a={%22b%22:%221+%26&2%22}&c=1");
        assert_eq!(found[0].1, "{\"b\":\"1+&&2\"}");
        assert_eq!(found.len(), 2);
    }

    proptest! {
        #[test]
        fn what_a_standard_encoder_writes_is_read_back(
            pairs in prop::collection::vec(("[a-z]{1,8}", "\\PC{0,40}"), 0..6)
        ) {
            let text = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&pairs)
                .finish();
            prop_assert_eq!(read(&text), pairs);
        }
    }
}
