//! The Graph wire of the Messenger call settings.
//!
//! This crate turns what clients send into the domain's types, and answers and errors back into
//! bytes: versions and paths, parameters in their four encodings, field selection, the error
//! envelope with its one catalogue, and batch. It is pure; sockets, tokens and stores are elsewhere.
//!
//! Rules carry their source: "reference" is the published page of the edge, "guide" the calling
//! guide, "seen" a recorded answer of the live API, "ours" a decision of this project.

pub mod availability;
pub mod batch;
pub mod catalogue;
pub mod clock_control;
mod coercion;
pub mod debug_token;
mod error;
pub mod feature_status;
mod fields;
mod form;
pub mod history;
mod instant;
mod json;
mod members;
mod multipart;
mod near_miss;
mod page_node;
mod parameters;
mod path;
mod payload;
mod prepared;
mod selected_json;
mod trace_id;
mod update_body;
mod version;

pub use coercion::settings_submission;
pub use error::{GraphError, StandardError, StandardErrorEnvelope};
pub use fields::{Field, FieldSelection, SelectedField, SelectedMember};
pub use instant::{InstantError, local_text, parse_instant};
pub use json::{MAX_JSON_DEPTH, MAX_JSON_VALUES, parse_json};
pub use near_miss::check_names;
pub use page_node::{PageField, PageNodePayload};
pub use parameters::{MAX_PARAMETERS, ParameterValue, Parameters};
pub use path::{Edge, GraphPath, Node, Route};
pub use payload::{
    CallHoursPayload, CallRoutingPayload, OperatingHoursPayload, PageMessengerCallSettingsPayload,
    PageMessengerCallSettingsResponse, RESULT_SUCCESS, RingTargetName, SettingsList,
};
pub use prepared::PreparedSettings;
pub use trace_id::{TRACE_RANDOM_BYTES, TraceIds};
pub use update_body::{
    CallHoursUpdate, CallRoutingUpdate, OperatingHoursUpdate, PageMessengerCallSettingsRequest,
};
pub use version::GraphVersion;
