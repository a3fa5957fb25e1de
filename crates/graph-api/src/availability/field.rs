//! The one list of the fields of an availability.

use crate::Field;

/// A field of an availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the field of its wire name")]
pub enum AvailabilityField {
    AcceptingCalls,
    Medium,
    Reason,
    RingTarget,
    IconVisible,
    At,
    LocalTime,
    TimezoneId,
    OpenUntil,
    NextOpen,
    Intervals,
}

impl AvailabilityField {
    /// Every field, in the order of the answer.
    pub const ALL: [Self; 11] = [
        Self::AcceptingCalls,
        Self::Medium,
        Self::Reason,
        Self::RingTarget,
        Self::IconVisible,
        Self::At,
        Self::LocalTime,
        Self::TimezoneId,
        Self::OpenUntil,
        Self::NextOpen,
        Self::Intervals,
    ];

    /// The wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcceptingCalls => "accepting_calls",
            Self::Medium => "medium",
            Self::Reason => "reason",
            Self::RingTarget => "ring_target",
            Self::IconVisible => "icon_visible",
            Self::At => "at",
            Self::LocalTime => "local_time",
            Self::TimezoneId => "timezone_id",
            Self::OpenUntil => "open_until",
            Self::NextOpen => "next_open",
            Self::Intervals => "intervals",
        }
    }
}

impl Field for AvailabilityField {
    const NODE_TYPE: &'static str = "MessengerCallAvailability";

    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn name(self) -> &'static str {
        Self::name(self)
    }

    fn members(self) -> &'static [&'static str] {
        match self {
            Self::Intervals => &["start", "end"],
            _ => &[],
        }
    }

    fn members_of(self, _member: &str) -> &'static [&'static str] {
        &[]
    }
}
