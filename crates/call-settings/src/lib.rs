//! Messenger call settings of a Page: what they are and which of them are lawful.
//!
//! This crate owns the values ([`CallSettings`], [`CallHours`], [`RingTarget`]), the update that is
//! merged into them ([`SettingsUpdate`]) and every rule about them. It knows no wire format, does
//! no I/O and reads no clock, so that each rule stands in one place and can be tested alone.
//!
//! [`CallAvailability`] is what settings exist for: whether a call is taken at an instant, and when
//! that changes. The instant is always given.
//!
//! The way in from outside is [`SettingsSubmission`]: what a caller sent, already split into
//! members but not yet believed. [`SettingsSubmission::validate`] either makes a
//! [`SettingsUpdate`] out of it or reports *every* mistake by its path ([`Violations`]).

mod availability;
mod call_hours;
mod clock_time;
mod day_of_week;
mod excerpt;
mod field;
mod hours_text;
mod page_id;
mod ring_target;
mod settings;
mod submission;
mod time_zone;
mod update;
mod violation;
mod week_plan;

pub use availability::{
    AvailabilityReason, CallAvailability, CallDecision, Medium, Moment, OpenInterval,
    OpenIntervals, UnknownMedium, at_whole_second, clock_time,
};
pub use call_hours::{
    CallHours, HoursConflict, HoursLimits, HoursLimitsError, MAX_ENTRIES_PER_DAY, OperatingHours,
    OperatingHoursError,
};
pub use clock_time::{ClockTime, ClockTimeError};
pub use day_of_week::{DayOfWeek, UnknownDay};
pub use excerpt::{excerpt, quoted_excerpt};
pub use field::SettingsField;
pub use hours_text::{HoursText, HoursTextError, WeekText};
pub use page_id::{PageId, PageIdError};
pub use ring_target::{RingTarget, UnknownRingTarget};
pub use settings::CallSettings;
pub use submission::{
    CallHoursSubmission, CallRoutingSubmission, OperatingHoursSubmission, SettingsSubmission,
    Submitted,
};
pub use time_zone::{TimeZoneId, UnknownTimeZone};
pub use update::{CallHoursChange, SettingsUpdate};
pub use violation::{FieldPath, PathSegment, Violation, ViolationKind, Violations};
pub use week_plan::{Occupied, PlannedSpan, WeekPlan, WeekPlanError};
