//! The settings of one Page.

use crate::{CallHours, RingTarget, SettingsUpdate, update::CallHoursChange};

/// The call settings of one Page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSettings {
    /// People may call with audio.
    pub audio_enabled: bool,
    /// The call button shows. When it does not, people cannot call back from a missed call either
    /// (guide).
    pub icon_enabled: bool,
    /// People may call with video.
    pub video_enabled: bool,
    /// Who rings.
    pub ring_target: RingTarget,
    /// The weekly hours in which calls are taken; `None`: at any hour.
    pub call_hours: Option<CallHours>,
}

impl Default for CallSettings {
    /// A Page that was never configured. The icon's default is documented (guide), the rest is
    /// ours. Operators may choose other defaults; these are the built-in ones.
    fn default() -> Self {
        Self {
            audio_enabled: true,
            icon_enabled: true,
            video_enabled: false,
            ring_target: RingTarget::Meta,
            call_hours: None,
        }
    }
}

impl CallSettings {
    /// These settings with the update merged in: every field that is present in the update is
    /// replaced whole, the others stay (guide).
    #[must_use]
    pub fn updated(&self, update: &SettingsUpdate) -> Self {
        Self {
            audio_enabled: update.audio_enabled.unwrap_or(self.audio_enabled),
            icon_enabled: update.icon_enabled.unwrap_or(self.icon_enabled),
            video_enabled: update.video_enabled.unwrap_or(self.video_enabled),
            ring_target: update.ring_target.unwrap_or(self.ring_target),
            call_hours: match &update.call_hours {
                CallHoursChange::Keep => self.call_hours.clone(),
                CallHoursChange::Remove => None,
                CallHoursChange::Replace(hours) => Some(hours.clone()),
            },
        }
    }
}
