//! The answer of `debug_token` (documented; shapes seen).

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::ParameterValue;

/// What is known of a token. All times are Unix seconds; 0: never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DebugToken {
    /// The app that the token belongs to, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// `PAGE` for a token of Pages, `APP` for the app's own.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// The name of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// When the token expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// When access to data through it expires; always 0 here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_access_expires_at: Option<i64>,
    /// Why the token is not valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<DebugTokenError>,
    /// Whether the token may be used.
    pub is_valid: bool,
    /// When the token was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<i64>,
    /// The one Page that the token covers, where it covers exactly one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<String>,
    /// What the token permits.
    pub scopes: Vec<String>,
    /// What it permits on which Pages; without `target_ids` on all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub granular_scopes: Vec<GranularScope>,
}

/// Why a token is not valid. The member is `subcode` here, not `error_subcode` (seen).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DebugTokenError {
    /// The code of the error that a call with the token gets.
    pub code: u32,
    /// Its message.
    pub message: String,
    /// Its subcode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcode: Option<u32>,
}

/// A scope and the Pages it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GranularScope {
    /// The scope.
    pub scope: String,
    /// The Pages; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ids: Option<Vec<String>>,
}

/// The answer: the token in an object `data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DebugTokenResponse {
    /// What is known of the token.
    pub data: DebugToken,
}

impl DebugToken {
    /// The answer as JSON, reduced to the members that `fields` names, where it names any: a text
    /// with commas or a JSON array of names. Unknown names are left out, as the SDKs ask for
    /// members that a token may not have.
    pub fn to_json(&self, fields: Option<&ParameterValue>) -> String {
        let whole = serde_json::to_value(self).expect("strings, numbers and booleans");
        let parsed;
        let names: Vec<&str> = match fields {
            Some(ParameterValue::Json(Value::Array(names))) => {
                names.iter().filter_map(Value::as_str).collect()
            }
            Some(value) => {
                let text = value.as_text().unwrap_or_default();
                parsed = serde_json::from_str::<Vec<String>>(text);
                match &parsed {
                    Ok(names) => names.iter().map(String::as_str).collect(),
                    Err(_) => text.split(',').collect(),
                }
            }
            None => Vec::new(),
        };
        let wanted: Vec<&str> = names
            .into_iter()
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        let data = match whole {
            Value::Object(members) if !wanted.is_empty() => Value::Object(
                members
                    .into_iter()
                    .filter(|(name, _value)| wanted.contains(&name.as_str()))
                    .collect::<Map<_, _>>(),
            ),
            whole => whole,
        };
        format!("{{\"data\":{data}}}")
    }
}
