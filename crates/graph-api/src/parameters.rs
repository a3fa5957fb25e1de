//! The parameters of a request, from its query and its body, whatever the encoding.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

use crate::error::GraphError;
use crate::{form, json, multipart};

/// The parameters that this server reads and that may have brackets behind their names: objects and
/// lists, whose readers say what each bracket means.
const WITH_BRACKETS: [&str; 7] = [
    "audio_enabled",
    "icon_enabled",
    "video_enabled",
    "call_routing",
    "call_hours",
    "fields",
    "features",
];

/// The other parameters that this server reads, but for access tokens.
const WITHOUT_BRACKETS: [&str; 13] = [
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

/// Access tokens. What it means when two of them differ has an error of its own.
const TOKENS: [&str; 2] = ["access_token", "oauth_token"];

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

    /// Refuses what cannot be read in one way only: too many parameters, brackets behind the name of
    /// a single value, and a parameter that this server reads and that stands twice with different
    /// values in the query or in the body (ours).
    ///
    /// # Errors
    ///
    /// [`ErrorId::ParameterInvalid`](crate::catalogue::ErrorId::ParameterInvalid), naming the
    /// parameter, or
    /// [`ErrorId::TooManyParameters`](crate::catalogue::ErrorId::TooManyParameters).
    pub fn check(&self) -> Result<(), GraphError> {
        self.check_count()?;
        let refuse = |name: &str, violation: String| {
            Err(GraphError::parameters_refused(&[(
                call_settings::excerpt(name),
                violation,
            )]))
        };
        for (name, _value) in &self.entries {
            if let Some((whole, _brackets)) = name.split_once('[')
                && (WITHOUT_BRACKETS.contains(&whole) || TOKENS.contains(&whole))
            {
                return refuse(name, format!("goes without brackets; write {whole}"));
            }
        }
        let (query, body) = self.entries.split_at(self.query_count);
        for entries in [query, body] {
            if entries.len() < 2 {
                continue;
            }
            for name in WITH_BRACKETS.into_iter().chain(WITHOUT_BRACKETS) {
                let mut values = entries
                    .iter()
                    .filter(|(known, _value)| known == name)
                    .map(|(_name, value)| value);
                let first = values.next();
                if values.any(|other| Some(other) != first) {
                    let violation = "stands twice with different values; send it once";
                    return refuse(name, violation.to_owned());
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
    /// `fields[0]=a` for the array of these (clients). The body wins over the query in either form.
    ///
    /// # Errors
    ///
    /// The name stands with brackets and without them, or with other brackets.
    pub fn list<'a>(
        &'a self,
        name: &'a str,
    ) -> Result<Option<Cow<'a, ParameterValue>>, GraphError> {
        let sent = self.sent(name);
        let refuse = |found: &str| {
            GraphError::parameter_invalid(&format!(
                "{name} must be one list, such as {name}=a,b or {name}[]=a&{name}[]=b - got {}",
                call_settings::quoted_excerpt(found)
            ))
        };
        match (sent.whole, sent.members.first()) {
            (whole, None) => return Ok(whole.map(Cow::Borrowed)),
            (Some(_), Some((known, _value))) => return Err(refuse(known)),
            (None, Some(_)) => {}
        }
        let mut elements = Vec::with_capacity(sent.members.len());
        for (known, value) in sent.members {
            let position = known[name.len()..]
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            match (position, value.as_text()) {
                (Some(position), Some(text))
                    if position.is_empty() || position.parse() == Ok(elements.len()) =>
                {
                    elements.push(Value::from(text));
                }
                _ => return Err(refuse(known)),
            }
        }
        let array = ParameterValue::Json(Value::Array(elements));
        Ok(Some(Cow::Owned(array)))
    }

    /// The names of all parameters, in the order in which they were sent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries().map(|(name, _value)| name)
    }

    /// All parameters, in the order in which they were sent, the query first.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &ParameterValue)> {
        self.entries
            .iter()
            .map(|(name, value)| (name.as_str(), value))
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

/// Refuses a multipart body that is sent as a form, whole or in part: none of its parts would be
/// found. Such a body begins with a boundary, as no form of a client does.
fn check_is_form(text: &str) -> Result<(), GraphError> {
    let is_multipart = text.trim_start().starts_with("--");
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
mod tests;
