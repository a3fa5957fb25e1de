//! The one list of the settings' top-level fields.

use std::fmt;
use std::str::FromStr;

/// A top-level field of the settings (reference page). The documents are generated from this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "`description` says what each is")]
pub enum SettingsField {
    AudioEnabled,
    IconEnabled,
    VideoEnabled,
    CallRouting,
    CallHours,
}

impl SettingsField {
    /// Every field, in the order in which answers carry them and mistakes are reported.
    pub const ALL: [Self; 5] = [
        Self::AudioEnabled,
        Self::IconEnabled,
        Self::VideoEnabled,
        Self::CallRouting,
        Self::CallHours,
    ];

    /// The wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AudioEnabled => "audio_enabled",
            Self::IconEnabled => "icon_enabled",
            Self::VideoEnabled => "video_enabled",
            Self::CallRouting => "call_routing",
            Self::CallHours => "call_hours",
        }
    }

    /// What the field says, for documents and help texts.
    pub const fn description(self) -> &'static str {
        match self {
            Self::AudioEnabled => "People may call the Page with audio.",
            Self::IconEnabled => "The call button shows in conversations with the Page.",
            Self::VideoEnabled => "People may call the Page with video.",
            Self::CallRouting => "Who rings when a person calls the Page.",
            Self::CallHours => {
                "The weekly hours in which the Page takes calls. Absent: calls are taken at any hour."
            }
        }
    }

    /// The members that an object field has; empty for a boolean field.
    pub const fn members(self) -> &'static [&'static str] {
        match self {
            Self::AudioEnabled | Self::IconEnabled | Self::VideoEnabled => &[],
            Self::CallRouting => &["ring_target"],
            Self::CallHours => &["timezone_id", "weekly_operating_hours"],
        }
    }
}

impl FromStr for SettingsField {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|field| field.name() == text)
            .ok_or(())
    }
}

impl fmt::Display for SettingsField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
