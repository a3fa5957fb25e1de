//! The credentials of a request: where a token may stand, and what counts when it stands twice.

use graph_api::{GraphError, Parameters};

use crate::Profile;

/// The token of a request and the proof that goes with it.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'a> {
    /// The access token.
    pub(crate) token: &'a str,
    /// `appsecret_proof`.
    pub(crate) proof: Option<&'a str>,
    /// `appsecret_time`.
    pub(crate) proof_time: Option<&'a str>,
}

/// The places of a token, by their names in messages.
const QUERY_OR_FORM: [&str; 2] = ["access_token", "oauth_token"];
const HEADER: &str = "Authorization";

impl<'a> Credentials<'a> {
    /// Finds the token. In the profile `graph` any one place is enough; in `reference` all three
    /// are required (reference). Tokens that differ are refused in both. `None`: there is no token.
    pub(crate) fn find(
        profile: Profile,
        authorization: Option<&'a str>,
        parameters: &'a Parameters,
    ) -> Result<Option<Self>, GraphError> {
        let header = authorization.and_then(token_of_header);
        let named = QUERY_OR_FORM.into_iter().flat_map(|name| {
            // A value that is no text is no token that was ever given out.
            let values = parameters.all(name);
            values.map(move |value| (name, value.as_text().unwrap_or_default()))
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
            proof: parameters.text("appsecret_proof"),
            proof_time: parameters.text("appsecret_time"),
        }))
    }

    /// The error of the profile `reference` where no credential was sent at all.
    pub(crate) fn none_of_three() -> GraphError {
        GraphError::credentials_incomplete("access_token and oauth_token and Authorization")
    }
}

/// The token of `Authorization: Bearer TOKEN` (reference) or `OAuth TOKEN` (documented).
fn token_of_header(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
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
