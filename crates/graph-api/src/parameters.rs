//! The parameters of a request, from its query and its body, whatever the encoding.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

use crate::error::GraphError;
use crate::{form, json, multipart};

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

/// All parameters of a request. Where a name comes more than once, the last one counts, and the
/// body comes after the query (ours).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    entries: Vec<(String, ParameterValue)>,
}

impl From<serde_json::Map<String, Value>> for Parameters {
    /// The members of a JSON object.
    fn from(members: serde_json::Map<String, Value>) -> Self {
        Self {
            entries: members
                .into_iter()
                .map(|(name, value)| (name, ParameterValue::Json(value)))
                .collect(),
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
        parameters
    }

    /// Adds the parameters of a body. The content type decides how it is read; JSON that is sent as
    /// a form, the slip of a `curl -d` without a header, is read as the JSON it is (ours: as a form
    /// it would be one strange name, which would be ignored and look like a success). For the same
    /// reason a body of blanks is nothing in a form only.
    pub fn extend_from_body(
        &mut self,
        content_type: Option<&str>,
        body: &Bytes,
    ) -> Result<(), GraphError> {
        if body.is_empty() {
            return Ok(());
        }
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        let looks_like_json = matches!(first, Some(b'{' | b'['));
        let media_type = content_type
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase());
        match media_type.as_deref() {
            None | Some("multipart/form-data" | "application/x-www-form-urlencoded")
                if first.is_none() =>
            {
                Ok(())
            }
            Some("multipart/form-data") => {
                let parts = multipart::read(content_type.unwrap_or_default(), body.clone())?;
                for (name, value) in parts {
                    self.push(name, ParameterValue::Text(value));
                }
                Ok(())
            }
            None | Some("application/x-www-form-urlencoded") if !looks_like_json => {
                self.extend_from_form(body);
                Ok(())
            }
            _ => self.extend_from_json(body),
        }
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
        }
    }

    fn push(&mut self, name: String, value: ParameterValue) {
        self.entries.push((name, value));
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

    /// The name of a parameter that is a member of `name` in brackets, if one was sent.
    pub(crate) fn with_brackets(&self, name: &str) -> Option<&str> {
        self.entries.iter().find_map(|(known, _value)| {
            let rest = known.strip_prefix(name)?;
            rest.starts_with('[').then_some(known.as_str())
        })
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

#[cfg(test)]
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

    #[test]
    fn multipart_fields_are_text() {
        let text = "--x\r\nContent-Disposition: form-data; name=\"icon_enabled\"\r\n\r\nfalse\r\n--x--\r\n";
        let parameters = body(MULTIPART, text).unwrap();
        assert_eq!(parameters.text("icon_enabled"), Some("false"));
        assert!(body(MULTIPART, "--x\r\nbroken").is_err());
        assert!(body(Some("multipart/form-data"), text).is_err());
    }
}
