//! The OpenAPI document: one for each version, for the profile that runs.
//!
//! Schemas come from the wire's types, fields from the field list, statuses and examples of errors
//! from the error catalogue.

use std::collections::BTreeMap;

use call_settings::{
    CallRoutingSubmission, HoursLimits, OperatingHoursSubmission, SettingsField,
    SettingsSubmission, Submitted, Violations,
};
use graph_api::batch::MAX_BATCH_OPERATIONS;
use graph_api::catalogue::{CATALOGUE, CatalogueEntry, ErrorId};
use graph_api::debug_token::{DebugToken, DebugTokenError, DebugTokenResponse, GranularScope};
use graph_api::{
    CallHoursPayload, CallHoursUpdate, CallRoutingPayload, CallRoutingUpdate, GraphError,
    GraphVersion, OperatingHoursPayload, OperatingHoursUpdate, PageMessengerCallSettingsPayload,
    PageMessengerCallSettingsRequest, PageMessengerCallSettingsResponse, RingTargetName,
    SettingsList, StandardError, StandardErrorEnvelope, TRACE_RANDOM_BYTES, TraceIds,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::{Configuration, Limits, Profile, READ_SCOPE};

/// An OpenAPI document, in the order in which people read one.
#[derive(Debug, Serialize)]
pub struct Document {
    openapi: &'static str,
    info: Value,
    servers: Value,
    security: Value,
    paths: Value,
    components: Value,
}

impl Document {
    /// The document as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("an OpenAPI document is JSON")
    }

    /// The document as YAML.
    pub fn to_yaml(&self) -> String {
        yaml_serde::to_string(self).expect("an OpenAPI document is YAML")
    }
}

#[derive(OpenApi)]
#[openapi(components(schemas(
    SettingsList,
    PageMessengerCallSettingsPayload,
    CallRoutingPayload,
    RingTargetName,
    CallHoursPayload,
    OperatingHoursPayload,
    PageMessengerCallSettingsRequest,
    CallRoutingUpdate,
    CallHoursUpdate,
    OperatingHoursUpdate,
    PageMessengerCallSettingsResponse,
    StandardError,
)))]
struct Schemas;

#[derive(OpenApi)]
#[openapi(components(schemas(
    StandardErrorEnvelope,
    DebugTokenResponse,
    DebugToken,
    DebugTokenError,
    GranularScope,
)))]
struct GraphSchemas;

/// The grammar of `fields` as a pattern: names with commas between them, sub-selections in braces,
/// or a JSON array of names.
fn fields_pattern() -> String {
    let one_of = |names: &[&str]| format!("({})", names.join("|"));
    let entry = list_of(&one_of(&OperatingHoursSubmission::MEMBERS));
    let fields: Vec<String> = SettingsField::ALL
        .into_iter()
        .map(|field| {
            let members: Vec<String> = field
                .members()
                .iter()
                .map(|member| match *member {
                    "weekly_operating_hours" => format!("{member}( *\\{{{entry}\\}})?"),
                    member => member.to_owned(),
                })
                .collect();
            if members.is_empty() {
                field.name().to_owned()
            } else {
                let members = list_of(&format!("({})", members.join("|")));
                format!("{field}( *\\{{{members}\\}})?")
            }
        })
        .collect();
    let list = list_of(&format!("({})", fields.join("|")));
    let name = format!(
        "\"{}\"",
        one_of(&SettingsField::ALL.map(SettingsField::name))
    );
    format!("^( *|{list}| *\\[( *|{})\\] *)$", list_of(&name))
}

/// One item or several with commas between them, spaces tolerated.
fn list_of(item: &str) -> String {
    format!(" *{item} *(, *{item} *)*")
}

const PAGE_ID_PATTERN: &str = "^([1-9][0-9]{0,19}|me)$";

/// The document of a version, for a server that is set up so.
pub fn openapi(configuration: &Configuration, version: GraphVersion) -> Document {
    let profile = configuration.profile;
    let mut schemas = serde_json::to_value(Schemas::openapi().components)
        .expect("components are JSON")["schemas"]
        .take();
    let mut paths = json!({ "/{page_id}/messenger_call_settings": settings_path(profile) });
    if profile == Profile::Graph {
        let more = serde_json::to_value(GraphSchemas::openapi().components)
            .expect("components are JSON")["schemas"]
            .take();
        extend(&mut schemas, more);
        extend(
            &mut paths,
            json!({ "/debug_token": debug_token_path(), "/": batch_path() }),
        );
    }
    Document {
        openapi: "3.1.0",
        info: json!({
            "title": "Page Messenger Call Settings",
            "version": version.name().trim_start_matches('v'),
            "description": "Reads and updates the call settings of a Page. Served by Pagebell, \
                which is not Meta's.",
            "license": { "name": "MIT OR Apache-2.0" },
        }),
        servers: json!([{ "url": format!("/{version}"), "description": "This server" }]),
        security: security(profile),
        paths,
        components: json!({ "schemas": schemas, "securitySchemes": security_schemes() }),
    }
}

fn extend(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

fn security_schemes() -> Value {
    json!({
        "OAuthToken__access_token": {
            "type": "apiKey", "in": "query", "name": "access_token",
            "description": "The access token as the query parameter access_token.",
        },
        "OAuthToken__oauth_token": {
            "type": "apiKey", "in": "query", "name": "oauth_token",
            "description": "The access token as the query parameter oauth_token.",
        },
        "OAuthToken__Authorization": {
            "type": "http", "scheme": "bearer",
            "description": "The access token as the header Authorization: Bearer TOKEN.",
        },
    })
}

/// Any one credential is enough in `graph`; in `reference` all three are needed together.
fn security(profile: Profile) -> Value {
    match profile {
        Profile::Graph => json!([
            { "OAuthToken__Authorization": [] },
            { "OAuthToken__access_token": [] },
            { "OAuthToken__oauth_token": [] },
        ]),
        Profile::Reference => json!([{
            "OAuthToken__access_token": [],
            "OAuthToken__oauth_token": [],
            "OAuthToken__Authorization": [],
        }]),
    }
}

fn settings_path(profile: Profile) -> Value {
    let settings = json!({
        "audio_enabled": true,
        "icon_enabled": true,
        "video_enabled": false,
        "call_routing": { "ring_target": "PARTNERS" },
        "call_hours": {
            "timezone_id": "Europe/Paris",
            "weekly_operating_hours": [
                { "day_of_week": "MONDAY", "open_time": "0900", "close_time": "1700" },
                { "day_of_week": "TUESDAY", "open_time": "0900", "close_time": "2359" },
            ],
        },
    });
    json!({
        "parameters": [{
            "name": "page_id", "in": "path", "required": true,
            "description": "The id of the Page, or me for the one Page of the access token.",
            "schema": { "type": "string", "pattern": PAGE_ID_PATTERN },
            "example": "1234567890",
        }],
        "get": {
            "operationId": "readMessengerCallSettings",
            "summary": "Read the call settings of a Page",
            "description": "A Page that was never configured answers with the defaults.",
            "parameters": [fields_parameter(
                "The fields to answer with, with commas between them. All where it is absent or empty."
            )],
            "responses": responses(profile, Part::Settings, &json!({
                "description": "The settings, in an array of one element.",
                "headers": headers(),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/PageMessengerCallSettingsGetResponse" },
                    "example": { "data": [settings] },
                } },
            })),
        },
        "post": {
            "operationId": "updateMessengerCallSettings",
            "summary": "Update the call settings of a Page",
            "description": "Either all of the update is stored for good or nothing. An empty object \
                changes nothing and succeeds.",
            "parameters": [fields_parameter(
                "The fields to answer with, as now stored, beside result. None where it is absent or empty."
            )],
            "requestBody": {
                "required": false,
                "description": "Any subset of the settings.",
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/PageMessengerCallSettingsRequest" },
                    "example": settings,
                } },
            },
            "responses": responses(profile, Part::Settings, &json!({
                "description": "The update is stored.",
                "headers": headers(),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/PageMessengerCallSettingsResponse" },
                    "example": { "result": "success" },
                } },
            })),
        },
    })
}

fn fields_parameter(description: &str) -> Value {
    json!({
        "name": "fields", "in": "query", "required": false,
        "description": description,
        "schema": { "type": "string", "pattern": fields_pattern() },
        "example": "call_routing,call_hours",
    })
}

fn debug_token_path() -> Value {
    json!({
        "get": {
            "operationId": "debugToken",
            "summary": "Look at an access token",
            "description": "Answers to the token's holder, to its app and to operators.",
            "parameters": [{
                "name": "input_token", "in": "query", "required": true,
                "description": "The token to look at.",
                "schema": { "type": "string", "minLength": 1 },
            }],
            "responses": responses(Profile::Graph, Part::DebugToken, &json!({
                "description": "What is known of the token, also of one that is not valid.",
                "headers": headers(),
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/DebugTokenResponse" },
                } },
            })),
        },
    })
}

fn batch_path() -> Value {
    // No types: an operation that is malformed is not refused, but answered in its place.
    let operation = json!({
        "description": "An operation: an object with these members.",
        "properties": {
            "method": { "description": "GET or POST; GET where it is absent." },
            "relative_url": { "description": "The address behind the version. Required." },
            "body": { "description": "The body of a POST, as text: a form, or JSON." },
            "headers": { "description": "Headers, as an array of texts NAME: VALUE." },
            "name": { "description": "What later operations may refer to." },
            "depends_on": { "description": "The name of an operation that must succeed before." },
            "omit_response_on_success": { "description": "true: leave the answer out." },
        },
    });
    let answer = json!({
        "type": ["object", "null"],
        "required": ["code", "body"],
        "properties": {
            "code": { "type": "integer" },
            "headers": { "type": "array", "items": { "type": "object" } },
            "body": { "type": "string", "description": "The answer's JSON, as text." },
        },
    });
    json!({
        "post": {
            "operationId": "batch",
            "summary": "Run up to 50 operations in one request",
            "description": "Each operation is answered on its own; one that fails never fails another.",
            "requestBody": {
                "required": true,
                "content": { "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["batch"],
                        "properties": {
                            "batch": {
                                "type": "array", "minItems": 1, "maxItems": 50, "items": operation,
                            },
                            "include_headers": {
                                "type": "boolean", "description": "Whether answers have their headers.",
                            },
                        },
                    },
                    "example": { "batch": [
                        { "method": "GET", "relative_url": "1234567890/messenger_call_settings" },
                        {
                            "method": "POST",
                            "relative_url": "1234567890/messenger_call_settings",
                            "body": "icon_enabled=false",
                        },
                    ] },
                } },
            },
            "responses": responses(Profile::Graph, Part::Batch, &json!({
                "description": "An answer for each operation, in their order. null: there was no time for it.",
                "headers": headers(),
                "content": { "application/json": { "schema": { "type": "array", "items": answer } } },
            })),
        },
    })
}

/// The headers of every answer.
fn headers() -> Value {
    let header =
        |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "facebook-api-version": header("The version that the request was served as."),
        "x-fb-request-id": header("The id of the request, fbtrace_id in errors."),
        "x-fb-trace-id": header("A second id of the request."),
    })
}

/// A part of the surface that errors of its own belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Settings,
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
        | ErrorId::BatchDependencyFailed => part == Part::Batch,
        ErrorId::InputTokenMissing | ErrorId::DebugTokenNotAllowed => part == Part::DebugToken,
        ErrorId::UnknownAlias
        | ErrorId::TokenMissingForMe
        | ErrorId::PageTokenRequired
        | ErrorId::NoSingleMe
        | ErrorId::FieldsSyntax
        | ErrorId::FieldsWrongType
        | ErrorId::UnknownFields
        | ErrorId::AliasNotSupported
        | ErrorId::PageNotCovered
        | ErrorId::ScopeMissing
        | ErrorId::ObjectMissing => part == Part::Settings,
        _ => true,
    }
}

/// The success and the errors of the catalogue, by status.
fn responses(profile: Profile, part: Part, success: &Value) -> Value {
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
        (403, _) => GraphError::scope_missing(READ_SCOPE),
        (503, _) => GraphError::store_unavailable(true),
        (500.., _) => GraphError::unknown(),
        (_, Part::Settings) => GraphError::parameters_invalid(&two_mistakes()),
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
