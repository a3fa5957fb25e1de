//! The credentials of a request: where a token may stand, and what counts when it stands twice.

use graph_api::{GraphError, ParameterValue, Parameters};
use serde_json::Value;

use crate::Profile;

/// The token of a request and the proof that goes with it.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'a> {
    /// The access token.
    pub(crate) token: &'a str,
    /// `appsecret_proof`.
    pub(crate) proof: Proof<'a>,
    /// `appsecret_time`.
    pub(crate) proof_time: Proof<'a>,
}

/// A value that an app's secret is proved with, as it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof<'a> {
    /// It was not sent, or as JSON `null`.
    Absent,
    /// A text.
    Text(&'a str),
    /// A JSON number, as a time may be written.
    Number(i64),
    /// A value of another type, or different values: it cannot be right.
    Unreadable,
}

impl<'a> Proof<'a> {
    /// The value of a parameter, which is the same in each place where it stands.
    fn find(parameters: &'a Parameters, name: &'a str) -> Self {
        let mut found = Self::Absent;
        for value in parameters.all(name) {
            let read = match value {
                ParameterValue::Text(text) | ParameterValue::Json(Value::String(text)) => {
                    Self::Text(text)
                }
                ParameterValue::Json(Value::Null) => continue,
                ParameterValue::Json(value) => {
                    value.as_i64().map_or(Self::Unreadable, Self::Number)
                }
            };
            found = match found {
                Self::Absent => read,
                same if same == read => same,
                _ => Self::Unreadable,
            };
        }
        found
    }
}

/// The places of a token, by their names in messages.
const QUERY_OR_FORM: [&str; 2] = ["access_token", "oauth_token"];
const HEADER: &str = "Authorization";

/// Stands for a token that nobody was given: a value that is no text.
const NO_TOKEN_OF_ANYBODY: &str = "?";

impl<'a> Credentials<'a> {
    /// Finds the token. In the profile `graph` any one place is enough; in `reference` all three
    /// are required (reference). Tokens that differ are refused in both. `None`: there is no token.
    ///
    /// An empty text, a JSON `null` and a header of another scheme carry no token. A value that is
    /// no text is a token that nobody was given.
    pub(crate) fn find(
        profile: Profile,
        authorization: Option<&'a str>,
        parameters: &'a Parameters,
    ) -> Result<Option<Self>, GraphError> {
        let header = authorization.and_then(token_of_header);
        let named = QUERY_OR_FORM.into_iter().flat_map(|name| {
            let values = parameters.all(name);
            values.map(move |value| (name, token_of_value(value)))
        });
        let found = || {
            named
                .clone()
                .filter(|(_place, token)| !token.is_empty())
                .chain(header.map(|token| (HEADER, token)))
        };
        let Some((_place, token)) = found().next() else {
            return Ok(None);
        };
        if found().any(|(_place, other)| other != token) {
            let mut places: Vec<&str> = found().map(|(place, _token)| place).collect();
            places.dedup();
            return Err(GraphError::tokens_differ(&places.join(" and ")));
        }
        if profile == Profile::Reference {
            let missing: Vec<&str> = QUERY_OR_FORM
                .into_iter()
                .chain([HEADER])
                .filter(|place| !found().any(|(present, _token)| present == *place))
                .collect();
            if !missing.is_empty() {
                return Err(GraphError::credentials_incomplete(&missing.join(" and ")));
            }
        }
        Ok(Some(Self {
            token,
            proof: Proof::find(parameters, "appsecret_proof"),
            proof_time: Proof::find(parameters, "appsecret_time"),
        }))
    }

    /// The error of the profile `reference` where no credential was sent at all.
    pub(crate) fn none_of_three() -> GraphError {
        GraphError::credentials_incomplete("access_token and oauth_token and Authorization")
    }
}

fn token_of_value(value: &ParameterValue) -> &str {
    match value {
        ParameterValue::Text(text) | ParameterValue::Json(Value::String(text)) => text,
        ParameterValue::Json(Value::Null) => "",
        ParameterValue::Json(_) => NO_TOKEN_OF_ANYBODY,
    }
}

/// The token of `Authorization: Bearer TOKEN` (reference) or `OAuth TOKEN` (documented).
fn token_of_header(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once([' ', '\t'])?;
    let known = ["Bearer", "OAuth"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    let token = token.trim();
    (known && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(profile: Profile, header: Option<&str>, query: &str) -> Result<Option<String>, String> {
        Credentials::find(profile, header, &Parameters::from_query(query))
            .map(|found| found.map(|credentials| credentials.token.to_owned()))
            .map_err(|error| error.message())
    }

    #[test]
    fn any_one_place_is_enough() {
        let graph = |header, query| find(Profile::Graph, header, query);
        assert_eq!(graph(None, ""), Ok(None));
        assert_eq!(graph(None, "access_token="), Ok(None));
        for (header, query) in [
            (None, "access_token=T"),
            (None, "oauth_token=T"),
            (Some("Bearer T"), ""),
            (Some("bearer  T "), ""),
            (Some("OAuth T"), ""),
            (Some("Bearer\tT"), ""),
            (Some("Basic T"), "access_token=T"),
            (Some("Bearer T"), "access_token=T&oauth_token=T"),
        ] {
            assert_eq!(
                graph(header, query),
                Ok(Some("T".to_owned())),
                "{header:?} {query}"
            );
        }
        assert_eq!(graph(Some("Basic T"), ""), Ok(None));
        assert_eq!(graph(Some("T"), ""), Ok(None));
    }

    #[test]
    fn tokens_that_differ_are_refused_without_being_repeated() {
        let message = find(
            Profile::Graph,
            Some("Bearer SECRET1"),
            "access_token=SECRET2",
        );
        let message = message.unwrap_err();
        assert!(
            message.contains("access_token and Authorization"),
            "{message}"
        );
        assert!(!message.contains("SECRET"));
        assert!(find(Profile::Graph, None, "access_token=a&access_token=b").is_err());
    }

    fn of_json(query: &str, json: &str) -> Result<Option<(String, String)>, String> {
        let mut parameters = Parameters::from_query(query);
        let body = bytes::Bytes::copy_from_slice(json.as_bytes());
        parameters
            .extend_from_body(Some("application/json"), &body)
            .unwrap();
        Credentials::find(Profile::Graph, None, &parameters)
            .map(|found| {
                found.map(|it| {
                    (
                        it.token.to_owned(),
                        format!("{:?} {:?}", it.proof, it.proof_time),
                    )
                })
            })
            .map_err(|error| error.message())
    }

    #[test]
    fn a_value_that_is_no_text_is_a_token_that_nobody_was_given() {
        assert_eq!(of_json("", "{\"access_token\":null}"), Ok(None));
        let found = of_json("", "{\"access_token\":123}").unwrap().unwrap();
        assert_eq!(found.0, "?");
        assert!(of_json("access_token=T", "{\"access_token\":123}").is_err());
        assert!(of_json("access_token=T", "{\"access_token\":null}").is_ok());
    }

    #[test]
    fn a_proof_is_the_same_wherever_it_stands() {
        for (query, json, expected) in [
            ("", "{}", "Absent Absent"),
            ("&appsecret_proof=a", "{}", "Text(\"a\") Absent"),
            (
                "&appsecret_proof=a",
                "{\"appsecret_proof\":null}",
                "Text(\"a\") Absent",
            ),
            (
                "&appsecret_proof=a",
                "{\"appsecret_proof\":\"a\"}",
                "Text(\"a\") Absent",
            ),
            (
                "&appsecret_proof=a",
                "{\"appsecret_proof\":\"b\"}",
                "Unreadable Absent",
            ),
            (
                "&appsecret_proof=a",
                "{\"appsecret_proof\":1}",
                "Unreadable Absent",
            ),
            ("", "{\"appsecret_proof\":[]}", "Unreadable Absent"),
            (
                "",
                "{\"appsecret_time\":1764000000}",
                "Absent Number(1764000000)",
            ),
        ] {
            let query = format!("access_token=T{query}");
            let (_token, proofs) = of_json(&query, json).unwrap().unwrap();
            assert_eq!(proofs, expected, "{query} {json}");
        }
    }

    #[test]
    fn the_reference_page_wants_all_three() {
        let reference = |header, query| find(Profile::Reference, header, query);
        assert!(reference(Some("Bearer T"), "access_token=T&oauth_token=T").is_ok());
        let message = reference(Some("Bearer T"), "access_token=T").unwrap_err();
        assert!(message.contains("lacks oauth_token"), "{message}");
        let message = reference(None, "access_token=T").unwrap_err();
        assert!(
            message.contains("lacks oauth_token and Authorization"),
            "{message}"
        );
    }
}
