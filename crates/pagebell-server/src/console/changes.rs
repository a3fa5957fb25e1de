//! What differs between two settings, in words.

use call_settings::{CallHours, CallSettings, DayOfWeek, RingTarget};
use serde::Serialize;

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// What is different.
    pub(crate) what: &'static str,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// The differences, in the order of the console.
pub(crate) fn between(before: &CallSettings, after: &CallSettings) -> Vec<Change> {
    let switch = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
    let mut changes = Vec::new();
    let mut note = |what, from: String, to: String| {
        if from != to {
            changes.push(Change { what, from, to });
        }
    };
    note(
        "Audio calls",
        switch(before.audio_enabled),
        switch(after.audio_enabled),
    );
    note(
        "Video calls",
        switch(before.video_enabled),
        switch(after.video_enabled),
    );
    note(
        "Call button",
        if before.icon_enabled {
            "shown"
        } else {
            "hidden"
        }
        .to_owned(),
        if after.icon_enabled {
            "shown"
        } else {
            "hidden"
        }
        .to_owned(),
    );
    note(
        "Calls ring",
        ring_target(before.ring_target).to_owned(),
        ring_target(after.ring_target).to_owned(),
    );
    note(
        "Time zone",
        zone(before.call_hours.as_ref()),
        zone(after.call_hours.as_ref()),
    );
    for day in DayOfWeek::ALL {
        note(
            day.title(),
            day_text(before.call_hours.as_ref(), day),
            day_text(after.call_hours.as_ref(), day),
        );
    }
    changes
}

/// Who rings, in words.
pub(crate) const fn ring_target(target: RingTarget) -> &'static str {
    match target {
        RingTarget::Meta => "in Meta's inbox",
        RingTarget::Partners => "at partners",
    }
}

fn zone(hours: Option<&CallHours>) -> String {
    hours.map_or("none".to_owned(), |hours| hours.timezone_id().to_string())
}

fn day_text(hours: Option<&CallHours>, day: DayOfWeek) -> String {
    let Some(hours) = hours else {
        return "any hour".to_owned();
    };
    let spans: Vec<String> = hours
        .spans_of(day)
        .iter()
        .map(ToString::to_string)
        .collect();
    if spans.is_empty() {
        "closed".to_owned()
    } else {
        spans.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use call_settings::HoursLimits;

    use super::*;

    #[test]
    fn each_difference_is_told() {
        let hours = |text: &str| {
            let limits = HoursLimits::new(2).unwrap();
            Some(CallHours::from_text(text, None, limits).unwrap())
        };
        let before = CallSettings::default();
        let after = CallSettings {
            video_enabled: true,
            ring_target: RingTarget::Partners,
            call_hours: hours("Mon 9-12, 13-17 (Europe/Paris)"),
            ..CallSettings::default()
        };
        let texts = |changes: Vec<Change>| -> Vec<String> {
            let text = |it: &Change| format!("{}: {} -> {}", it.what, it.from, it.to);
            changes.iter().map(text).collect()
        };
        assert_eq!(
            texts(between(&before, &after))[..5],
            [
                "Video calls: off -> on",
                "Calls ring: in Meta's inbox -> at partners",
                "Time zone: none -> Europe/Paris",
                "Monday: any hour -> 09:00-12:00, 13:00-17:00",
                "Tuesday: any hour -> closed",
            ]
        );
        assert!(between(&after, &after).is_empty());
    }
}
