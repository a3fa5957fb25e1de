//! The parameter `fields`: which fields, and which members of them, an answer carries.
//!
//! Grammar (documented for the Graph API as a whole): names with commas between them, spaces
//! tolerated, a sub-selection in braces. A JSON array of names does the same (seen).

use call_settings::{OperatingHoursSubmission, SettingsField, excerpt, quoted_excerpt};
use serde_json::Value;

use crate::error::GraphError;
use crate::json::{self, excerpt_of};
use crate::parameters::ParameterValue;

/// The fields that an answer carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldSelection {
    /// All fields: nothing was selected.
    All,
    /// These, in this order, each once.
    Some(Vec<SelectedField>),
}

/// A selected field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedField {
    /// The field.
    pub field: SettingsField,
    /// The members selected inside of it; empty: all.
    pub members: Vec<SelectedMember>,
}

/// A selected member inside of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedMember {
    /// The wire name.
    pub name: &'static str,
    /// The members selected inside of this one; empty: all.
    pub members: Vec<SelectedMember>,
}

/// A name as parsed, with its sub-selection.
struct Named<'a> {
    name: &'a str,
    alias: Option<&'a str>,
    children: Vec<Named<'a>>,
}

/// Sub-selections nest three deep at most in lawful requests; this bounds the parser's recursion.
const MAX_NESTING: usize = 16;

const NODE_TYPE: &str = "MessengerCallSettings";

impl FieldSelection {
    /// Reads the value of `fields`. Absent or empty selects all.
    pub fn from_parameter(value: Option<&ParameterValue>) -> Result<Self, GraphError> {
        match value {
            None => Ok(Self::All),
            Some(ParameterValue::Text(text) | ParameterValue::Json(Value::String(text))) => {
                Self::from_text(text)
            }
            Some(ParameterValue::Json(Value::Array(names))) => Self::from_names(names),
            Some(ParameterValue::Json(other)) => {
                Err(GraphError::fields_wrong_type(&excerpt_of(other)))
            }
        }
    }

    fn from_text(text: &str) -> Result<Self, GraphError> {
        if text.bytes().all(|byte| byte == b' ') {
            return Ok(Self::All);
        }
        if text.trim_start_matches(' ').starts_with('[') {
            return match json::parse_json(text.as_bytes()) {
                Ok(Value::Array(names)) => Self::from_names(&names),
                _ => Err(GraphError::fields_wrong_type(&quoted_excerpt(text))),
            };
        }
        let mut parser = Parser { text, position: 0 };
        let named = parser.list(0)?;
        if parser.peek().is_some() {
            return Err(parser.expected("end of string."));
        }
        resolve(&named)
    }

    fn from_names(names: &[Value]) -> Result<Self, GraphError> {
        let texts: Vec<&str> = names
            .iter()
            .map(|name| {
                name.as_str()
                    .ok_or_else(|| GraphError::fields_wrong_type(&excerpt_of(name)))
            })
            .collect::<Result<_, _>>()?;
        Self::from_text(&texts.join(","))
    }
}

fn resolve(named: &[Named<'_>]) -> Result<FieldSelection, GraphError> {
    let mut selected: Vec<SelectedField> = Vec::new();
    let mut unknown = Unknown::default();
    for name in named {
        if let Some(alias) = name.alias {
            return Err(GraphError::alias_not_supported(alias));
        }
        let Ok(field) = name.name.parse::<SettingsField>() else {
            unknown.push("", name.name, &SettingsField::ALL.map(SettingsField::name));
            continue;
        };
        let members = resolve_members(&name.children, field.members(), field.name(), &mut unknown)?;
        match selected.iter_mut().find(|selected| selected.field == field) {
            None => selected.push(SelectedField { field, members }),
            Some(earlier) => merge(&mut earlier.members, members),
        }
    }
    if unknown.names.is_empty() {
        Ok(FieldSelection::Some(selected))
    } else {
        Err(GraphError::unknown_fields(
            &excerpt(&unknown.names.join(", ")),
            NODE_TYPE,
            &unknown.known,
        ))
    }
}

/// Names that do not exist, and what there is where the first of them stands.
#[derive(Default)]
struct Unknown {
    names: Vec<String>,
    known: String,
}

impl Unknown {
    fn push(&mut self, parent: &str, name: &str, known: &[&str]) {
        if self.names.is_empty() {
            self.known = match (parent, known) {
                ("", known) => known.join(", "),
                (parent, []) => format!("no fields inside of {parent}"),
                (parent, known) => format!("{} inside of {parent}", known.join(", ")),
            };
        }
        self.names.push(match parent {
            "" => name.to_owned(),
            parent => format!("{parent}{{{name}}}"),
        });
    }
}

fn resolve_members(
    children: &[Named<'_>],
    known: &'static [&'static str],
    parent: &str,
    unknown: &mut Unknown,
) -> Result<Vec<SelectedMember>, GraphError> {
    let mut members: Vec<SelectedMember> = Vec::new();
    for child in children {
        if let Some(alias) = child.alias {
            return Err(GraphError::alias_not_supported(alias));
        }
        let Some(&name) = known.iter().find(|known| **known == child.name) else {
            unknown.push(parent, child.name, known);
            continue;
        };
        let inner: &'static [&'static str] = if name == "weekly_operating_hours" {
            &OperatingHoursSubmission::MEMBERS
        } else {
            &[]
        };
        let path = format!("{parent}.{name}");
        let inner = resolve_members(&child.children, inner, &path, unknown)?;
        match members.iter_mut().find(|member| member.name == name) {
            None => members.push(SelectedMember {
                name,
                members: inner,
            }),
            Some(earlier) => merge(&mut earlier.members, inner),
        }
    }
    Ok(members)
}

/// Joins two selections of the same object; an empty one stands for all of it.
fn merge(earlier: &mut Vec<SelectedMember>, later: Vec<SelectedMember>) {
    if earlier.is_empty() || later.is_empty() {
        earlier.clear();
        return;
    }
    for member in later {
        match earlier.iter_mut().find(|known| known.name == member.name) {
            None => earlier.push(member),
            Some(known) => merge(&mut known.members, member.members),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    fn list(&mut self, depth: usize) -> Result<Vec<Named<'a>>, GraphError> {
        if depth > MAX_NESTING {
            return Err(self.expected("at most 16 levels."));
        }
        let mut named = Vec::new();
        loop {
            named.push(self.item(depth)?);
            if self.peek() != Some(b',') {
                return Ok(named);
            }
            self.position += 1;
        }
    }

    fn item(&mut self, depth: usize) -> Result<Named<'a>, GraphError> {
        let name = self.name()?;
        let mut alias = None;
        while self.peek() == Some(b'.') {
            self.position += 1;
            let modifier = self.name()?;
            let argument = self.argument()?;
            if modifier == "as" {
                alias = Some(argument);
            }
        }
        let mut children = Vec::new();
        if self.peek() == Some(b'{') {
            self.position += 1;
            children = self.list(depth + 1)?;
            if self.peek() != Some(b'}') {
                return Err(self.expected("\"}\""));
            }
            self.position += 1;
        }
        Ok(Named {
            name,
            alias,
            children,
        })
    }

    fn name(&mut self) -> Result<&'a str, GraphError> {
        self.peek();
        let rest = &self.text[self.position..];
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'-')
            .count();
        if length == 0 {
            return Err(self.expected("name."));
        }
        self.position += length;
        Ok(&rest[..length])
    }

    fn argument(&mut self) -> Result<&'a str, GraphError> {
        if self.peek() != Some(b'(') {
            return Err(self.expected("\"(\""));
        }
        let rest = &self.text[self.position + 1..];
        let Some(length) = rest.find(')') else {
            return Err(self.expected("\")\""));
        };
        self.position += length + 2;
        Ok(&rest[..length])
    }

    /// The next byte that is no space, which becomes the present position.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.position..];
        self.position += rest.iter().take_while(|byte| **byte == b' ').count();
        self.text.as_bytes().get(self.position).copied()
    }

    fn expected(&self, what: &str) -> GraphError {
        GraphError::fields_syntax(what, self.position, &excerpt(self.text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn select(text: &str) -> Result<FieldSelection, GraphError> {
        FieldSelection::from_parameter(Some(&ParameterValue::Text(text.to_owned())))
    }

    fn names(selection: &FieldSelection) -> Vec<&'static str> {
        match selection {
            FieldSelection::All => vec!["*"],
            FieldSelection::Some(fields) => fields.iter().map(|f| f.field.name()).collect(),
        }
    }

    #[test]
    fn lists_arrays_and_nothing_at_all() {
        let cases: [(&str, &[&str]); 8] = [
            ("", &["*"]),
            ("  ", &["*"]),
            ("[]", &["*"]),
            ("call_hours", &["call_hours"]),
            (
                "video_enabled, audio_enabled",
                &["video_enabled", "audio_enabled"],
            ),
            (" call_hours ,call_hours", &["call_hours"]),
            (
                "[\"icon_enabled\",\"call_routing\"]",
                &["icon_enabled", "call_routing"],
            ),
            ("call_hours.limit(3){timezone_id}", &["call_hours"]),
        ];
        for (text, expected) in cases {
            assert_eq!(names(&select(text).unwrap()), expected, "{text:?}");
        }
        assert_eq!(
            FieldSelection::from_parameter(None).unwrap(),
            FieldSelection::All
        );
    }

    #[test]
    fn sub_selections_merge() {
        let member = |name, members| SelectedMember { name, members };
        let selection = select(
            "call_hours{timezone_id},call_hours{weekly_operating_hours{close_time,day_of_week}}",
        )
        .unwrap();
        let FieldSelection::Some(fields) = selection else {
            panic!("a selection")
        };
        assert_eq!(
            fields[0].members,
            [
                member("timezone_id", vec![]),
                member(
                    "weekly_operating_hours",
                    vec![member("close_time", vec![]), member("day_of_week", vec![])]
                ),
            ]
        );
        let FieldSelection::Some(fields) = select("call_hours{timezone_id},call_hours").unwrap()
        else {
            panic!("a selection")
        };
        assert!(
            fields[0].members.is_empty(),
            "all of it wins over a part of it"
        );
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            (
                "bogus",
                "(#100) Tried accessing nonexisting field (bogus) on node type (MessengerCallSettings)",
            ),
            (
                "a,call_hours,b",
                "(#100) Tried accessing nonexisting field (a, b) on node type (MessengerCallSettings)",
            ),
            (
                "call_hours{zone}",
                "(#100) Tried accessing nonexisting field (call_hours{zone}) on node type (MessengerCallSettings)",
            ),
            (
                "audio_enabled{x}",
                "(#100) Tried accessing nonexisting field (audio_enabled{x}) on node type (MessengerCallSettings)",
            ),
            ("call_hours.as(hours)", "(#100) Unknown fields: hours."),
            (",", "Syntax error \"Expected name.\" at character 0: ,"),
            (
                "call_hours,",
                "Syntax error \"Expected name.\" at character 11: call_hours,",
            ),
            (
                "call_hours{",
                "Syntax error \"Expected name.\" at character 11: call_hours{",
            ),
            (
                "call_hours{}",
                "Syntax error \"Expected name.\" at character 11: call_hours{}",
            ),
            (
                "call_hours{timezone_id",
                "Syntax error \"Expected \"}\"\" at character 22: call_hours{timezone_id",
            ),
            (
                "call_hours audio_enabled",
                "Syntax error \"Expected end of string.\" at character 11: call_hours audio_enabled",
            ),
            (
                "call_hours.limit",
                "Syntax error \"Expected \"(\"\" at character 16: call_hours.limit",
            ),
            (
                "[1]",
                "(#100) Param fields must be a list of field names, separated by commas or as a JSON array of strings - got 1",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(select(text).unwrap_err().message(), message, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_without_a_panic(text in "\\PC{0,60}") {
            let _ = select(&text);
        }

        #[test]
        fn soup_of_the_grammar_is_answered_without_a_panic(
            text in "(call_hours|timezone_id|\\{|\\}|,|\\.|\\(|\\)| |é|\\[|\"){0,60}"
        ) {
            let _ = select(&text);
        }
    }
}
