//! Forms and queries, read the way real clients write them.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The pairs of a form or a query.
///
/// Beyond the standard, a value that begins with `{` or `[` is taken to the end of its JSON, as the
/// Node SDK (in batches) and people with `curl -d` send JSON without encoding it: an `&` or a `+`
/// in a JSON string stays what it is. Standard encoders never leave these brackets bare.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (pair, after) = take_pair(rest);
        if !pair.is_empty() {
            found.push(decode_pair(pair));
        }
        rest = after;
    }
    found
}

fn take_pair(text: &[u8]) -> (&[u8], &[u8]) {
    let end = bare_json_end(text).unwrap_or_else(|| {
        text.iter()
            .position(|byte| *byte == b'&')
            .unwrap_or(text.len())
    });
    let after = text.get(end + 1..).unwrap_or_default();
    (&text[..end], after)
}

/// The end of a pair whose value is bare JSON, or `None` where it is not.
fn bare_json_end(text: &[u8]) -> Option<usize> {
    let stop = text.iter().position(|byte| matches!(byte, b'=' | b'&'))?;
    if text[stop] != b'=' || !matches!(text.get(stop + 1), Some(b'{' | b'[')) {
        return None;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (position, &byte) in text.iter().enumerate().skip(stop + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let end = position + 1;
                    let ends_pair = matches!(text.get(end), None | Some(b'&'));
                    return ends_pair.then_some(end);
                }
            }
            _ => {}
        }
    }
    None
}

fn decode_pair(pair: &[u8]) -> (String, String) {
    if bare_json_end(pair).is_some() {
        let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(0);
        let name = percent_decode(&pair[..equals]).decode_utf8_lossy();
        let value = percent_decode(&pair[equals + 1..]).decode_utf8_lossy();
        return (name.into_owned(), value.into_owned());
    }
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
        pairs(text.as_bytes())
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
