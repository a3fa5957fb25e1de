//! What every path answers: the success, the errors of the catalogue, the headers.

use std::collections::BTreeMap;

use call_settings::{
    CallRoutingSubmission, HoursLimits, SettingsSubmission, Submitted, Violations,
};
use graph_api::batch::MAX_BATCH_OPERATIONS;
use graph_api::catalogue::{CATALOGUE, CatalogueEntry, ErrorId};
use graph_api::{GraphError, TRACE_RANDOM_BYTES, TraceIds};
use serde_json::{Value, json};

use crate::{Limits, Profile, READ_SCOPE};

/// The headers of every answer.
pub(super) fn headers() -> Value {
    let header =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "facebook-api-version": header("The version that the request was served as."),
        "x-fb-request-id": header("The id of the request, fbtrace_id in errors."),
        "x-fb-trace-id": header("A second id of the request."),
    })
}

/// The headers of answers about the settings of a Page, with the one that is an extension.
pub(super) fn headers_with_revision() -> Value {
    let mut headers = headers();
    headers["pagebell-revision"] = json!({
        "description": "The revision of the settings, for If-Match. An extension of this server.",
        "schema": { "type": "string", "pattern": "^[0-9]+$" },
    });
    headers
}

/// A part of the surface that errors of its own belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Settings,
    Update,
    Availability,
    History,
    Page,
    FeatureStatus,
    DebugToken,
    Batch,
}

/// Whether an error can be answered here: some belong to one part or one profile only.
fn concerns(entry: &CatalogueEntry, profile: Profile, part: Part) -> bool {
    match entry.id {
        ErrorId::CredentialsIncomplete => profile == Profile::Reference,
        ErrorId::BatchTooLarge
        | ErrorId::BatchNotArray
        | ErrorId::BatchUnresolved
        | ErrorId::BatchOperationInvalid
        | ErrorId::BatchAnswerTooLarge
        | ErrorId::BatchDependencyFailed => part == Part::Batch,
        ErrorId::ClockNotSteerable => false,
        ErrorId::RevisionMismatch => part == Part::Update && profile == Profile::Graph,
        ErrorId::RevisionNotReached => part == Part::Settings && profile == Profile::Graph,
        ErrorId::TooManyWaiting => matches!(part, Part::Availability | Part::History),
        ErrorId::InputTokenMissing | ErrorId::DebugTokenNotAllowed => part == Part::DebugToken,
        ErrorId::FieldsSyntax
        | ErrorId::FieldsWrongType
        | ErrorId::UnknownFields
        | ErrorId::AliasNotSupported => is_of_page(part) && part != Part::FeatureStatus,
        ErrorId::ScopeMissing => is_of_page(part) && part != Part::Page,
        ErrorId::UnknownAlias
        | ErrorId::TokenMissingForMe
        | ErrorId::PageTokenRequired
        | ErrorId::NoSingleMe
        | ErrorId::PageNotCovered
        | ErrorId::ObjectMissing => is_of_page(part),
        _ => true,
    }
}

/// Whether a part has the id of a Page in its path.
fn is_of_page(part: Part) -> bool {
    !matches!(part, Part::DebugToken | Part::Batch)
}

/// The success and the errors of the catalogue, by status.
pub(super) fn responses(profile: Profile, part: Part, success: &Value) -> Value {
    let mut by_status: BTreeMap<u16, Vec<&CatalogueEntry>> = BTreeMap::new();
    for entry in CATALOGUE
        .iter()
        .filter(|entry| concerns(entry, profile, part))
    {
        let status = match (profile, entry.status) {
            (Profile::Reference, 403 | 500..) | (Profile::Graph, _) => entry.status,
            (Profile::Reference, _) => 400,
        };
        by_status.entry(status).or_default().push(entry);
    }
    let schema = match profile {
        Profile::Graph => "StandardErrorEnvelope",
        Profile::Reference => "StandardError",
    };
    let mut responses = json!({ "200": success });
    for (status, entries) in by_status {
        responses[status.to_string()] = json!({
            "description": summary(&entries),
            "headers": headers(),
            "content": { "application/json": {
                "schema": { "$ref": format!("#/components/schemas/{schema}") },
                "example": example(profile, part, entries[0]),
            } },
        });
    }
    responses
}

fn summary(entries: &[&CatalogueEntry]) -> String {
    let mut lines: Vec<String> = entries
        .iter()
        .map(|entry| {
            let subcode = entry.subcode.map_or(String::new(), |it| format!("/{it}"));
            format!("- code {}{subcode}: {}", entry.code, entry.when)
        })
        .collect();
    lines.dedup();
    format!("One of:\n{}", lines.join("\n"))
}

/// An error as it is answered with this status.
fn example(profile: Profile, part: Part, entry: &CatalogueEntry) -> Value {
    let limits = Limits::default();
    let error = match (entry.status, part) {
        (413, _) => GraphError::body_too_large(limits.body_bytes),
        (431, _) => GraphError::headers_too_large(&format!("{} headers", limits.header_count)),
        (408, _) => GraphError::request_too_slow(limits.request_time.as_secs()),
        (415, _) => GraphError::encoded_body("gzip"),
        (404, _) => GraphError::unknown_alias("bakery"),
        (403, Part::DebugToken) => GraphError::debug_token_not_allowed(),
        (403, Part::Page) => GraphError::page_not_covered("1234567890"),
        (403, _) => GraphError::scope_missing(READ_SCOPE),
        (412, Part::Settings) => GraphError::revision_not_reached(7, 8),
        (412, _) => GraphError::revision_mismatch(7),
        (503, _) => GraphError::store_unavailable(true),
        (500.., _) => GraphError::unknown(),
        (_, Part::Settings | Part::Update) => GraphError::parameters_invalid(&two_mistakes()),
        (_, Part::History) => GraphError::parameters_refused(&[(
            "limit".to_owned(),
            "must be a number from 1 to 100 - got \"all\"".to_owned(),
        )]),
        (_, Part::Availability) => GraphError::parameters_refused(&[(
            "medium".to_owned(),
            "must be one of {audio, video} - got \"fax\"".to_owned(),
        )]),
        (_, Part::Page) => GraphError::unknown_fields("category", "Page", "name, id"),
        (_, Part::FeatureStatus) => GraphError::parameter_invalid(
            "features[0][feature] must be one of {messenger_api_calling} - got \"calls\"",
        ),
        (_, Part::DebugToken) => GraphError::input_token_missing(),
        (_, Part::Batch) => GraphError::batch_too_large(51, MAX_BATCH_OPERATIONS),
    };
    let trace = TraceIds::from_random([7; TRACE_RANDOM_BYTES]);
    let flat = profile == Profile::Reference;
    serde_json::from_str(&error.standard_error(&trace).to_json(flat)).expect("an error is JSON")
}

/// What is wrong with an update that has two mistakes.
fn two_mistakes() -> Violations {
    SettingsSubmission {
        audio_enabled: Submitted::WrongType("\"yes\"".to_owned()),
        call_routing: Submitted::Value(CallRoutingSubmission {
            ring_target: Submitted::Value("BOTH".to_owned()),
            unknown_members: Vec::new(),
        }),
        ..SettingsSubmission::default()
    }
    .validate(HoursLimits::default())
    .expect_err("both values are not lawful")
}
