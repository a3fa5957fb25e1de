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
pub struct CallRoutingPayload {
    /// `META`: the inbox and apps of Meta. `PARTNERS`: the apps subscribed to the Page's calls.
    #[schema(required = false)]
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

/// Weekly hours in the local time of a zone. A sub-selection of `fields` may leave members out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallHoursPayload {
    /// The name of an IANA time zone or of an alias of one.
    #[schema(example = "Europe/Paris", required = false)]
    pub timezone_id: String,
    /// The open spans of the week. A day that is not listed is closed; an empty array: closed all
    /// week.
    #[schema(required = false)]
    pub weekly_operating_hours: Vec<OperatingHoursPayload>,
}

/// One open span on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OperatingHoursPayload {
    /// `MONDAY` to `SUNDAY`.
    #[schema(example = "MONDAY", required = false)]
    pub day_of_week: String,
    /// The opening time, `HHMM`.
    #[schema(example = "0900", required = false)]
    pub open_time: String,
    /// The closing time, `HHMM`. `2359` means until midnight.
    #[schema(example = "1700", required = false)]
    pub close_time: String,
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
