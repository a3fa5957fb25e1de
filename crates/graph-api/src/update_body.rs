//! The JSON shapes of an update, as a client writes them and the documents describe them.
//!
//! The server does not read through these types: it looks at every member itself, so that it can
//! report all mistakes of an update by their paths.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::payload::RingTargetName;

/// An update: any subset of the fields. Each field that is present is replaced whole; the absent
/// ones stay as they are. Other members are ignored, unless their names are nearly those of settings
/// or they hold settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageMessengerCallSettingsRequest {
    /// Let people call the Page with audio, or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub audio_enabled: Option<bool>,
    /// Show the call button, or hide it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub icon_enabled: Option<bool>,
    /// Let people call the Page with video, or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_enabled: Option<bool>,
    /// Who rings when a person calls the Page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub call_routing: Option<CallRoutingUpdate>,
    /// The weekly hours in which the Page takes calls; `null` removes them, so that calls are taken
    /// at any hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_hours: Option<CallHoursUpdate>,
}

/// Who is to ring when a person calls the Page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallRoutingUpdate {
    /// `META`: the inbox and apps of Meta. `PARTNERS`: the apps subscribed to the Page's calls.
    pub ring_target: RingTargetName,
}

/// Weekly hours in the local time of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallHoursUpdate {
    /// The name of an IANA time zone or of an alias of one, in any letter case.
    #[schema(example = "Europe/Paris")]
    pub timezone_id: String,
    /// The open spans of the week. A day that is not listed is closed; an empty array closes the
    /// whole week.
    pub weekly_operating_hours: Vec<OperatingHoursUpdate>,
}

/// One open span on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatingHoursUpdate {
    /// `MONDAY` to `SUNDAY`, in any letter case.
    #[schema(
        example = "MONDAY",
        pattern = "^([Mm][Oo][Nn]|[Tt][Uu][Ee][Ss]|[Ww][Ee][Dd][Nn][Ee][Ss]|[Tt][Hh][Uu][Rr][Ss]|[Ff][Rr][Ii]|[Ss][Aa][Tt][Uu][Rr]|[Ss][Uu][Nn])[Dd][Aa][Yy]$"
    )]
    pub day_of_week: String,
    /// The opening time, `HHMM`, from `0000` to `2359`.
    #[schema(example = "0900", pattern = "^([01][0-9]|2[0-3])[0-5][0-9]$")]
    pub open_time: String,
    /// The closing time, `HHMM`, after `open_time`. `2359` means until midnight.
    #[schema(example = "1700", pattern = "^([01][0-9]|2[0-3])[0-5][0-9]$")]
    pub close_time: String,
}
