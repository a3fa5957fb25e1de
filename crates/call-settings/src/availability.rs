//! Whether a Page takes a call at an instant, and when that changes.
//!
//! Call hours are meant on the wall clock of their zone (ours; no document says more): a Page takes
//! calls at an instant exactly when the clock on its wall then shows a time inside an entry of that
//! weekday. Everything about daylight saving follows from this one rule: an hour that the clock
//! skips never comes, one that it shows twice counts twice, and no entry moves.

mod call_clock;
mod open_intervals;
mod open_week;
mod sentence;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{CallSettings, RingTarget, TimeZoneId};
use call_clock::CallClock;
pub use open_intervals::{OpenInterval, OpenIntervals};
pub use sentence::{Moment, clock_time};

/// An instant without its fraction of a second: call hours know no finer times. Rounded down, also
/// before 1970.
pub fn at_whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(call_clock::whole_second(at)).unwrap_or(at)
}

/// What a call carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say all")]
pub enum Medium {
    #[default]
    Audio,
    Video,
}

/// The text is the name of no medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a medium is audio or video")]
pub struct UnknownMedium;

impl Medium {
    /// Every medium.
    pub const ALL: [Self; 2] = [Self::Audio, Self::Video];

    /// The wire name (ours).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
        }
    }
}

impl FromStr for Medium {
    type Err = UnknownMedium;

    /// Reads a wire name in any letter case.
    fn from_str(text: &str) -> Result<Self, UnknownMedium> {
        Self::ALL
            .into_iter()
            .find(|medium| medium.name().eq_ignore_ascii_case(text))
            .ok_or(UnknownMedium)
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why calls are taken or not. A medium that is off counts before the hours: no hour changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AvailabilityReason {
    /// Calls are taken.
    Open,
    /// The wall clock shows a time outside of the call hours.
    OutsideCallHours,
    /// The call is an audio call, and these are off.
    AudioDisabled,
    /// The call is a video call, and these are off.
    VideoDisabled,
}

impl AvailabilityReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [
        Self::Open,
        Self::OutsideCallHours,
        Self::AudioDisabled,
        Self::VideoDisabled,
    ];

    /// The wire name (ours).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OutsideCallHours => "outside_call_hours",
            Self::AudioDisabled => "audio_disabled",
            Self::VideoDisabled => "video_disabled",
        }
    }
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallDecision {
    /// Why the call is taken or not.
    pub reason: AvailabilityReason,
    /// Who rings when it is taken.
    pub ring_target: RingTarget,
    /// Whether the call button shows. It is a switch of its own: hours do not hide it (ours).
    pub icon_visible: bool,
}

impl CallDecision {
    /// Whether the call is taken.
    pub const fn accepting_calls(self) -> bool {
        matches!(self.reason, AvailabilityReason::Open)
    }
}

/// The settings of a Page compiled for decisions. Making one costs a microsecond or so; asking it
/// costs nanoseconds and allocates nothing.
#[derive(Clone, Debug)]
pub struct CallAvailability {
    audio_enabled: bool,
    video_enabled: bool,
    icon_enabled: bool,
    ring_target: RingTarget,
    /// `None`: calls are taken at any hour.
    clock: Option<CallClock>,
}

impl CallAvailability {
    /// Compiles these settings.
    pub fn new(settings: &CallSettings) -> Self {
        Self {
            audio_enabled: settings.audio_enabled,
            video_enabled: settings.video_enabled,
            icon_enabled: settings.icon_enabled,
            ring_target: settings.ring_target,
            clock: settings.call_hours.as_ref().map(CallClock::new),
        }
    }

    /// What happens to a call with this medium at this instant.
    pub fn decide(&self, medium: Medium, at: Timestamp) -> CallDecision {
        let reason = if !self.is_enabled(medium) {
            match medium {
                Medium::Audio => AvailabilityReason::AudioDisabled,
                Medium::Video => AvailabilityReason::VideoDisabled,
            }
        } else if self.clock.as_ref().is_none_or(|clock| clock.is_open(at)) {
            AvailabilityReason::Open
        } else {
            AvailabilityReason::OutsideCallHours
        };
        CallDecision {
            reason,
            ring_target: self.ring_target,
            icon_visible: self.icon_enabled,
        }
    }

    /// The first instant after this one at which calls are taken where they were not, or the other
    /// way round; `None`: with these settings that never happens.
    pub fn next_change(&self, medium: Medium, after: Timestamp) -> Option<Timestamp> {
        if !self.is_enabled(medium) {
            return None;
        }
        self.clock.as_ref()?.next_change(after)
    }

    /// The spans in which calls are taken between two instants, cut off at both, in order. Spans
    /// that touch are one.
    pub fn open_intervals(
        &self,
        medium: Medium,
        from: Timestamp,
        until: Timestamp,
    ) -> OpenIntervals<'_> {
        OpenIntervals::new(self, medium, from, until)
    }

    /// The zone on whose wall clock the hours are meant; UTC where there are none.
    pub fn time_zone(&self) -> TimeZone {
        self.clock
            .as_ref()
            .map_or(TimeZone::UTC, |clock| clock.time_zone().clone())
    }

    /// The name of that zone; `None`: there are no call hours.
    pub fn timezone_id(&self) -> Option<TimeZoneId> {
        self.clock.as_ref().map(CallClock::timezone_id)
    }

    const fn is_enabled(&self, medium: Medium) -> bool {
        match medium {
            Medium::Audio => self.audio_enabled,
            Medium::Video => self.video_enabled,
        }
    }
}

#[cfg(test)]
mod tests;
