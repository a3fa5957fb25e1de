//! The JSON shapes of the edge (reference). The OpenAPI documents are made from these types.

use call_settings::{CallHours, CallSettings, OperatingHours, RingTarget};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The value of `result` in the answer to an update that was stored.
pub const RESULT_SUCCESS: &str = "success";

/// The settings of a Page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageMessengerCallSettingsPayload {
    /// People may call the Page with audio.
    #[schema(required = false)]
    pub audio_enabled: bool,
    /// The call button shows in conversations with the Page.
    #[schema(required = false)]
    pub icon_enabled: bool,
    /// People may call the Page with video.
    #[schema(required = false)]
    pub video_enabled: bool,
    /// Who rings when a person calls the Page.
    #[schema(required = false)]
    pub call_routing: CallRoutingPayload,
    /// The weekly hours in which the Page takes calls. Absent: calls are taken at any hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub call_hours: Option<CallHoursPayload>,
}

/// Who rings when a person calls the Page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallRoutingPayload {
    /// `META`: the inbox and apps of Meta. `PARTNERS`: the apps subscribed to the Page's calls.
    pub ring_target: RingTargetName,
}

/// Where a call rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(
    missing_docs,
    reason = "the wire's two names; `CallRoutingPayload` says what they mean"
)]
pub enum RingTargetName {
    Meta,
    Partners,
}

/// Weekly hours in the local time of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallHoursPayload {
    /// The name of an IANA time zone or of an alias of one, read in any letter case.
    #[schema(example = "Europe/Paris")]
    pub timezone_id: String,
    /// The open spans of the week. A day that is not listed is closed; an empty array closes the
    /// whole week.
    pub weekly_operating_hours: Vec<OperatingHoursPayload>,
}

/// One open span on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatingHoursPayload {
    /// `MONDAY` to `SUNDAY`, read in any letter case and answered in upper case.
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

/// An update: any subset of the fields. Each field that is present is replaced whole; the absent
/// ones stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
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
    pub call_routing: Option<CallRoutingPayload>,
    /// The weekly hours in which the Page takes calls; `null` removes them, so that calls are taken
    /// at any hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_hours: Option<CallHoursPayload>,
}

/// The answer to a read: the settings in an array of one element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PageMessengerCallSettingsGetResponse)]
pub struct SettingsList {
    /// The settings; always one element.
    pub data: Vec<PageMessengerCallSettingsPayload>,
}

/// The answer to an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageMessengerCallSettingsResponse {
    /// `success`: the update is stored for good.
    #[schema(example = "success")]
    pub result: String,
}

impl From<RingTarget> for RingTargetName {
    fn from(target: RingTarget) -> Self {
        match target {
            RingTarget::Meta => Self::Meta,
            RingTarget::Partners => Self::Partners,
        }
    }
}

impl From<&CallSettings> for PageMessengerCallSettingsPayload {
    fn from(settings: &CallSettings) -> Self {
        Self {
            audio_enabled: settings.audio_enabled,
            icon_enabled: settings.icon_enabled,
            video_enabled: settings.video_enabled,
            call_routing: CallRoutingPayload {
                ring_target: settings.ring_target.into(),
            },
            call_hours: settings.call_hours.as_ref().map(CallHoursPayload::from),
        }
    }
}

impl From<&CallHours> for CallHoursPayload {
    fn from(hours: &CallHours) -> Self {
        Self {
            timezone_id: hours.timezone_id().name().to_owned(),
            weekly_operating_hours: hours
                .weekly_operating_hours()
                .iter()
                .copied()
                .map(OperatingHoursPayload::from)
                .collect(),
        }
    }
}

impl From<OperatingHours> for OperatingHoursPayload {
    fn from(hours: OperatingHours) -> Self {
        Self {
            day_of_week: hours.day().name().to_owned(),
            open_time: hours.open().to_string(),
            close_time: hours.close().to_string(),
        }
    }
}
