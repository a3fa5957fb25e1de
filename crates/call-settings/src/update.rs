//! A change to the settings of one Page.

use crate::{CallHours, RingTarget};

/// What an update does to the call hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CallHoursChange {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are removed: calls are taken at any hour (ours, documented as ours).
    Remove,
    /// They are replaced whole; earlier hours vanish (guide).
    Replace(CallHours),
}

/// An update of the settings: any subset of the fields. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsUpdate {
    /// The new value of `audio_enabled`.
    pub audio_enabled: Option<bool>,
    /// The new value of `icon_enabled`.
    pub icon_enabled: Option<bool>,
    /// The new value of `video_enabled`.
    pub video_enabled: Option<bool>,
    /// The new value of `call_routing.ring_target`.
    pub ring_target: Option<RingTarget>,
    /// What becomes of `call_hours`.
    pub call_hours: CallHoursChange,
}

impl SettingsUpdate {
    /// Whether the update names no field at all, so that it changes nothing on any Page.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
