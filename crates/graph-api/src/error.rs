//! An error on its way to the caller, and the envelope it travels in.

use call_settings::{Violations, excerpt};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::catalogue::{CatalogueEntry, ErrorId};
use crate::{Edge, GraphVersion, MAX_JSON_DEPTH, MAX_JSON_VALUES, MAX_PARAMETERS, TraceIds};

/// An error to be answered: a kind from the catalogue with its placeholders filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    id: ErrorId,
    values: Vec<(&'static str, String)>,
    error_data: Option<Value>,
}

/// The error object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StandardError {
    /// What is wrong, for developers.
    pub message: String,
    /// The class of the error, such as `OAuthException`.
    #[serde(rename = "type")]
    #[schema(required = false)]
    pub error_type: String,
    /// Whether the same request may succeed later.
    #[schema(required = false)]
    pub is_transient: bool,
    /// The number of the error.
    pub code: u32,
    /// What blames the fields at fault: `blame_field_specs`, an array of paths, and `details`, a
    /// sentence for each.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub error_data: Option<Value>,
    /// The number within the code, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub error_subcode: Option<u32>,
    /// A heading for people.
    #[schema(required = false)]
    pub error_user_title: String,
    /// The way out, for people.
    #[schema(required = false)]
    pub error_user_msg: String,
    /// The id of the request, 23 characters; also the header `x-fb-request-id`.
    #[schema(required = false)]
    pub fbtrace_id: String,
}

/// The error object as the live API wraps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StandardErrorEnvelope {
    /// The error.
    pub error: StandardError,
}

impl GraphError {
    fn new<const N: usize>(id: ErrorId, values: [(&'static str, &str); N]) -> Self {
        Self {
            id,
            values: values
                .into_iter()
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
            error_data: None,
        }
    }

    /// Which kind of error this is.
    pub const fn id(&self) -> ErrorId {
        self.id
    }

    /// The kind's entry in the catalogue.
    pub fn entry(&self) -> &'static CatalogueEntry {
        self.id.entry()
    }

    /// `message`, with its values in place.
    pub fn message(&self) -> String {
        fill(self.entry().message, &self.values)
    }

    /// The error object for the request with these ids.
    pub fn standard_error(&self, trace: &TraceIds) -> StandardError {
        let entry = self.entry();
        StandardError {
            message: self.message(),
            error_type: entry.error_type.name().to_owned(),
            is_transient: entry.is_transient,
            code: entry.code,
            error_data: self.error_data.clone(),
            error_subcode: entry.subcode,
            error_user_title: entry.title.to_owned(),
            error_user_msg: fill(entry.way_out, &self.values),
            fbtrace_id: trace.request_id().to_owned(),
        }
    }

    /// The value of the header `WWW-Authenticate` (seen): realm, category and message as three bare
    /// quoted strings, reduced to what a header can carry.
    pub fn www_authenticate(&self) -> String {
        let message: String = self
            .message()
            .chars()
            .map(|character| match character {
                '"' | '\\' => '\'',
                ' '..='~' => character,
                _ => '?',
            })
            .collect();
        let category = self.entry().category;
        format!("OAuth \"Facebook Platform\" \"{category}\" \"{message}\"")
    }
}

fn fill(template: &str, values: &[(&'static str, String)]) -> String {
    let mut text = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        let name = &rest[start + 1..start + length];
        text.push_str(&rest[..start]);
        if let Some((_name, value)) = values.iter().find(|(known, _value)| *known == name) {
            text.push_str(value);
        }
        rest = &rest[start + length + 1..];
    }
    text.push_str(rest);
    text
}

/// One constructor for each kind of error: what it takes is what its entry has placeholders for.
impl GraphError {
    /// [`ErrorId::BodyTooLarge`].
    pub fn body_too_large(limit: usize) -> Self {
        Self::new(ErrorId::BodyTooLarge, [("limit", &limit.to_string())])
    }

    /// [`ErrorId::HeadersTooLarge`]; `limit` is a number with its unit.
    pub fn headers_too_large(limit: &str) -> Self {
        Self::new(ErrorId::HeadersTooLarge, [("limit", limit)])
    }

    /// [`ErrorId::RequestTooSlow`].
    pub fn request_too_slow(limit_seconds: u64) -> Self {
        Self::new(
            ErrorId::RequestTooSlow,
            [("limit", &limit_seconds.to_string())],
        )
    }

    /// [`ErrorId::EncodedBody`].
    pub fn encoded_body(encoding: &str) -> Self {
        Self::new(ErrorId::EncodedBody, [("encoding", &excerpt(encoding))])
    }

    /// [`ErrorId::UnknownVersion`]; `tail` is the path behind the version.
    pub fn unknown_version(version: &str, tail: &str) -> Self {
        Self::new(
            ErrorId::UnknownVersion,
            [
                ("version", version),
                ("tail", tail),
                ("oldest", GraphVersion::OLDEST.name()),
                ("newest", GraphVersion::NEWEST.name()),
            ],
        )
    }

    /// [`ErrorId::NoNode`]; `takes_batch`: a batch may be posted to the path.
    pub fn no_node(takes_batch: bool) -> Self {
        let batch = if takes_batch {
            "; a batch needs the parameter batch"
        } else {
            ""
        };
        Self::new(
            ErrorId::NoNode,
            [("newest", GraphVersion::NEWEST.name()), ("batch", batch)],
        )
    }

    /// [`ErrorId::UnknownAlias`].
    pub fn unknown_alias(alias: &str) -> Self {
        Self::new(ErrorId::UnknownAlias, [("alias", &excerpt(alias))])
    }

    /// [`ErrorId::UnknownEdge`]; `edges` are those that there are.
    pub fn unknown_edge(edge: &str, edges: &[Edge]) -> Self {
        Self::new(
            ErrorId::UnknownEdge,
            [("edge", edge), ("edges", &names(edges))],
        )
    }

    /// [`ErrorId::UnknownPath`]; `tail` is the part of the path that is not known, `edges` are those
    /// that there are.
    pub fn unknown_path(tail: &str, edges: &[Edge]) -> Self {
        Self::new(
            ErrorId::UnknownPath,
            [("tail", tail), ("edges", &names(edges))],
        )
    }

    /// [`ErrorId::UnsupportedMethod`]; `methods` are the ones that the path takes.
    pub fn unsupported_method(method: &http::Method, id: &str, methods: &str) -> Self {
        Self::new(
            ErrorId::UnsupportedMethod,
            [("verb", &verb(method)), ("id", id), ("methods", methods)],
        )
    }

    /// [`ErrorId::TokenMissing`].
    pub fn token_missing() -> Self {
        Self::new(ErrorId::TokenMissing, [])
    }

    /// [`ErrorId::TokenMissingForMe`].
    pub fn token_missing_for_me() -> Self {
        Self::new(ErrorId::TokenMissingForMe, [])
    }

    /// [`ErrorId::CredentialsIncomplete`]; `missing` names the credentials that were not sent.
    pub fn credentials_incomplete(missing: &str) -> Self {
        Self::new(ErrorId::CredentialsIncomplete, [("missing", missing)])
    }

    /// [`ErrorId::TokensDiffer`]; `places` names where the tokens stood, never the tokens.
    pub fn tokens_differ(places: &str) -> Self {
        Self::new(ErrorId::TokensDiffer, [("places", places)])
    }

    /// [`ErrorId::TokenUnknown`].
    pub fn token_unknown() -> Self {
        Self::new(ErrorId::TokenUnknown, [])
    }

    /// [`ErrorId::TokenExpired`].
    pub fn token_expired(expired: Timestamp, now: Timestamp) -> Self {
        Self::new(
            ErrorId::TokenExpired,
            [
                ("expired", &legacy_time(expired)),
                ("now", &legacy_time(now)),
            ],
        )
    }

    /// [`ErrorId::TokenRevoked`].
    pub fn token_revoked(revoked: Timestamp) -> Self {
        Self::new(ErrorId::TokenRevoked, [("revoked", &legacy_time(revoked))])
    }

    /// [`ErrorId::PageTokenRequired`].
    pub fn page_token_required() -> Self {
        Self::new(ErrorId::PageTokenRequired, [])
    }

    /// [`ErrorId::ProofRequired`].
    pub fn proof_required() -> Self {
        Self::new(ErrorId::ProofRequired, [])
    }

    /// [`ErrorId::ProofInvalid`].
    pub fn proof_invalid() -> Self {
        Self::new(ErrorId::ProofInvalid, [])
    }

    /// [`ErrorId::NoSingleMe`]; `pages` says which Pages the token covers, such as `all Pages`.
    pub fn no_single_me(pages: &str) -> Self {
        Self::new(ErrorId::NoSingleMe, [("pages", pages)])
    }

    /// [`ErrorId::BodyNotJson`].
    pub fn body_not_json(reason: &str) -> Self {
        Self::new(ErrorId::BodyNotJson, [("reason", reason)])
    }

    /// [`ErrorId::JsonTooDeep`].
    pub fn json_too_deep() -> Self {
        Self::new(
            ErrorId::JsonTooDeep,
            [("limit", &MAX_JSON_DEPTH.to_string())],
        )
    }

    /// [`ErrorId::JsonTooManyValues`].
    pub fn json_too_many_values() -> Self {
        Self::new(
            ErrorId::JsonTooManyValues,
            [("limit", &MAX_JSON_VALUES.to_string())],
        )
    }

    /// [`ErrorId::BodyNotObject`].
    pub fn body_not_object(got: &str) -> Self {
        Self::new(ErrorId::BodyNotObject, [("got", got)])
    }

    /// [`ErrorId::BodyMalformed`].
    pub fn body_malformed(reason: &str) -> Self {
        Self::new(ErrorId::BodyMalformed, [("reason", reason)])
    }

    /// [`ErrorId::FieldsSyntax`]; `position` counts bytes from 0.
    pub fn fields_syntax(expected: &str, position: usize, fields: &str) -> Self {
        Self::new(
            ErrorId::FieldsSyntax,
            [
                ("expected", expected),
                ("position", &position.to_string()),
                ("fields", fields),
            ],
        )
    }

    /// [`ErrorId::FieldsWrongType`].
    pub fn fields_wrong_type(got: &str) -> Self {
        Self::new(ErrorId::FieldsWrongType, [("got", got)])
    }

    /// [`ErrorId::UnknownFields`]; `known` are the fields that there are.
    pub fn unknown_fields(fields: &str, node_type: &str, known: &str) -> Self {
        Self::new(
            ErrorId::UnknownFields,
            [
                ("fields", fields),
                ("node_type", node_type),
                ("known", known),
            ],
        )
    }

    /// [`ErrorId::AliasNotSupported`].
    pub fn alias_not_supported(alias: &str) -> Self {
        Self::new(ErrorId::AliasNotSupported, [("alias", &excerpt(alias))])
    }

    /// [`ErrorId::ParameterInvalid`]: the message names the first violation, `error_data` all.
    pub fn parameters_invalid(violations: &Violations) -> Self {
        let mut error = Self::new(
            ErrorId::ParameterInvalid,
            [("violation", &violations.first().to_string())],
        );
        let blamed: Vec<Vec<String>> = violations
            .iter()
            .map(|violation| {
                let segments = violation.path.segments().iter();
                segments.map(ToString::to_string).collect()
            })
            .collect();
        let details: Vec<String> = violations.iter().map(ToString::to_string).collect();
        let mut data = json!({ "blame_field_specs": blamed, "details": details });
        if violations.omitted() > 0 {
            data["omitted"] = json!(violations.omitted());
        }
        error.error_data = Some(data);
        error
    }

    /// [`ErrorId::ParameterInvalid`], for parameters that are none of the settings, each with what
    /// is wrong with it: the message names the first, `error_data` all. There is at least one.
    pub fn parameters_refused(violations: &[(String, String)]) -> Self {
        let details: Vec<String> = violations
            .iter()
            .map(|(name, violation)| format!("{name} {violation}"))
            .collect();
        let blamed: Vec<[&str; 1]> = violations
            .iter()
            .map(|(name, _violation)| [name.as_str()])
            .collect();
        let first = details.first().map_or("", String::as_str);
        let mut error = Self::parameter_invalid(first);
        error.error_data = Some(json!({ "blame_field_specs": blamed, "details": details }));
        error
    }

    /// [`ErrorId::ParameterInvalid`], for a member that stands twice in one JSON object; the path
    /// has the names of members and positions in arrays.
    pub fn member_repeated(path: &[String]) -> Self {
        let mut segments = path.iter();
        let first = segments.next().map_or("", String::as_str);
        let name = segments.fold(excerpt(first), |path, segment| {
            format!("{path}[{}]", excerpt(segment))
        });
        let violation = format!("{name} stands twice in one JSON object; send it once");
        let mut error = Self::parameter_invalid(&violation);
        error.error_data = Some(json!({ "blame_field_specs": [path], "details": [violation] }));
        error
    }

    /// [`ErrorId::TooManyParameters`].
    pub fn too_many_parameters() -> Self {
        Self::new(
            ErrorId::TooManyParameters,
            [("limit", &MAX_PARAMETERS.to_string())],
        )
    }

    /// [`ErrorId::HostInvalid`]; `found` says what the request has instead of one header Host.
    pub fn host_invalid(found: &str) -> Self {
        Self::new(ErrorId::HostInvalid, [("found", found)])
    }

    /// [`ErrorId::RequestMalformed`].
    pub fn request_malformed() -> Self {
        Self::new(ErrorId::RequestMalformed, [])
    }

    /// [`ErrorId::TooManyUnfinished`].
    pub fn too_many_unfinished() -> Self {
        Self::new(ErrorId::TooManyUnfinished, [])
    }

    /// [`ErrorId::ParameterInvalid`], for a parameter that is none of the settings; `violation`
    /// begins with its name.
    pub fn parameter_invalid(violation: &str) -> Self {
        Self::new(ErrorId::ParameterInvalid, [("violation", violation)])
    }

    /// [`ErrorId::PageNotCovered`].
    pub fn page_not_covered(page_id: &str) -> Self {
        Self::new(ErrorId::PageNotCovered, [("page_id", page_id)])
    }

    /// [`ErrorId::ScopeMissing`].
    pub fn scope_missing(scope: &str) -> Self {
        Self::new(ErrorId::ScopeMissing, [("scope", scope)])
    }

    /// [`ErrorId::ObjectMissing`].
    pub fn object_missing(method: &http::Method, id: &str) -> Self {
        Self::new(
            ErrorId::ObjectMissing,
            [("verb", &verb(method)), ("id", id)],
        )
    }

    /// [`ErrorId::RevisionMismatch`]; `found` is the revision that the Page has.
    pub fn revision_mismatch(found: u64) -> Self {
        Self::new(ErrorId::RevisionMismatch, [("found", &found.to_string())])
    }

    /// [`ErrorId::RevisionNotReached`]; `found` is the revision that the Page has, `least` the one
    /// that was asked for.
    pub fn revision_not_reached(found: u64, least: u64) -> Self {
        Self::new(
            ErrorId::RevisionNotReached,
            [("found", &found.to_string()), ("least", &least.to_string())],
        )
    }

    /// [`ErrorId::BatchTooLarge`].
    pub fn batch_too_large(count: usize, limit: usize) -> Self {
        Self::new(
            ErrorId::BatchTooLarge,
            [("count", &count.to_string()), ("limit", &limit.to_string())],
        )
    }

    /// [`ErrorId::BatchNotArray`].
    pub fn batch_not_array(got: &str) -> Self {
        Self::new(ErrorId::BatchNotArray, [("got", got)])
    }

    /// [`ErrorId::BatchUnresolved`]; `operation` counts from 0.
    pub fn batch_unresolved(operation: usize, name: &str) -> Self {
        Self::new(
            ErrorId::BatchUnresolved,
            [("operation", &operation.to_string()), ("name", name)],
        )
    }

    /// [`ErrorId::BatchOperationInvalid`]; `violation` begins with the rest of the path.
    pub fn batch_operation_invalid(operation: usize, violation: &str) -> Self {
        Self::new(
            ErrorId::BatchOperationInvalid,
            [
                ("operation", &operation.to_string()),
                ("violation", violation),
            ],
        )
    }

    /// [`ErrorId::BatchDependencyFailed`].
    pub fn batch_dependency_failed(name: &str, reference: &str) -> Self {
        Self::new(
            ErrorId::BatchDependencyFailed,
            [("name", name), ("reference", reference)],
        )
    }

    /// [`ErrorId::BatchAnswerTooLarge`]; `limit` is in bytes.
    pub fn batch_answer_too_large(limit: usize) -> Self {
        Self::new(
            ErrorId::BatchAnswerTooLarge,
            [("limit", &limit.to_string())],
        )
    }

    /// [`ErrorId::InputTokenMissing`].
    pub fn input_token_missing() -> Self {
        Self::new(ErrorId::InputTokenMissing, [])
    }

    /// [`ErrorId::DebugTokenNotAllowed`].
    pub fn debug_token_not_allowed() -> Self {
        Self::new(ErrorId::DebugTokenNotAllowed, [])
    }

    /// [`ErrorId::ClockNotSteerable`].
    pub fn clock_not_steerable() -> Self {
        Self::new(ErrorId::ClockNotSteerable, [])
    }

    /// [`ErrorId::TooManyWaiting`].
    pub fn too_many_waiting() -> Self {
        Self::new(ErrorId::TooManyWaiting, [])
    }

    /// [`ErrorId::TooManyUnread`]; `is_unknown`: the request may have changed something.
    pub fn too_many_unread(is_unknown: bool) -> Self {
        Self::new(
            ErrorId::TooManyUnread,
            [("outcome", outcome_of_update(is_unknown))],
        )
    }

    /// [`ErrorId::StoreUnavailable`]; `is_unknown`: an update was under way, and nobody knows what
    /// became of it.
    pub fn store_unavailable(is_unknown: bool) -> Self {
        Self::new(
            ErrorId::StoreUnavailable,
            [("outcome", outcome_of_update(is_unknown))],
        )
    }

    /// [`ErrorId::Unknown`].
    pub fn unknown() -> Self {
        Self::new(ErrorId::Unknown, [])
    }
}

fn outcome_of_update(is_unknown: bool) -> &'static str {
    if is_unknown {
        "The update may or may not have been stored: read before you send it again."
    } else {
        "Nothing was changed; send the request again later."
    }
}

fn names(edges: &[Edge]) -> String {
    let names: Vec<_> = edges.iter().map(|edge| edge.name()).collect();
    names.join(", ")
}

fn verb(method: &http::Method) -> String {
    excerpt(method.as_str()).to_ascii_lowercase()
}

/// A time the way the live API writes it in token errors (seen): in Pacific time.
fn legacy_time(time: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::get("America/Los_Angeles").unwrap_or(jiff::tz::TimeZone::UTC);
    time.to_zoned(zone)
        .strftime("%A, %d-%b-%y %H:%M:%S %Z")
        .to_string()
}

impl StandardError {
    /// The error in the live API's envelope, or flat as the reference page prints it.
    pub fn to_json(&self, flat: bool) -> String {
        let error = serde_json::to_string(self).expect("an error of strings and numbers");
        if flat {
            error
        } else {
            format!("{{\"error\":{error}}}")
        }
    }
}

#[cfg(test)]
mod tests;
