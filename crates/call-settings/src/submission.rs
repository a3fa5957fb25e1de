//! What a caller sent, and its validation as a whole.

use crate::excerpt::{excerpt, quoted_excerpt};
use crate::violation::{FieldPath, Violation, ViolationKind, Violations};
use crate::{
    CallHours, CallHoursChange, ClockTime, ClockTimeError, DayOfWeek, HoursConflict, HoursLimits,
    OperatingHours, RingTarget, SettingsField, SettingsUpdate, TimeZoneId, call_hours,
};

/// A value as it was sent: the wire has looked at its type only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Submitted<T> {
    /// Not sent.
    #[default]
    Absent,
    /// Sent as `null`.
    Null,
    /// Sent with the type that belongs there.
    Value(T),
    /// Sent with another type. Holds the value as it is to be shown in a message, shortened.
    WrongType(String),
}

/// The settings as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the wire's own names")]
pub struct SettingsSubmission {
    pub audio_enabled: Submitted<bool>,
    pub icon_enabled: Submitted<bool>,
    pub video_enabled: Submitted<bool>,
    pub call_routing: Submitted<CallRoutingSubmission>,
    pub call_hours: Submitted<CallHoursSubmission>,
}

/// `call_routing` as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallRoutingSubmission {
    /// The member `ring_target`.
    pub ring_target: Submitted<String>,
    /// Names of members that are not known here.
    pub unknown_members: Vec<String>,
}

/// `call_hours` as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallHoursSubmission {
    /// The member `timezone_id`.
    pub timezone_id: Submitted<String>,
    /// The member `weekly_operating_hours`.
    pub weekly_operating_hours: Submitted<Vec<Submitted<OperatingHoursSubmission>>>,
    /// Names of members that are not known here.
    pub unknown_members: Vec<String>,
}

/// One entry of `weekly_operating_hours` as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatingHoursSubmission {
    /// The member `day_of_week`.
    pub day_of_week: Submitted<String>,
    /// The member `open_time`.
    pub open_time: Submitted<String>,
    /// The member `close_time`.
    pub close_time: Submitted<String>,
    /// Names of members that are not known here.
    pub unknown_members: Vec<String>,
}

impl OperatingHoursSubmission {
    /// The members of an entry, in the order of the reference page.
    pub const MEMBERS: [&'static str; 3] = ["day_of_week", "open_time", "close_time"];
}

const A_BOOLEAN: &str = "a boolean";
const AN_OBJECT: &str = "an object";
const A_ZONE: &str = "the name of a time zone, a string such as \"Europe/Paris\"";
const A_TIME: &str = "a time, a string of four digits HHMM such as \"0900\"";
const A_DAY: &str = "a day, a string from \"MONDAY\" to \"SUNDAY\"";
const A_TARGET: &str = "a string, one of {META, PARTNERS}";
const ENTRIES: &str = "an array of entries; an empty one closes the whole week";

impl SettingsSubmission {
    /// Turns the submission into an update, or reports every mistake in it, first by path first.
    pub fn validate(self, limits: HoursLimits) -> Result<SettingsUpdate, Violations> {
        let mut check = Check::default();
        let audio = Place::of(SettingsField::AudioEnabled.name());
        let icon = Place::of(SettingsField::IconEnabled.name());
        let video = Place::of(SettingsField::VideoEnabled.name());
        let update = SettingsUpdate {
            audio_enabled: check.optional(&audio, self.audio_enabled, A_BOOLEAN),
            icon_enabled: check.optional(&icon, self.icon_enabled, A_BOOLEAN),
            video_enabled: check.optional(&video, self.video_enabled, A_BOOLEAN),
            ring_target: check.call_routing(self.call_routing),
            call_hours: check.call_hours(self.call_hours, limits),
        };
        match Violations::from_found(check.found, check.omitted) {
            None => Ok(update),
            Some(violations) => Err(violations),
        }
    }
}

/// Where a value stands, while it is looked at. It becomes a [`FieldPath`] only when something is
/// wrong there: nearly always nothing is.
#[derive(Clone, Copy)]
struct Place<'a> {
    outer: Option<&'a Self>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    const fn of(member: &'a str) -> Self {
        Self {
            outer: None,
            step: Step::Member(member),
        }
    }

    const fn member(&'a self, name: &'a str) -> Self {
        Self {
            outer: Some(self),
            step: Step::Member(name),
        }
    }

    const fn index(&'a self, index: usize) -> Self {
        Self {
            outer: Some(self),
            step: Step::Index(index),
        }
    }

    fn field_path(&self) -> FieldPath {
        let outer = self.outer.map(Place::field_path).unwrap_or_default();
        match self.step {
            Step::Member(name) => outer.member(name),
            Step::Index(index) => outer.index(index),
        }
    }
}

/// Collects the mistakes while values are taken out of a submission.
#[derive(Default)]
struct Check {
    found: Vec<Violation>,
    omitted: usize,
}

impl Check {
    fn report(&mut self, path: &Place<'_>, kind: ViolationKind) {
        if self.found.len() >= Violations::MOST {
            self.omitted += 1;
            return;
        }
        self.found.push(Violation {
            path: path.field_path(),
            kind,
        });
    }

    fn optional<T>(
        &mut self,
        path: &Place<'_>,
        value: Submitted<T>,
        expected: &'static str,
    ) -> Option<T> {
        match value {
            Submitted::Absent => None,
            Submitted::Null => {
                let optional = true;
                self.report(path, ViolationKind::NullNotAllowed { expected, optional });
                None
            }
            value => self.required(path, value, expected),
        }
    }

    fn required<T>(
        &mut self,
        path: &Place<'_>,
        value: Submitted<T>,
        expected: &'static str,
    ) -> Option<T> {
        let kind = match value {
            Submitted::Value(value) => return Some(value),
            Submitted::Absent => ViolationKind::Missing { expected },
            Submitted::Null => ViolationKind::NullNotAllowed {
                expected,
                optional: false,
            },
            Submitted::WrongType(got) => ViolationKind::WrongType { expected, got },
        };
        self.report(path, kind);
        None
    }

    fn unknown_members(
        &mut self,
        path: &Place<'_>,
        unknown: &[String],
        known: &'static [&'static str],
    ) {
        for name in unknown {
            self.report(
                &path.member(&excerpt(name)),
                ViolationKind::UnknownMember { known },
            );
        }
    }

    fn call_routing(&mut self, submitted: Submitted<CallRoutingSubmission>) -> Option<RingTarget> {
        let path = Place::of(SettingsField::CallRouting.name());
        let routing = self.optional(&path, submitted, AN_OBJECT)?;
        let target_path = path.member("ring_target");
        let target = self
            .required(&target_path, routing.ring_target, A_TARGET)
            .and_then(|text| {
                let target = text.parse().ok();
                if target.is_none() {
                    let got = quoted_excerpt(&text);
                    self.report(&target_path, ViolationKind::UnknownRingTarget { got });
                }
                target
            });
        self.unknown_members(
            &path,
            &routing.unknown_members,
            SettingsField::CallRouting.members(),
        );
        target
    }

    fn call_hours(
        &mut self,
        submitted: Submitted<CallHoursSubmission>,
        limits: HoursLimits,
    ) -> CallHoursChange {
        if submitted == Submitted::Null {
            return CallHoursChange::Remove;
        }
        let path = Place::of(SettingsField::CallHours.name());
        let Some(hours) = self.optional(&path, submitted, AN_OBJECT) else {
            return CallHoursChange::Keep;
        };
        let before = self.found.len() + self.omitted;
        let zone = self.time_zone(&path.member("timezone_id"), hours.timezone_id);
        let week_path = path.member("weekly_operating_hours");
        let week = self
            .required(&week_path, hours.weekly_operating_hours, ENTRIES)
            .map(|entries| self.week(&week_path, entries, limits));
        self.unknown_members(
            &path,
            &hours.unknown_members,
            SettingsField::CallHours.members(),
        );
        match (zone, week) {
            (Some(zone), Some(week)) if self.found.len() + self.omitted == before => {
                let hours = CallHours::new(zone, week, limits)
                    .expect("the conflicts of these very entries were reported above");
                CallHoursChange::Replace(hours)
            }
            _ => CallHoursChange::Keep,
        }
    }

    fn time_zone(&mut self, path: &Place<'_>, submitted: Submitted<String>) -> Option<TimeZoneId> {
        let text = self.required(path, submitted, A_ZONE)?;
        text.parse()
            .map_err(|error: crate::UnknownTimeZone| {
                self.report(
                    path,
                    ViolationKind::UnknownTimeZone {
                        got: quoted_excerpt(&text),
                        suggestion: error.suggestion,
                    },
                );
            })
            .ok()
    }

    fn week(
        &mut self,
        path: &Place<'_>,
        entries: Vec<Submitted<OperatingHoursSubmission>>,
        limits: HoursLimits,
    ) -> Vec<OperatingHours> {
        let before = self.found.len();
        let mut placed = Vec::with_capacity(entries.len());
        for (position, entry) in entries.into_iter().enumerate() {
            let entry_path = path.index(position);
            if let Some(entry) = self.required(&entry_path, entry, AN_OBJECT)
                && let Some(hours) = self.entry(&entry_path, entry)
            {
                placed.push((position, hours));
            }
        }
        for conflict in call_hours::conflicts(&placed, limits) {
            let entry = path.index(conflict.entry());
            match conflict {
                HoursConflict::RepeatedDay {
                    first, day, limit, ..
                } => self.report(
                    &entry.member("day_of_week"),
                    ViolationKind::RepeatedDay { day, first, limit },
                ),
                HoursConflict::Overlap { earlier, with, .. } => self.report(
                    &entry.member("open_time"),
                    ViolationKind::Overlap { earlier, with },
                ),
            }
        }
        // Conflicts were found after the values; put all back in the order of the entries.
        self.found[before..].sort_by_key(|violation| {
            violation
                .path
                .segments()
                .iter()
                .find_map(|segment| match segment {
                    crate::PathSegment::Index(index) => Some(*index),
                    crate::PathSegment::Member(_) => None,
                })
        });
        placed.into_iter().map(|(_position, hours)| hours).collect()
    }

    fn entry(
        &mut self,
        path: &Place<'_>,
        entry: OperatingHoursSubmission,
    ) -> Option<OperatingHours> {
        let day_path = path.member("day_of_week");
        let day = self
            .required(&day_path, entry.day_of_week, A_DAY)
            .and_then(|text| {
                let day = text.parse::<DayOfWeek>().ok();
                if day.is_none() {
                    let got = quoted_excerpt(&text);
                    self.report(&day_path, ViolationKind::UnknownDay { got });
                }
                day
            });
        let open_path = path.member("open_time");
        let open = self.time(
            &open_path,
            entry.open_time,
            "the start of a day is \"0000\"",
        );
        let close_path = path.member("close_time");
        let close = self.time(&close_path, entry.close_time, "until midnight is \"2359\"");
        if let (Some(open), Some(close)) = (open, close)
            && close <= open
        {
            self.report(
                &close_path,
                ViolationKind::CloseNotAfterOpen { day, open, close },
            );
        }
        self.unknown_members(
            path,
            &entry.unknown_members,
            &OperatingHoursSubmission::MEMBERS,
        );
        OperatingHours::new(day?, open?, close?).ok()
    }

    fn time(
        &mut self,
        path: &Place<'_>,
        submitted: Submitted<String>,
        midnight: &'static str,
    ) -> Option<ClockTime> {
        let text = self.required(path, submitted, A_TIME)?;
        text.parse()
            .map_err(|error| {
                let kind = match error {
                    ClockTimeError::Malformed => ViolationKind::MalformedTime {
                        got: quoted_excerpt(&text),
                    },
                    ClockTimeError::TwentyFourHundred => {
                        ViolationKind::TwentyFourHundred { midnight }
                    }
                };
                self.report(path, kind);
            })
            .ok()
    }
}

#[cfg(test)]
mod tests;
