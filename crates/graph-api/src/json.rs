//! JSON from outside, with a limit on its depth.

use call_settings::excerpt;
use serde_json::Value;

use crate::GraphError;

/// How deep arrays and objects may nest. The deepest lawful body, a batch of settings with hours,
/// needs seven levels.
pub const MAX_JSON_DEPTH: usize = 32;

/// Parses a JSON text. The depth is looked at before the parser runs, so that its own recursion is
/// bounded and the error names the limit.
pub fn parse_json(text: &[u8]) -> Result<Value, GraphError> {
    if deeper_than(text, MAX_JSON_DEPTH) {
        return Err(GraphError::json_too_deep());
    }
    let parsed = match std::str::from_utf8(text) {
        // Looked at once as a whole, not text by text.
        Ok(text) => serde_json::from_str(text),
        Err(_not_a_text) => serde_json::from_slice(text),
    };
    parsed.map_err(|error| GraphError::body_not_json(&error.to_string()))
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
}
