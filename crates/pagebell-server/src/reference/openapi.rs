//! The OpenAPI document: one for each version, for the profile that runs.
//!
//! Schemas come from the wire's types, fields from the field list, statuses and examples of errors
//! from the error catalogue.

mod availability;
mod batch;
mod debug_token;
mod feature_status;
mod history;
mod page;
mod parameters;
mod responses;
mod settings;

use graph_api::availability::{
    AvailabilityList, AvailabilityReasonName, MessengerCallAvailabilityPayload, OpenIntervalPayload,
};
use graph_api::debug_token::{DebugToken, DebugTokenError, DebugTokenResponse, GranularScope};
use graph_api::feature_status::{
    BusinessMessagingFeatureStatusRequest, Feature, FeatureStatus, FeatureStatusList,
    FeatureStatusPayload, RequestedFeature,
};
use graph_api::history::{HistoryEntryPayload, HistoryList, PagingCursors, PagingPayload};
use graph_api::{
    CallHoursPayload, CallHoursUpdate, CallRoutingPayload, CallRoutingUpdate, GraphVersion,
    OperatingHoursPayload, OperatingHoursUpdate, PageMessengerCallSettingsPayload,
    PageMessengerCallSettingsRequest, PageMessengerCallSettingsResponse, PageNodePayload,
    RingTargetName, SettingsList, StandardError, StandardErrorEnvelope,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::{Configuration, Profile};

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
    PageNodePayload,
    BusinessMessagingFeatureStatusRequest,
    RequestedFeature,
    Feature,
    FeatureStatusList,
    FeatureStatusPayload,
    FeatureStatus,
    AvailabilityList,
    MessengerCallAvailabilityPayload,
    AvailabilityReasonName,
    OpenIntervalPayload,
    HistoryList,
    HistoryEntryPayload,
    PagingPayload,
    PagingCursors,
    DebugTokenResponse,
    DebugToken,
    DebugTokenError,
    GranularScope,
)))]
struct GraphSchemas;

/// The document of a version, for a server that is set up so.
pub fn openapi(configuration: &Configuration, version: GraphVersion) -> Document {
    let profile = configuration.profile;
    let mut schemas = serde_json::to_value(Schemas::openapi().components)
        .expect("components are JSON")["schemas"]
        .take();
    let mut paths =
        json!({ "/{page_id}/messenger_call_settings": settings::settings_path(profile) });
    if profile == Profile::Graph {
        let more = serde_json::to_value(GraphSchemas::openapi().components)
            .expect("components are JSON")["schemas"]
            .take();
        extend(&mut schemas, more);
        extend(
            &mut paths,
            json!({
                "/{page_id}/messenger_call_availability": availability::availability_path(),
                "/{page_id}/messenger_call_settings_history": history::history_path(),
                "/{page_id}": page::page_path(),
                "/{page_id}/business_messaging_feature_status": feature_status::feature_status_path(),
                "/debug_token": debug_token::debug_token_path(),
                "/": batch::batch_path(),
            }),
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
