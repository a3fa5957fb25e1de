//! Writing the answers of a batch.

use serde::Serialize;

/// A header of an answer within a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderPair {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The answer to one operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchAnswer {
    /// The HTTP status that the operation would have had alone.
    pub code: u16,
    /// Its headers; `None` where the caller wants none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Vec<HeaderPair>>,
    /// Its body: JSON, as text.
    pub body: String,
}

/// The body of the answer to a batch. `None` stands for an operation that was not finished, or
/// whose answer was to be left out.
pub fn write_answers(answers: &[Option<BatchAnswer>]) -> String {
    serde_json::to_string(answers).expect("numbers and strings")
}
