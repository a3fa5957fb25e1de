//! The parameters of a request, from its query and its body, whatever the encoding.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

use crate::error::GraphError;
use crate::{form, json, multipart};

/// The parameters that this server reads as one value. Sent twice with different values in the same
/// place, two readers would take different ones.
const READ_ONCE: [&str; 21] = [
    "audio_enabled",
    "icon_enabled",
    "video_enabled",
    "call_routing",
    "call_hours",
    "fields",
    "access_token",
    "oauth_token",
    "method",
    "batch",
    "include_headers",
    "appsecret_proof",
    "appsecret_time",
    "input_token",
    "limit",
    "after",
    "before",
    "medium",
    "at",
    "until",
    "advance",
];

/// So many of [`READ_ONCE`], the first ones, may have brackets behind their name.
const MAY_HAVE_BRACKETS: usize = 6;

/// The value of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterValue {
    /// Text, from a query, a form or a multipart body: objects come as JSON text in it, booleans as
    /// `true`, `false`, `1` or `0`.
    Text(String),
    /// A JSON value, from a JSON body.
    Json(Value),
}

impl ParameterValue {
    /// The value as text, if it is text or a JSON string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Json(Value::String(text)) => Some(text),
            Self::Json(_) => None,
        }
    }
}

/// The most parameters of a request, in query and body together (ours). The longest valid request
/// needs about six hundred: a week of the most hours, each member a parameter of its own.
pub const MAX_PARAMETERS: usize = 1_000;

/// All parameters of a request. The body wins over the query (ours).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    entries: Vec<(String, ParameterValue)>,
    /// How many of the entries, the first ones, are of the query.
    query_count: usize,
    has_too_many: bool,
}

impl From<serde_json::Map<String, Value>> for Parameters {
    /// The members of a JSON object.
    fn from(members: serde_json::Map<String, Value>) -> Self {
        Self {
            entries: members
                .into_iter()
                .map(|(name, value)| (name, ParameterValue::Json(value)))
                .collect(),
            query_count: 0,
            has_too_many: false,
        }
    }
}

impl Parameters {
    /// The parameters of a query, the part of an address behind the `?`.
    pub fn from_query(query: &str) -> Self {
        let mut parameters = Self::default();
        if !query.is_empty() {
            parameters.extend_from_form(query.as_bytes());
        }
        parameters.query_count = parameters.entries.len();
        parameters
    }

    /// Adds the parameters of a body. The content type decides how it is read; JSON that is sent as
    /// a form, the slip of a `curl -d` without a header, is read as the JSON it is (ours: as a form
    /// it would be one strange name, which would be ignored and look like a success). For the same
    /// reason a body of whitespace is nothing in a form only, and a body that is not what its type
    /// says is refused. A UTF-8 byte order mark is skipped.
    ///
    /// # Errors
    ///
    /// The body cannot be read as its type, or has more than [`MAX_PARAMETERS`].
    pub fn extend_from_body(
        &mut self,
        content_type: Option<&str>,
        body: &Bytes,
    ) -> Result<(), GraphError> {
        if body.is_empty() {
            return Ok(());
        }
        let media_type = content_type
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase());
        let is_form = matches!(
            media_type.as_deref(),
            None | Some("multipart/form-data" | "application/x-www-form-urlencoded")
        );
        if is_form && body.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        if media_type.as_deref() == Some("multipart/form-data") {
            let parts = multipart::read(content_type.unwrap_or_default(), body.clone())?;
            for (name, value) in parts {
                self.push(name, ParameterValue::Text(value));
            }
        } else {
            let text = text_of(body)?;
            let first = text.bytes().find(|byte| !byte.is_ascii_whitespace());
            if is_form && !matches!(first, Some(b'{' | b'[')) {
                check_is_form(text)?;
                self.extend_from_form(text.as_bytes());
            } else {
                self.extend_from_json(text.as_bytes())?;
            }
        }
        self.check_count()
    }

    fn extend_from_json(&mut self, body: &[u8]) -> Result<(), GraphError> {
        match json::parse_json(body)? {
            Value::Object(members) => {
                for (name, value) in members {
                    self.push(name, ParameterValue::Json(value));
                }
                Ok(())
            }
            other => Err(GraphError::body_not_object(&json::excerpt_of(&other))),
        }
    }

    fn extend_from_form(&mut self, text: &[u8]) {
        for (name, value) in form::pairs(text) {
            self.push(name, ParameterValue::Text(value));
            if self.has_too_many {
                return;
            }
        }
    }

    /// Adds a parameter, unless there are too many already.
    fn push(&mut self, name: String, value: ParameterValue) {
        if self.entries.len() < MAX_PARAMETERS {
            self.entries.push((name, value));
        } else {
            self.has_too_many = true;
        }
    }

    fn check_count(&self) -> Result<(), GraphError> {
        if self.has_too_many {
            Err(GraphError::too_many_parameters())
        } else {
            Ok(())
        }
    }

    /// Refuses what cannot be read in one way only: too many parameters, and a parameter that this
    /// server reads and that stands twice with different values in the query or in the body (ours).
    /// Access tokens have a rule and an error of their own.
    ///
    /// # Errors
    ///
    /// [`ErrorId::ParameterInvalid`](crate::catalogue::ErrorId::ParameterInvalid), naming the
    /// parameter, or
    /// [`ErrorId::TooManyParameters`](crate::catalogue::ErrorId::TooManyParameters).
    pub fn check(&self) -> Result<(), GraphError> {
        self.check_count()?;
        for (name, _value) in &self.entries {
            let Some((whole, _brackets)) = name.split_once('[') else {
                continue;
            };
            if READ_ONCE[MAY_HAVE_BRACKETS..].contains(&whole) {
                let violation = format!("goes without brackets; write {whole}");
                return Err(GraphError::parameters_refused(&[(
                    call_settings::excerpt(name),
                    violation,
                )]));
            }
        }
        let (query, body) = self.entries.split_at(self.query_count);
        for entries in [query, body] {
            if entries.len() < 2 {
                continue;
            }
            for name in READ_ONCE {
                if name == "access_token" || name == "oauth_token" {
                    continue;
                }
                let mut values = entries
                    .iter()
                    .filter(|(known, _value)| known == name)
                    .map(|(_name, value)| value);
                let first = values.next();
                if values.any(|other| Some(other) != first) {
                    let violation = "stands twice with different values; send it once".to_owned();
                    return Err(GraphError::parameters_refused(&[(
                        name.to_owned(),
                        violation,
                    )]));
                }
            }
        }
        Ok(())
    }

    /// The value of a parameter, if it was sent.
    pub fn get(&self, name: &str) -> Option<&ParameterValue> {
        let mut newest_first = self.entries.iter().rev();
        newest_first
            .find(|(known, _value)| known == name)
            .map(|(_name, value)| value)
    }

    /// The value of a parameter as text, if it was sent as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(ParameterValue::as_text)
    }

    /// The value of a parameter as text, if it was sent: a JSON number or boolean as it is written.
    fn written(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match self.get(name)? {
            ParameterValue::Text(text) | ParameterValue::Json(Value::String(text)) => {
                Cow::Borrowed(text)
            }
            ParameterValue::Json(other) => Cow::Owned(json::excerpt_of(other)),
        })
    }

    /// The value of a parameter, parsed, if it was sent. What is wrong with it is added to the
    /// violations, under its name.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        violations: &mut Vec<(String, String)>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match parse(&self.written(name)?) {
            Ok(value) => Some(value),
            Err(violation) => {
                violations.push((name.to_owned(), violation));
                None
            }
        }
    }

    /// The parameters that mean `name`, of the body if it has any, else of the query: those of the
    /// name alone, and those with brackets behind it.
    pub(crate) fn sent<'a>(&'a self, name: &'a str) -> Sent<'a> {
        let (query, body) = self.entries.split_at(self.query_count);
        let in_body = Sent::find(name, body, true);
        if in_body.is_empty() {
            Sent::find(name, query, false)
        } else {
            in_body
        }
    }

    /// The value of a parameter that may be a list: `fields=a,b`, and `fields[]=a&fields[]=b` or
    /// `fields[0]=a` for the array of these (clients).
    ///
    /// # Errors
    ///
    /// The name stands with brackets and without them, or with other brackets.
    pub fn list(&self, name: &str) -> Result<Option<Cow<'_, ParameterValue>>, GraphError> {
        // Nearly every request has none in brackets.
        if !self
            .entries
            .iter()
            .any(|(known, _value)| has_brackets(known, name))
        {
            return Ok(self.get(name).map(Cow::Borrowed));
        }
        let refuse = |found: &str| {
            GraphError::parameter_invalid(&format!(
                "{name} must be one list, such as {name}=a,b or {name}[]=a&{name}[]=b - got {}",
                call_settings::quoted_excerpt(found)
            ))
        };
        let mut elements = Vec::new();
        for (known, value) in &self.entries {
            let Some(brackets) = known.strip_prefix(name) else {
                continue;
            };
            let position = brackets
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            match (position, value.as_text()) {
                (Some(""), Some(text)) => elements.push(Value::from(text)),
                (Some(position), Some(text)) if position.parse() == Ok(elements.len()) => {
                    elements.push(Value::from(text));
                }
                (None, _) if !brackets.is_empty() && !brackets.starts_with('[') => {}
                _ => return Err(refuse(known)),
            }
        }
        Ok(Some(Cow::Owned(ParameterValue::Json(Value::Array(
            elements,
        )))))
    }

    /// The names of all parameters, in the order in which they were sent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _value)| name.as_str())
    }

    /// Every value of a parameter, in the order in which they were sent.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a ParameterValue> + Clone {
        self.entries
            .iter()
            .filter(move |(known, _value)| known == name)
            .map(|(_name, value)| value)
    }
}

fn has_brackets(parameter: &str, name: &str) -> bool {
    parameter
        .strip_prefix(name)
        .is_some_and(|rest| rest.starts_with('['))
}

/// The parameters of one place that mean the same.
pub(crate) struct Sent<'a> {
    /// The value of the name alone.
    pub(crate) whole: Option<&'a ParameterValue>,
    /// Those with brackets behind the name.
    pub(crate) members: Vec<(&'a str, &'a ParameterValue)>,
    /// Whether they are of the body, and not of the query.
    pub(crate) in_body: bool,
}

impl<'a> Sent<'a> {
    fn find(name: &str, entries: &'a [(String, ParameterValue)], in_body: bool) -> Self {
        let mut sent = Self {
            whole: None,
            members: Vec::new(),
            in_body,
        };
        for (known, value) in entries {
            if known == name {
                sent.whole = Some(value);
            } else if has_brackets(known, name) {
                sent.members.push((known, value));
            }
        }
        sent
    }

    fn is_empty(&self) -> bool {
        self.whole.is_none() && self.members.is_empty()
    }
}

/// The body as text without its byte order mark.
///
/// # Errors
///
/// It is no UTF-8, or has NUL bytes, as text in UTF-16 has: read as if it were UTF-8, it would have
/// no parameter of a known name.
fn text_of(body: &[u8]) -> Result<&str, GraphError> {
    const BYTE_ORDER_MARK: char = '\u{feff}';
    match std::str::from_utf8(body) {
        Ok(text) if !text.contains('\0') => Ok(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)),
        _ => Err(GraphError::body_malformed(
            "it is not UTF-8 text, but perhaps UTF-16 or Latin-1; send it as UTF-8",
        )),
    }
}

/// Refuses a multipart body that is sent as a form: none of its parts would be found.
fn check_is_form(text: &str) -> Result<(), GraphError> {
    const DISPOSITION: &[u8] = b"content-disposition:";
    let is_multipart = text.trim_start().starts_with("--")
        && text
            .as_bytes()
            .windows(DISPOSITION.len())
            .any(|window| window.eq_ignore_ascii_case(DISPOSITION));
    if is_multipart {
        return Err(GraphError::body_malformed(
            "it is a multipart body, but its Content-Type is none with a boundary; send \
             Content-Type: multipart/form-data; boundary=...",
        ));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(content_type: Option<&str>, text: &str) -> Result<Parameters, GraphError> {
        let mut parameters = Parameters::default();
        parameters.extend_from_body(content_type, &Bytes::copy_from_slice(text.as_bytes()))?;
        Ok(parameters)
    }

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
    const JSON: Option<&str> = Some("application/json; charset=utf-8");
    const MULTIPART: Option<&str> = Some("multipart/form-data; boundary=x");

    #[test]
    fn the_body_wins_over_the_query() {
        let mut parameters = Parameters::from_query("a=1&b=2&a=3");
        assert_eq!(parameters.text("a"), Some("3"));
        parameters
            .extend_from_body(FORM, &Bytes::from_static(b"a=4"))
            .unwrap();
        assert_eq!(parameters.text("a"), Some("4"));
        assert_eq!(parameters.text("b"), Some("2"));
        assert_eq!(parameters.all("a").count(), 3);
    }

    #[test]
    fn json_is_read_as_json_whatever_it_is_called() {
        for content_type in [JSON, FORM, None, Some("text/plain")] {
            let parameters = body(content_type, " {\"icon_enabled\":true}").unwrap();
            assert_eq!(
                parameters.get("icon_enabled"),
                Some(&ParameterValue::Json(json!(true))),
                "{content_type:?}"
            );
        }
    }

    #[test]
    fn an_empty_body_has_no_parameters() {
        for content_type in [JSON, FORM, None, MULTIPART] {
            assert_eq!(body(content_type, ""), Ok(Parameters::default()));
        }
    }

    #[test]
    fn a_body_of_blanks_is_an_empty_form_and_no_json() {
        for text in [" ", "  \r\n", "\u{c}"] {
            for form in [FORM, None, MULTIPART] {
                assert_eq!(body(form, text), Ok(Parameters::default()), "{form:?}");
            }
            assert!(body(JSON, text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["[]", "null", "7", "\"text\""] {
            let message = body(JSON, text).unwrap_err().message();
            assert!(message.contains("must be a JSON object"), "{message}");
        }
        let message = body(JSON, "{\"a\":").unwrap_err().message();
        assert!(message.contains("line 1 column 5"), "{message}");
        assert!(body(Some("application/xml"), "<a/>").is_err());
    }

    fn refusal(content_type: Option<&str>, bytes: &[u8]) -> String {
        let mut parameters = Parameters::default();
        let body = Bytes::copy_from_slice(bytes);
        let error = parameters
            .extend_from_body(content_type, &body)
            .expect_err("the body is refused");
        error.message()
    }

    #[test]
    fn a_byte_order_mark_is_skipped_and_other_encodings_are_named() {
        let json = "\u{feff}{\"icon_enabled\":true}";
        for content_type in [JSON, FORM, None] {
            let parameters = body(content_type, json).unwrap();
            assert_eq!(parameters.names().collect::<Vec<_>>(), ["icon_enabled"]);
        }
        let parameters = body(FORM, "\u{feff}icon_enabled=true").unwrap();
        assert_eq!(parameters.text("icon_enabled"), Some("true"));

        let text = "{\"icon_enabled\":true}";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked: Vec<u8> = [&[0xff, 0xfe], &little[..]].concat();
        for bytes in [&little, &big, &marked, &vec![b'a', 0xe9]] {
            for content_type in [JSON, FORM, None] {
                let message = refusal(content_type, bytes);
                assert!(message.contains("UTF-16"), "{message}");
            }
        }
    }

    #[test]
    fn a_multipart_body_has_to_be_called_one_and_its_parts_have_names() {
        let named = |disposition: &str| {
            format!(
                "--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\nfalse\r\n--x--\r\n"
            )
        };
        let good = named("name=\"icon_enabled\"");
        assert!(body(MULTIPART, &good).is_ok());
        for content_type in [FORM, None] {
            let message = refusal(content_type, good.as_bytes());
            assert!(
                message.contains("multipart/form-data; boundary"),
                "{message}"
            );
        }
        for nameless in [
            "filename=\"f\"",
            "name*=utf-8''icon_enabled",
            "name=\"\"",
            "NAME=\"\"",
        ] {
            let message = refusal(MULTIPART, named(nameless).as_bytes());
            assert!(
                message.contains("part 0 has no name"),
                "{nameless}: {message}"
            );
        }
        let without = "--x\r\n\r\nfalse\r\n--x--\r\n";
        assert!(refusal(MULTIPART, without.as_bytes()).contains("cannot be read"));
    }

    #[test]
    fn a_value_twice_is_refused_within_one_place_only() {
        let check = |query: &str, form: &str| {
            let mut parameters = Parameters::from_query(query);
            parameters
                .extend_from_body(FORM, &Bytes::copy_from_slice(form.as_bytes()))
                .unwrap();
            parameters.check().map_err(|error| error.message())
        };
        assert_eq!(check("icon_enabled=true", "icon_enabled=false"), Ok(()));
        assert_eq!(check("", "icon_enabled=false&icon_enabled=false"), Ok(()));
        assert_eq!(
            check("x=1&x=2&access_token=a&access_token=b", "x=3&x=4"),
            Ok(())
        );
        for (query, form) in [
            ("icon_enabled=true&a&icon_enabled=1", ""),
            ("", "icon_enabled=true&icon_enabled=false"),
            ("fields=a&fields=b", ""),
        ] {
            let message = check(query, form).unwrap_err();
            assert!(message.contains("stands twice"), "{message}");
        }
    }

    #[test]
    fn what_is_one_value_has_no_brackets() {
        for name in [
            "after[]",
            "limit[0]",
            "access_token[]",
            "appsecret_proof[a]",
        ] {
            let message = Parameters::from_query(&format!("{name}=1")).check();
            let message = message.unwrap_err().message();
            assert!(message.contains("goes without brackets"), "{message}");
        }
        for name in ["fields[]", "call_hours[timezone_id]", "note[]", "[]"] {
            assert_eq!(Parameters::from_query(&format!("{name}=1")).check(), Ok(()));
        }
    }

    #[test]
    fn lists_may_have_brackets() {
        let list = |query: &str| {
            let parameters = Parameters::from_query(query);
            parameters
                .list("fields")
                .map(|value| value.map(Cow::into_owned))
                .map_err(|error| error.message())
        };
        let array = |value: Value| Ok(Some(ParameterValue::Json(value)));
        assert_eq!(
            list("fields=a,b"),
            Ok(Some(ParameterValue::Text("a,b".to_owned())))
        );
        assert_eq!(list("x=1"), Ok(None));
        assert_eq!(list("fields[]=a&x=1&fields[]=b"), array(json!(["a", "b"])));
        assert_eq!(
            list("fields%5B0%5D=a&fields[1]=b&fieldset=1"),
            array(json!(["a", "b"]))
        );
        for query in [
            "fields[]=a&fields=b",
            "fields[1]=a",
            "fields[a]=b",
            "fields[=a",
            "fields[0][1]=a",
        ] {
            assert!(
                list(query).unwrap_err().contains("fields must be one list"),
                "{query}"
            );
        }
    }

    #[test]
    fn there_is_a_limit_of_parameters() {
        let many = "a&".repeat(MAX_PARAMETERS);
        assert!(body(FORM, &many).is_ok());
        for too_many in [many.clone() + "b", "a&".repeat(500_000)] {
            assert!(refusal(FORM, too_many.as_bytes()).contains("1000 parameters"));
            assert!(Parameters::from_query(&too_many).check().is_err());
        }
    }

    #[test]
    fn multipart_fields_are_text() {
        let text = "--x\r\nContent-Disposition: form-data; name=\"icon_enabled\"\r\n\r\nfalse\r\n--x--\r\n";
        let parameters = body(MULTIPART, text).unwrap();
        assert_eq!(parameters.text("icon_enabled"), Some("false"));
        assert!(body(MULTIPART, "--x\r\nbroken").is_err());
        assert!(body(Some("multipart/form-data"), text).is_err());
    }
}
