//! An update as a client puts it together, and as it is sent.

use super::json::Json;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) value: Json,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Form,
    /// A form in which JSON objects are not percent-encoded, as of `curl -d`.
    BareForm,
    Multipart,
}

const BOUNDARY: &str = "x-boundary";

impl Encoding {
    /// The `Content-Type` that belongs to the encoding.
    pub(super) fn content_type(self) -> String {
        match self {
            Self::Json => "application/json".to_owned(),
            Self::Form | Self::BareForm => "application/x-www-form-urlencoded".to_owned(),
            Self::Multipart => format!("multipart/form-data; boundary={BOUNDARY}"),
        }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct UpdateRequest {
    pub(super) query: Vec<Parameter>,
    pub(super) body: Vec<Parameter>,
    pub(super) encoding: Encoding,
    pub(super) content_type: Option<String>,
    /// How many bytes of the body are sent; `None`: all.
    pub(super) sent_bytes: Option<usize>,
    /// What is sent before and behind the body.
    pub(super) around: (&'static str, &'static str),
    /// Whether it is sent as an operation of a batch, where there is no `Content-Type`.
    pub(super) in_batch: bool,
}

/// What arrives of a body.
pub(super) enum Received {
    Parameters(Vec<Parameter>),
    /// The body ends before it is complete.
    Broken,
}

impl UpdateRequest {
    pub(super) fn query_text(&self) -> String {
        written_form(&self.query, true)
    }

    /// The body as it is sent.
    pub(super) fn body_text(&self) -> String {
        let (before, behind) = self.around;
        format!("{before}{}{behind}", self.cut_body_text())
    }

    fn cut_body_text(&self) -> String {
        let mut text = self.whole_body_text();
        if let Some(sent) = self.sent_bytes {
            text.truncate(text.floor_char_boundary(sent));
        }
        text
    }

    fn whole_body_text(&self) -> String {
        match self.encoding {
            Encoding::Json | Encoding::Multipart if self.body.is_empty() => String::new(),
            Encoding::Json => {
                let members = self.body.iter().cloned();
                let members = members.map(|parameter| (parameter.name, parameter.value));
                Json::Object(members.collect()).written()
            }
            Encoding::Form => written_form(&self.body, true),
            Encoding::BareForm => written_form(&self.body, false),
            Encoding::Multipart => {
                let parts: String = self.body.iter().map(written_part).collect();
                format!("{parts}--{BOUNDARY}--\r\n")
            }
        }
    }

    /// What arrives of the body, read without the server's readers.
    pub(super) fn received_body(&self) -> Received {
        let sent = self.cut_body_text();
        let whole = self.whole_body_text();
        if sent.trim_end().len() == whole.trim_end().len() {
            return Received::Parameters(self.body.clone());
        }
        if sent.is_empty() {
            return Received::Parameters(Vec::new());
        }
        if sent == "-" {
            // The first byte of a multipart body by itself is a form with a parameter of that name.
            return Received::Parameters(Vec::new());
        }
        if !matches!(self.encoding, Encoding::Form | Encoding::BareForm) {
            return Received::Broken;
        }
        // The parameters that are there from end to end, and what is left of the next one.
        let encodes_json = self.encoding == Encoding::Form;
        let mut parameters = Vec::new();
        let mut rest = sent.as_str();
        for parameter in &self.body {
            let pair = written_form(std::slice::from_ref(parameter), encodes_json);
            if let Some(behind) = rest.strip_prefix(&pair) {
                parameters.push(parameter.clone());
                rest = behind.strip_prefix('&').unwrap_or_default();
                continue;
            }
            let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
            if !name.is_empty() {
                parameters.push(Parameter {
                    name: percent_decoded(name),
                    value: Json::Text(percent_decoded(value)),
                });
            }
            break;
        }
        Received::Parameters(parameters)
    }
}

fn written_part(Parameter { name, value }: &Parameter) -> String {
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    let value = value.as_form_text();
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn written_form(parameters: &[Parameter], encodes_json: bool) -> String {
    let pairs: Vec<_> = parameters
        .iter()
        .map(|Parameter { name, value }| {
            let text = value.as_form_text();
            let is_bare = !encodes_json && matches!(value, Json::Object(_) | Json::List(_));
            let text = if is_bare {
                text
            } else {
                percent_encoded(&text)
            };
            format!("{}={text}", percent_encoded(name))
        })
        .collect();
    pairs.join("&")
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Reads what [`percent_encoded`] wrote, of which the end may be missing.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
