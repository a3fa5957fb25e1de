//! JSON that is written as it is put together: members may stand twice, and keep their order.

use serde_json::Value;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) fn object<const N: usize>(members: [(&str, Json); N]) -> Self {
        Self::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// The JSON text, without whitespace.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => quoted(text),
            Self::List(elements) => {
                let elements: Vec<_> = elements.iter().map(Self::written).collect();
                format!("[{}]", elements.join(","))
            }
            Self::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("{}:{}", quoted(name), value.written()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    /// The text as a value of a form: a text is itself, everything else its JSON.
    pub(super) fn as_form_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.written(),
        }
    }

    /// The value without repeated members, for answers to be compared with.
    pub(super) fn to_value(&self) -> Value {
        serde_json::from_str(&self.written()).unwrap()
    }

    pub(super) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.as_i64().unwrap_or_default()),
            Value::String(text) => Self::text(text),
            Value::Array(elements) => Self::List(elements.iter().map(Self::of_value).collect()),
            Value::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::of_value(value)))
                    .collect(),
            ),
        }
    }

    /// The objects in the value, itself among them.
    pub(super) fn count_objects(&self) -> usize {
        match self {
            Self::List(elements) => elements.iter().map(Self::count_objects).sum(),
            Self::Object(members) => {
                let inner = members.iter().map(|(_name, value)| value.count_objects());
                1 + inner.sum::<usize>()
            }
            _ => 0,
        }
    }

    /// The members of one of the objects in the value, counted from outside.
    pub(super) fn object_at(&mut self, number: usize) -> Option<&mut Vec<(String, Self)>> {
        match self {
            Self::Object(members) => {
                if number == 0 {
                    return Some(members);
                }
                let values = members.iter_mut().map(|(_name, value)| value);
                object_among(values, number - 1)
            }
            Self::List(elements) => object_among(elements.iter_mut(), number),
            _ => None,
        }
    }
}

fn object_among<'a>(
    values: impl Iterator<Item = &'a mut Json>,
    mut number: usize,
) -> Option<&'a mut Vec<(String, Json)>> {
    for value in values {
        let count = value.count_objects();
        if number < count {
            return value.object_at(number);
        }
        number -= count;
    }
    None
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
