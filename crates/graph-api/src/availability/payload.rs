//! The JSON shape of an availability. The OpenAPI documents are made from these types.

use bytes::Bytes;
use call_settings::{AvailabilityReason, CallAvailability};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AvailabilityField, AvailabilityRequest};
use crate::instant::local_text;
use crate::selected_json::{LIST_END, LIST_START, push_fields};
use crate::{FieldSelection, RingTargetName};

/// Whether a Page takes a call at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessengerCallAvailabilityPayload {
    /// The call is taken.
    #[schema(required = false)]
    pub accepting_calls: bool,
    /// `audio` or `video`, as asked.
    #[schema(example = "audio", required = false)]
    pub medium: String,
    /// Why: `open`, `outside_call_hours`, `audio_disabled` or `video_disabled`. A medium that is
    /// off counts before the hours.
    #[schema(required = false)]
    pub reason: AvailabilityReasonName,
    /// Who rings when a call is taken.
    #[schema(required = false)]
    pub ring_target: RingTargetName,
    /// The call button shows. Hours do not hide it.
    #[schema(required = false)]
    pub icon_visible: bool,
    /// The instant in question, in UTC.
    #[schema(example = "2026-11-23T08:30:00Z", required = false)]
    pub at: String,
    /// The same instant in the local time of the call hours; of UTC where there are none.
    #[schema(example = "2026-11-23T09:30:00+01:00", required = false)]
    pub local_time: String,
    /// The zone of the call hours. Absent: there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(example = "Europe/Paris", nullable = false)]
    pub timezone_id: Option<String>,
    /// While calls are taken: when that ends, in local time. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(example = "2026-11-23T17:00:00+01:00", nullable = false)]
    pub open_until: Option<String>,
    /// While calls are not taken: when that ends, in local time. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub next_open: Option<String>,
    /// With `until`: the spans in which calls are taken from `at` on, cut off at both ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub intervals: Option<Vec<OpenIntervalPayload>>,
}

/// Why a call is taken or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "the domain's `AvailabilityReason` says what they mean"
)]
pub enum AvailabilityReasonName {
    Open,
    OutsideCallHours,
    AudioDisabled,
    VideoDisabled,
}

/// A span in which calls are taken, in local time; at `end` it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenIntervalPayload {
    /// The first instant.
    #[schema(example = "2026-11-23T09:00:00+01:00", required = false)]
    pub start: String,
    /// The instant at which it is over.
    #[schema(example = "2026-11-23T17:00:00+01:00", required = false)]
    pub end: String,
}

/// The answer: the availability in an array of one element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MessengerCallAvailabilityGetResponse)]
pub struct AvailabilityList {
    /// The availability; always one element.
    pub data: Vec<MessengerCallAvailabilityPayload>,
}

impl From<AvailabilityReason> for AvailabilityReasonName {
    fn from(reason: AvailabilityReason) -> Self {
        match reason {
            AvailabilityReason::Open => Self::Open,
            AvailabilityReason::OutsideCallHours => Self::OutsideCallHours,
            AvailabilityReason::AudioDisabled => Self::AudioDisabled,
            AvailabilityReason::VideoDisabled => Self::VideoDisabled,
        }
    }
}

impl MessengerCallAvailabilityPayload {
    /// The answer of these settings to a question.
    pub fn new(availability: &CallAvailability, request: &AvailabilityRequest) -> Self {
        let AvailabilityRequest { medium, at, until } = *request;
        let zone = availability.time_zone();
        let local = |instant| local_text(instant, &zone);
        let decision = availability.decide(medium, at);
        let change = availability.next_change(medium, at).map(local);
        let (open_until, next_open) = if decision.accepting_calls() {
            (change, None)
        } else {
            (None, change)
        };
        Self {
            accepting_calls: decision.accepting_calls(),
            medium: medium.name().to_owned(),
            reason: decision.reason.into(),
            ring_target: decision.ring_target.into(),
            icon_visible: decision.icon_visible,
            at: at.to_string(),
            local_time: local(at),
            timezone_id: availability
                .timezone_id()
                .map(|timezone_id| timezone_id.name().to_owned()),
            open_until,
            next_open,
            intervals: until.map(|until| {
                availability
                    .open_intervals(medium, at, until)
                    .map(|open| OpenIntervalPayload {
                        start: local(open.start),
                        end: local(open.end),
                    })
                    .collect()
            }),
        }
    }

    /// The whole answer with the selected fields, in the order in which they were asked for.
    pub fn list(self, selection: &FieldSelection<AvailabilityField>) -> Bytes {
        let FieldSelection::Some(selected) = selection else {
            let list = AvailabilityList { data: vec![self] };
            let body = serde_json::to_vec(&list).expect("plain structs of strings serialize");
            return Bytes::from(body);
        };
        let value = serde_json::to_value(self).expect("plain structs of strings serialize");
        let mut body = String::from(LIST_START);
        push_fields(&mut body, &value, selected);
        body.push_str(LIST_END);
        Bytes::from(body)
    }
}

#[cfg(test)]
mod tests {
    use call_settings::{CallHours, CallSettings, DayOfWeek, HoursLimits, Medium, OperatingHours};

    use serde_json::Value;

    use super::*;
    use crate::{Field, ParameterValue};

    fn answer(fields: &str) -> String {
        let monday = OperatingHours::new(
            DayOfWeek::Monday,
            "0900".parse().unwrap(),
            "1700".parse().unwrap(),
        );
        let zone = "Europe/Paris".parse().unwrap();
        let hours = CallHours::new(zone, vec![monday.unwrap()], HoursLimits::default()).unwrap();
        let settings = CallSettings {
            call_hours: Some(hours),
            ..CallSettings::default()
        };
        let request = AvailabilityRequest {
            medium: Medium::Audio,
            at: "2026-11-23T12:00:00Z".parse().unwrap(),
            until: Some("2026-11-30T12:00:00Z".parse().unwrap()),
        };
        let selection =
            FieldSelection::from_parameter(Some(&ParameterValue::Text(fields.to_owned()))).unwrap();
        let availability = CallAvailability::new(&settings);
        let body = MessengerCallAvailabilityPayload::new(&availability, &request).list(&selection);
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[test]
    fn the_whole_answer() {
        assert_eq!(
            answer(""),
            r#"{"data":[{"accepting_calls":true,"medium":"audio","reason":"open","ring_target":"META","icon_visible":true,"at":"2026-11-23T12:00:00Z","local_time":"2026-11-23T13:00:00+01:00","timezone_id":"Europe/Paris","open_until":"2026-11-23T17:00:00+01:00","intervals":[{"start":"2026-11-23T13:00:00+01:00","end":"2026-11-23T17:00:00+01:00"},{"start":"2026-11-30T09:00:00+01:00","end":"2026-11-30T13:00:00+01:00"}]}]}"#
        );
    }

    #[test]
    fn selected_fields() {
        assert_eq!(
            answer("intervals{end},reason,next_open"),
            r#"{"data":[{"intervals":[{"end":"2026-11-23T17:00:00+01:00"},{"end":"2026-11-30T13:00:00+01:00"}],"reason":"open"}]}"#
        );
    }

    #[test]
    fn whole_fields_keep_the_order_of_the_whole_answer() {
        let names: Vec<_> = AvailabilityField::ALL.iter().map(|it| it.name()).collect();
        assert_eq!(answer(&names.join(",")), answer(""));
    }

    #[test]
    fn the_list_of_fields_is_that_of_the_payload() {
        let mut written: Value = serde_json::from_str(&answer("")).unwrap();
        let mut written = written["data"][0].take();
        written["next_open"] = Value::Null;
        let mut names: Vec<_> = written.as_object().unwrap().keys().collect();
        let mut known = AvailabilityField::ALL.map(Field::name).to_vec();
        names.sort();
        known.sort_unstable();
        assert_eq!(names, known);
    }
}
