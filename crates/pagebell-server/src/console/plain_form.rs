//! The editor's form where no script runs: switches, who rings, and the hours as text.

use std::fmt;

use call_settings::{
    CallHours, CallHoursChange, CallSettings, HoursLimits, HoursTextError, RingTarget,
    SettingsUpdate, TimeZoneId, UnknownTimeZone, WeekText,
};
use graph_api::Parameters;
use settings_store::Revision;

use super::Conflict;

/// The field with the form token.
pub(crate) const FORM_TOKEN: &str = "form_token";

/// The field with the revision that the form was made from.
pub(crate) const REVISION: &str = "revision";

/// What the form shows, or what was typed into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlainForm {
    /// The revision that the form was made from.
    pub(crate) revision: Revision,
    pub(crate) audio_enabled: bool,
    pub(crate) video_enabled: bool,
    pub(crate) icon_enabled: bool,
    pub(crate) ring_target: RingTarget,
    /// Hours as `pagebell hours parse` reads them; empty: calls are taken at any hour.
    pub(crate) hours: String,
    /// The name of the zone of the hours.
    pub(crate) timezone_id: String,
}

/// Why the hours of a form are none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlainFormError {
    #[error("Call hours: {0}")]
    Hours(#[from] HoursTextError),
    #[error("Time zone: it is {0}")]
    TimeZone(#[from] UnknownTimeZone),
}

impl PlainForm {
    /// The form that shows settings.
    pub(crate) fn of(settings: &CallSettings, revision: Revision) -> Self {
        let hours = settings.call_hours.as_ref();
        Self {
            revision,
            audio_enabled: settings.audio_enabled,
            video_enabled: settings.video_enabled,
            icon_enabled: settings.icon_enabled,
            ring_target: settings.ring_target,
            hours: hours.map_or_else(String::new, |it| WeekText(it).to_string()),
            timezone_id: hours.map_or_else(String::new, |it| it.timezone_id().to_string()),
        }
    }

    /// Reads the form as a browser sends it; `None`: a page without these fields sent it.
    pub(crate) fn parse(fields: &Parameters) -> Option<Self> {
        // A switch that is off is not sent.
        let is_on = |name| fields.text(name).is_some();
        Some(Self {
            revision: Revision::new(fields.text(REVISION)?.parse().ok()?),
            audio_enabled: is_on("audio_enabled"),
            video_enabled: is_on("video_enabled"),
            icon_enabled: is_on("icon_enabled"),
            ring_target: fields.text("ring_target")?.parse().ok()?,
            hours: fields.text("hours")?.trim().to_owned(),
            timezone_id: fields.text("timezone_id")?.trim().to_owned(),
        })
    }

    /// The update that makes settings what the form says. Hours whose text is still that of `stored`
    /// are not touched.
    ///
    /// # Errors
    ///
    /// The hours cannot be read, or the zone does not exist.
    pub(crate) fn update(
        &self,
        stored: &CallSettings,
        limits: HoursLimits,
    ) -> Result<SettingsUpdate, PlainFormError> {
        let shown = Self::of(stored, self.revision);
        let call_hours = if (&shown.hours, &shown.timezone_id) == (&self.hours, &self.timezone_id) {
            CallHoursChange::Keep
        } else if self.hours.is_empty() {
            CallHoursChange::Remove
        } else {
            let zone = Some(self.timezone_id.as_str()).filter(|name| !name.is_empty());
            let zone = zone.map(str::parse::<TimeZoneId>).transpose()?;
            CallHoursChange::Replace(CallHours::from_text(&self.hours, zone, limits)?)
        };
        Ok(SettingsUpdate {
            audio_enabled: Some(self.audio_enabled),
            icon_enabled: Some(self.icon_enabled),
            video_enabled: Some(self.video_enabled),
            ring_target: Some(self.ring_target),
            call_hours,
        })
    }
}

/// What became of a form that was sent.
#[derive(Debug)]
pub(crate) enum PlainNotice {
    /// It is stored.
    Saved,
    /// It was made before another sign-in. It is shown again, to be sent again.
    OtherSession,
    /// Something in it cannot be read.
    Mistake(String),
    /// Someone else changed the Page meanwhile. The form shows both.
    Conflict {
        changed_by: Option<String>,
        changes: Vec<String>,
    },
}

impl PlainNotice {
    /// The notice of a conflict, and the form that shows the stored settings with the edit.
    pub(crate) fn of_conflict(conflict: Conflict) -> (Self, PlainForm) {
        let form = PlainForm::of(
            &conflict.merged_settings,
            Revision::new(conflict.stored.revision),
        );
        let theirs = conflict.kept.iter().map(|change| {
            format!(
                "{}: {} instead of {} (changed by others)",
                change.what, change.to, change.from
            )
        });
        let mine = conflict.differences.iter().map(|difference| {
            let change = &difference.change;
            let both = if difference.is_contested {
                "changed by both of you"
            } else {
                "your change"
            };
            format!(
                "{}: {} instead of {} ({both})",
                change.what, change.to, change.from
            )
        });
        let notice = Self::Conflict {
            changes: theirs.chain(mine).collect(),
            changed_by: conflict.changed_by,
        };
        (notice, form)
    }

    /// Whether something is still to be done.
    pub(crate) const fn is_complaint(&self) -> bool {
        !matches!(self, Self::Saved)
    }

    /// The changes that meet in a conflict.
    pub(crate) fn changes(&self) -> &[String] {
        match self {
            Self::Conflict { changes, .. } => changes,
            _ => &[],
        }
    }
}

impl fmt::Display for PlainNotice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saved => formatter.write_str("Saved."),
            Self::OtherSession => {
                formatter.write_str("Nothing is saved yet: you signed in again since. Save again.")
            }
            Self::Mistake(message) => write!(formatter, "Nothing is saved yet. {message}"),
            Self::Conflict { changed_by, .. } => {
                formatter.write_str("Nothing is saved yet: someone else changed this Page")?;
                if let Some(author) = changed_by {
                    write!(formatter, " ({author})")?;
                }
                formatter.write_str(
                    ". The form now shows their changes with yours. Check it, then save.",
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> HoursLimits {
        HoursLimits::new(2).unwrap()
    }

    fn with_hours(text: &str) -> CallSettings {
        CallSettings {
            call_hours: Some(CallHours::from_text(text, None, limits()).unwrap()),
            ..CallSettings::default()
        }
    }

    fn of_fields(text: &str) -> Option<PlainForm> {
        PlainForm::parse(&Parameters::from_query(text))
    }

    #[test]
    fn what_a_browser_sends_is_what_the_form_shows() {
        let settings = CallSettings {
            video_enabled: true,
            icon_enabled: false,
            ring_target: RingTarget::Partners,
            ..with_hours("Mon-Fri 9-12, 13-17 (Europe/Paris)")
        };
        let sent = "revision=7&audio_enabled=on&video_enabled=on&ring_target=PARTNERS\
                    &hours=+Mon-Fri+09:00-12:00,+13:00-17:00%0d%0a&timezone_id=Europe/Paris";
        let form = of_fields(sent).unwrap();
        assert_eq!(form, PlainForm::of(&settings, Revision::new(7)));
        let update = form.update(&settings, limits()).unwrap();
        assert_eq!(update.call_hours, CallHoursChange::Keep);
        assert!(CallSettings::default().updated(&update).video_enabled);
        assert_eq!(of_fields("audio_enabled=on"), None, "another form");
    }

    #[test]
    fn hours_are_replaced_removed_or_refused() {
        let stored = with_hours("Mon 9-17 (Europe/Paris)");
        let form = |hours: &str, zone: &str| PlainForm {
            hours: hours.to_owned(),
            timezone_id: zone.to_owned(),
            ..PlainForm::of(&stored, Revision::new(1))
        };
        let update = |hours, zone| form(hours, zone).update(&stored, limits());
        let updated = |hours, zone| stored.updated(&update(hours, zone).unwrap());
        assert_eq!(
            updated("Tue 10-11", "Asia/Tokyo"),
            with_hours("Tue 10-11 (Asia/Tokyo)")
        );
        assert_eq!(
            updated("Tue 10-11 (Asia/Tokyo)", ""),
            with_hours("Tue 10-11 (Asia/Tokyo)")
        );
        assert_eq!(updated("", "Europe/Paris").call_hours, None);
        for (hours, zone, complaint) in [
            ("Tue 10-11", "", "in which time zone?"),
            ("Tue 10-11", "Europe/Pari", "Europe/Paris"),
            ("Tuesday at ten", "UTC", "Call hours: "),
        ] {
            let message = update(hours, zone).unwrap_err().to_string();
            assert!(message.contains(complaint), "{message}");
        }
    }
}
