//! An edit of settings that someone else changed since the edit was started.
//!
//! Three settings meet: the base, which the edit was started from; the edited ones; and the stored
//! ones. What the edit left as the base had it takes the stored value, so that saving an edit never
//! reverts a change that its author neither made nor saw. Call hours are merged by time zone and
//! by day.

use call_settings::{
    CallHours, CallSettings, DayOfWeek, HoursLimits, OperatingHours, SettingsUpdate, TimeZoneId,
};
use serde::Serialize;

use super::changes::{self, Change};

/// An edit on top of the stored settings.
#[derive(Debug)]
pub(super) struct Merge {
    /// The stored settings with the parts that the edit changed.
    pub(super) settings: CallSettings,
    /// What the edit changes in the stored settings.
    pub(super) differences: Vec<Difference>,
    /// What the others changed and the edit leaves to them.
    pub(super) kept: Vec<Change>,
}

/// Something that the edit would make different from what is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    #[serde(flatten)]
    pub(super) change: Change,
    /// The others changed it too, so saving the edit replaces their value.
    pub(super) is_contested: bool,
}

/// Merges an edit of `base` with what is stored. Without a base nobody can say what the edit left
/// alone: it is applied as it is, and each of its differences counts as contested.
pub(super) fn merge(
    base: Option<&CallSettings>,
    stored: &CallSettings,
    update: &SettingsUpdate,
) -> Merge {
    let Some(base) = base else {
        let settings = stored.updated(update);
        let differences = changes::between(stored, &settings)
            .into_iter()
            .map(|change| Difference {
                change,
                is_contested: true,
            })
            .collect();
        return Merge {
            settings,
            differences,
            kept: Vec::new(),
        };
    };
    let settings = merged(base, stored, &base.updated(update));
    let theirs = changes::between(base, stored);
    let differences: Vec<Difference> = changes::between(stored, &settings)
        .into_iter()
        .map(|change| Difference {
            is_contested: theirs.iter().any(|other| other.what == change.what),
            change,
        })
        .collect();
    let is_replaced = |what| differences.iter().any(|it| it.change.what == what);
    Merge {
        kept: theirs
            .into_iter()
            .filter(|change| !is_replaced(change.what))
            .collect(),
        settings,
        differences,
    }
}

fn merged(base: &CallSettings, stored: &CallSettings, edited: &CallSettings) -> CallSettings {
    CallSettings {
        audio_enabled: part(
            base.audio_enabled,
            stored.audio_enabled,
            edited.audio_enabled,
        ),
        icon_enabled: part(base.icon_enabled, stored.icon_enabled, edited.icon_enabled),
        video_enabled: part(
            base.video_enabled,
            stored.video_enabled,
            edited.video_enabled,
        ),
        ring_target: part(base.ring_target, stored.ring_target, edited.ring_target),
        call_hours: match (&base.call_hours, &stored.call_hours, &edited.call_hours) {
            (Some(base), Some(stored), Some(edited)) => Some(merged_hours(base, stored, edited)),
            // Where one of the three has no hours, there are no days to compare.
            (base, stored, edited) => part(base, stored, edited).clone(),
        },
    }
}

fn merged_hours(base: &CallHours, stored: &CallHours, edited: &CallHours) -> CallHours {
    let zone: TimeZoneId = part(
        base.timezone_id(),
        stored.timezone_id(),
        edited.timezone_id(),
    );
    let is_edited = |day| base.spans_of(day) != edited.spans_of(day);
    if zone == stored.timezone_id() && !DayOfWeek::ALL.into_iter().any(is_edited) {
        return stored.clone();
    }
    let entries: Vec<OperatingHours> = DayOfWeek::ALL
        .into_iter()
        .flat_map(|day| {
            let source = if is_edited(day) { edited } else { stored };
            let entries = source.weekly_operating_hours().iter();
            entries.copied().filter(move |entry| entry.day() == day)
        })
        .collect();
    CallHours::new(zone, entries, HoursLimits::WIDEST).expect(
        "each day is whole from one of two valid weeks, and days do not depend on each other",
    )
}

/// The edited value where the edit changed it, else the stored one.
fn part<T: Copy + PartialEq>(base: T, stored: T, edited: T) -> T {
    if edited == base { stored } else { edited }
}

#[cfg(test)]
mod tests {
    use call_settings::{CallHoursChange, RingTarget};

    use super::*;

    fn hours(text: &str) -> CallHours {
        let limits = HoursLimits::new(2).unwrap();
        CallHours::from_text(text, None, limits).unwrap()
    }

    fn with_hours(text: &str) -> CallSettings {
        CallSettings {
            call_hours: Some(hours(text)),
            ..CallSettings::default()
        }
    }

    /// An update that names every field, as an edit of a whole form may.
    fn every_field(settings: &CallSettings) -> SettingsUpdate {
        SettingsUpdate {
            audio_enabled: Some(settings.audio_enabled),
            icon_enabled: Some(settings.icon_enabled),
            video_enabled: Some(settings.video_enabled),
            ring_target: Some(settings.ring_target),
            call_hours: settings
                .call_hours
                .clone()
                .map_or(CallHoursChange::Remove, CallHoursChange::Replace),
        }
    }

    fn told(merge: &Merge) -> Vec<String> {
        let differences = merge.differences.iter().map(|it| {
            let Change { what, from, to } = &it.change;
            let word = if it.is_contested { "contested" } else { "mine" };
            format!("{word} {what}: {from} -> {to}")
        });
        let kept = merge
            .kept
            .iter()
            .map(|Change { what, from, to }| format!("kept {what}: {from} -> {to}"));
        differences.chain(kept).collect()
    }

    #[test]
    fn what_the_edit_did_not_touch_stays_as_the_others_stored_it() {
        let base = with_hours("Mon-Tue 9-17 (Europe/Paris)");
        let stored = CallSettings {
            icon_enabled: false,
            ..with_hours("Mon 8-17, Tue 9-17, Sat 10-12 (Europe/Paris)")
        };
        let edited = CallSettings {
            ring_target: RingTarget::Partners,
            ..with_hours("Mon 9-18, Tue 10-17 (Europe/Paris)")
        };
        let merge = merge(Some(&base), &stored, &every_field(&edited));
        assert_eq!(
            merge.settings,
            CallSettings {
                icon_enabled: false,
                ring_target: RingTarget::Partners,
                ..with_hours("Mon 9-18, Tue 10-17, Sat 10-12 (Europe/Paris)")
            }
        );
        assert_eq!(
            told(&merge),
            [
                "mine Calls ring: in Meta's inbox -> at partners",
                "contested Monday: 08:00-17:00 -> 09:00-18:00",
                "mine Tuesday: 09:00-17:00 -> 10:00-17:00",
                "kept Call button: shown -> hidden",
                "kept Saturday: closed -> 10:00-12:00",
            ]
        );
    }

    #[test]
    fn hours_that_were_removed_or_added_are_one_part() {
        let (none, week) = (CallSettings::default(), with_hours("Mon 9-17 (UTC)"));
        let other = with_hours("Tue 9-17 (UTC)");
        let silent = CallSettings {
            video_enabled: true,
            ..week.clone()
        };
        for (base, stored, edited, expected) in [
            (&week, &none, &week, &none),
            (&week, &none, &other, &other),
            (&week, &other, &none, &none),
            (&none, &week, &none, &week),
            (&none, &week, &other, &other),
            (
                &week,
                &none,
                &silent,
                &CallSettings {
                    video_enabled: true,
                    ..none.clone()
                },
            ),
        ] {
            let merge = merge(Some(base), stored, &every_field(edited));
            assert_eq!(&merge.settings, expected, "{base:?} {stored:?} {edited:?}");
        }
    }

    #[test]
    fn the_zone_and_the_days_are_parts_of_their_own() {
        let base = with_hours("Mon 9-17 (Europe/Paris)");
        let stored = with_hours("Mon 9-17 (Europe/Berlin)");
        let edited = with_hours("Mon 9-18 (Europe/Paris)");
        let merge = merge(Some(&base), &stored, &every_field(&edited));
        assert_eq!(merge.settings, with_hours("Mon 9-18 (Europe/Berlin)"));
        assert_eq!(
            told(&merge),
            [
                "mine Monday: 09:00-17:00 -> 09:00-18:00",
                "kept Time zone: Europe/Paris -> Europe/Berlin",
            ]
        );
    }

    #[test]
    fn an_edit_of_an_unknown_base_is_contested_throughout() {
        let update = SettingsUpdate {
            icon_enabled: Some(false),
            ..SettingsUpdate::default()
        };
        let merge = merge(None, &CallSettings::default(), &update);
        assert_eq!(told(&merge), ["contested Call button: shown -> hidden"]);
        assert!(!merge.settings.icon_enabled);
    }
}
