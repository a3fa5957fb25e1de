//! Reading a batch.

use call_settings::{excerpt, quoted_excerpt};
use serde_json::{Map, Value};

use super::reference;
use crate::error::GraphError;
use crate::json::{self, JsonError, excerpt_of};
use crate::near_miss;
use crate::parameters::ParameterValue;

/// The most operations of one batch (documented).
pub const MAX_BATCH_OPERATIONS: usize = 50;

/// One operation of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchOperation {
    /// The method; GET where none was given.
    pub method: http::Method,
    /// The address, without host.
    pub relative_url: String,
    /// The body, a form or JSON.
    pub body: Option<String>,
    /// Headers of the operation's own.
    pub headers: Vec<(String, String)>,
    /// The access token of the operation's own.
    pub access_token: Option<String>,
    /// The name that later operations may refer to.
    pub name: Option<String>,
    /// Whether the answer is left out when the operation succeeds. Only an explicit `true` counts
    /// (ours): both SDKs take a missing answer for a request to send the operation again.
    pub omit_response_on_success: bool,
    depends_on: Vec<String>,
}

/// One place of a batch: an operation, or why it cannot be read.
pub type OperationSlot = Result<BatchOperation, GraphError>;

/// A batch whose operations can be run one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPlan {
    operations: Vec<OperationSlot>,
}

impl BatchPlan {
    /// Reads the parameter `batch`: a JSON array, or its text. A malformed operation spoils its own
    /// place only; what no operation could be run under (no array, too many, a reference to nothing)
    /// is an error of the whole.
    pub fn from_parameter(value: &ParameterValue) -> Result<Self, GraphError> {
        let parsed;
        let value = match value {
            ParameterValue::Json(Value::String(text)) | ParameterValue::Text(text) => {
                parsed = json::parse(text.as_bytes()).map_err(|error| match error {
                    JsonError::Malformed(_) => GraphError::batch_not_array(&quoted_excerpt(text)),
                    JsonError::TooDeep => GraphError::json_too_deep(),
                    JsonError::TooManyValues => GraphError::json_too_many_values(),
                    JsonError::RepeatedMember(mut path) => {
                        path.insert(0, "batch".to_owned());
                        GraphError::member_repeated(&path)
                    }
                })?;
                &parsed
            }
            ParameterValue::Json(value) => value,
        };
        let Value::Array(elements) = value else {
            return Err(GraphError::batch_not_array(&excerpt_of(value)));
        };
        if elements.is_empty() {
            return Err(GraphError::batch_not_array("an empty one"));
        }
        if elements.len() > MAX_BATCH_OPERATIONS {
            return Err(GraphError::batch_too_large(
                elements.len(),
                MAX_BATCH_OPERATIONS,
            ));
        }
        let operations: Vec<OperationSlot> = elements
            .iter()
            .enumerate()
            .map(|(position, element)| read_operation(position, element))
            .collect();
        check_names(&operations)?;
        Ok(Self { operations })
    }

    /// The operations, in their order.
    pub fn operations(&self) -> &[OperationSlot] {
        &self.operations
    }
}

impl BatchOperation {
    /// The operation with the values of earlier answers in place of its references, neither address
    /// nor body growing beyond `limit` bytes by them. `answer` gives the body of the operation with a
    /// name if it succeeded.
    pub fn resolved<'a>(
        &self,
        limit: usize,
        answer: impl Fn(&str) -> Option<&'a Value>,
    ) -> Result<BatchOperation, GraphError> {
        for name in &self.depends_on {
            if answer(name).is_none() {
                return Err(GraphError::batch_dependency_failed(name, "depends_on"));
            }
        }
        let mut resolved = self.clone();
        resolved.relative_url = reference::replace(&self.relative_url, limit, &answer)?;
        if let Some(body) = &self.body {
            resolved.body = Some(reference::replace(body, limit, &answer)?);
        }
        Ok(resolved)
    }

    /// Whether the operation refers to an earlier one.
    pub fn has_dependencies(&self) -> bool {
        !self.dependencies().is_empty()
    }

    fn dependencies(&self) -> Vec<String> {
        let mut names = self.depends_on.clone();
        names.extend(reference::names(&self.relative_url));
        names.extend(self.body.iter().flat_map(|body| reference::names(body)));
        names
    }
}

fn check_names(operations: &[OperationSlot]) -> Result<(), GraphError> {
    let mut known: Vec<&str> = Vec::new();
    for (position, slot) in operations.iter().enumerate() {
        let Ok(operation) = slot else { continue };
        for name in operation.dependencies() {
            if !known.contains(&name.as_str()) {
                return Err(GraphError::batch_unresolved(position, &excerpt(&name)));
            }
        }
        known.extend(operation.name.as_deref());
    }
    Ok(())
}

/// The members of an operation.
const MEMBERS: [&str; 8] = [
    "access_token",
    "method",
    "relative_url",
    "body",
    "headers",
    "name",
    "omit_response_on_success",
    "depends_on",
];

fn read_operation(position: usize, element: &Value) -> OperationSlot {
    let invalid = |violation: String| GraphError::batch_operation_invalid(position, &violation);
    let Value::Object(members) = element else {
        return Err(invalid(format!(
            " must be an object - got {}",
            excerpt_of(element)
        )));
    };
    let text = |name: &str| optional_text(members, name).map_err(invalid);
    for (name, value) in members {
        if !MEMBERS.contains(&name.as_str())
            && let Some(field) = near_miss::misplaced_setting(name, value)
        {
            return Err(invalid(format!(
                "[{}] has {field}; write settings in body",
                excerpt(name)
            )));
        }
        let meant = MEMBERS.iter().find(|known| {
            name != *known
                && (name.eq_ignore_ascii_case(known) || known.strip_suffix('s') == Some(name))
        });
        if let Some(meant) = meant {
            let name = excerpt(name);
            return Err(invalid(format!(
                "[{name}] is no member of an operation; write {meant}"
            )));
        }
    }
    let method = match text("method")? {
        None => http::Method::GET,
        Some(method) => method.to_ascii_uppercase().parse().map_err(|_error| {
            invalid(format!(
                "[method] must be an HTTP method - got {}",
                quoted_excerpt(&method)
            ))
        })?,
    };
    let Some(relative_url) = text("relative_url")? else {
        return Err(invalid(
            "[relative_url] is required, such as 1234567890/messenger_call_settings".to_owned(),
        ));
    };
    Ok(BatchOperation {
        method,
        relative_url,
        body: text("body")?,
        headers: headers(members.get("headers")).map_err(invalid)?,
        access_token: text("access_token")?.filter(|token| !token.is_empty()),
        name: operation_name(members.get("name"))
            .map_err(invalid)?
            .filter(|name| !name.is_empty()),
        omit_response_on_success: matches!(
            members.get("omit_response_on_success"),
            Some(Value::Bool(true))
        ),
        depends_on: depends_on(members.get("depends_on")).map_err(invalid)?,
    })
}

/// The name of an operation. Meta's PHP Graph SDK names the operations of a list by their
/// positions, which are JSON numbers (clients).
fn operation_name(value: Option<&Value>) -> Result<Option<String>, String> {
    let refuse = |value: &Value| format!("[name] must be a string - got {}", excerpt_of(value));
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => name_text(value).map(Some).ok_or_else(|| refuse(value)),
    }
}

fn name_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        _ => None,
    }
}

fn optional_text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(format!(
            "[{name}] must be a string - got {}",
            excerpt_of(other)
        )),
    }
}

/// Headers come as an array of `Name: value` texts or of objects with `name` and `value`. Others
/// are refused: a condition that is left out would be a change that nobody wanted.
fn headers(value: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let elements = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(elements)) => elements,
        Some(other) => {
            return Err(format!(
                "[headers] must be an array of \"Name: value\" strings or of objects with name and \
                 value - got {}",
                excerpt_of(other)
            ));
        }
    };
    let read = |element: &Value| {
        let (name, value) = match element {
            Value::String(line) => line.split_once(':')?,
            Value::Object(pair) => (pair.get("name")?.as_str()?, pair.get("value")?.as_str()?),
            _ => return None,
        };
        let name = name.trim();
        http::HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name.to_owned(), value.trim().to_owned()))
    };
    elements
        .iter()
        .enumerate()
        .map(|(position, element)| {
            read(element).ok_or_else(|| {
                format!(
                    "[headers][{position}] must be a \"Name: value\" string or an object with the \
                     strings name and value - got {}",
                    excerpt_of(element)
                )
            })
        })
        .collect()
}

/// One name, several with commas, or an array of names.
fn depends_on(value: Option<&Value>) -> Result<Vec<String>, String> {
    let refuse = |value: &Value| {
        format!(
            "[depends_on] must be the name of an earlier operation, or an array of names - got {}",
            excerpt_of(value)
        )
    };
    let names: Vec<String> = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(elements)) => elements
            .iter()
            .map(|element| name_text(element).ok_or_else(|| refuse(element)))
            .collect::<Result<_, _>>()?,
        Some(other) => {
            let text = name_text(other).ok_or_else(|| refuse(other))?;
            text.split(',').map(str::to_owned).collect()
        }
    };
    Ok(names
        .into_iter()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect())
}
