//! The parameter `fields`: which fields, and which members of them, an answer carries.
//!
//! Grammar (documented for the Graph API as a whole): names with commas between them, spaces
//! tolerated, a sub-selection in braces. A JSON array of names does the same (seen).

mod grammar;

use std::fmt;

use call_settings::{OperatingHoursSubmission, SettingsField, excerpt, quoted_excerpt};
use serde_json::Value;

use crate::error::GraphError;
use crate::json::{self, excerpt_of};
use crate::parameters::{ParameterValue, Parameters};
use grammar::Named;

/// The fields that an answer carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldSelection<F = SettingsField> {
    /// All fields: nothing was selected.
    All,
    /// These, in this order, each once.
    Some(Vec<SelectedField<F>>),
}

/// A selected field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedField<F = SettingsField> {
    /// The field.
    pub field: F,
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

impl<F: Field> fmt::Display for FieldSelection<F> {
    /// The text that selects the same, as the parameter `fields` has it; empty where all are.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Some(selected) = self else {
            return Ok(());
        };
        for (position, selected) in selected.iter().enumerate() {
            if position > 0 {
                formatter.write_str(",")?;
            }
            formatter.write_str(selected.field.name())?;
            write_members(formatter, &selected.members)?;
        }
        Ok(())
    }
}

fn write_members(formatter: &mut fmt::Formatter<'_>, members: &[SelectedMember]) -> fmt::Result {
    if members.is_empty() {
        return Ok(());
    }
    for (position, member) in members.iter().enumerate() {
        formatter.write_str(if position == 0 { "{" } else { "," })?;
        formatter.write_str(member.name)?;
        write_members(formatter, &member.members)?;
    }
    formatter.write_str("}")
}

/// A field of an answer, of the kind that one edge gives.
pub trait Field: Copy + Eq + fmt::Debug + 'static {
    /// What an element of the answer is called in errors.
    const NODE_TYPE: &'static str;

    /// Every field, in the order of the answer.
    fn all() -> &'static [Self];

    /// The wire name.
    fn name(self) -> &'static str;

    /// The names of its members; none where it is no object.
    fn members(self) -> &'static [&'static str];

    /// The names of the members of a member; none where that is no object.
    fn members_of(self, member: &str) -> &'static [&'static str];
}

impl Field for SettingsField {
    const NODE_TYPE: &'static str = "MessengerCallSettings";

    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn name(self) -> &'static str {
        Self::name(self)
    }

    fn members(self) -> &'static [&'static str] {
        Self::members(self)
    }

    fn members_of(self, member: &str) -> &'static [&'static str] {
        match (self, member) {
            (Self::CallHours, "weekly_operating_hours") => &OperatingHoursSubmission::MEMBERS,
            _ => &[],
        }
    }
}

impl<F: Field> FieldSelection<F> {
    /// Reads the parameter `fields`, which may also come as a list: `fields[]=a&fields[]=b`.
    ///
    /// # Errors
    ///
    /// It is no list of names, or names a field that does not exist.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, GraphError> {
        Self::from_parameter(parameters.list("fields")?.as_deref())
    }

    /// Reads the value of `fields`. Absent, `null` or empty selects all.
    pub fn from_parameter(value: Option<&ParameterValue>) -> Result<Self, GraphError> {
        match value {
            None | Some(ParameterValue::Json(Value::Null)) => Ok(Self::All),
            Some(ParameterValue::Text(text) | ParameterValue::Json(Value::String(text))) => {
                Self::from_text(text)
            }
            Some(ParameterValue::Json(Value::Array(names))) => Self::from_names(names),
            Some(ParameterValue::Json(other)) => {
                Err(GraphError::fields_wrong_type(&excerpt_of(other)))
            }
        }
    }

    /// Whether the answer carries a field.
    pub fn includes(&self, field: F) -> bool {
        match self {
            Self::All => true,
            Self::Some(selected) => selected.iter().any(|selected| selected.field == field),
        }
    }

    fn from_text(text: &str) -> Result<Self, GraphError> {
        if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            return Ok(Self::All);
        }
        if text.trim_ascii_start().starts_with('[') {
            return match json::parse_json(text.as_bytes()) {
                Ok(Value::Array(names)) => Self::from_names(&names),
                _ => Err(GraphError::fields_wrong_type(&quoted_excerpt(text))),
            };
        }
        resolve(&grammar::parse(text)?)
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

fn resolve<F: Field>(named: &[Named<'_>]) -> Result<FieldSelection<F>, GraphError> {
    let mut selected: Vec<SelectedField<F>> = Vec::new();
    let mut unknown = Unknown::default();
    for name in named {
        if let Some(alias) = name.alias {
            return Err(GraphError::alias_not_supported(alias));
        }
        let mut fields = F::all().iter().copied();
        let Some(field) = fields.find(|field| field.name() == name.name) else {
            let known: Vec<_> = F::all().iter().map(|field| field.name()).collect();
            unknown.push("", name.name, &known);
            continue;
        };
        let members = resolve_members(&name.children, field, &mut unknown)?;
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
            F::NODE_TYPE,
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

fn resolve_members<F: Field>(
    children: &[Named<'_>],
    field: F,
    unknown: &mut Unknown,
) -> Result<Vec<SelectedMember>, GraphError> {
    resolve_level(
        children,
        field.members(),
        field.name(),
        unknown,
        &|member| field.members_of(member),
    )
}

/// Resolves the names inside of `parent`, which has the members `known`.
fn resolve_level(
    children: &[Named<'_>],
    known: &'static [&'static str],
    parent: &str,
    unknown: &mut Unknown,
    members_of: &dyn Fn(&str) -> &'static [&'static str],
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
        let path = format!("{parent}.{name}");
        let inner = resolve_level(&child.children, members_of(name), &path, unknown, &|_| &[])?;
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
            FieldSelection::<SettingsField>::from_parameter(None).unwrap(),
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

    #[test]
    fn whitespace_and_null_are_tolerated() {
        let selection = select("\r\n\tcall_hours {\n timezone_id\t},\taudio_enabled\n").unwrap();
        assert_eq!(
            selection.to_string(),
            "call_hours{timezone_id},audio_enabled"
        );
        let null = ParameterValue::Json(Value::Null);
        assert_eq!(
            FieldSelection::<SettingsField>::from_parameter(Some(&null)),
            Ok(FieldSelection::All)
        );
    }

    proptest! {
        #[test]
        fn a_selection_is_read_back_from_its_text(
            text in "(call_hours(\\{(timezone_id|weekly_operating_hours(\\{open_time,day_of_week\\})?)\\})?|icon_enabled)(,audio_enabled)?"
        ) {
            let selection = select(&text).unwrap();
            prop_assert_eq!(select(&selection.to_string()).unwrap(), selection);
        }

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
