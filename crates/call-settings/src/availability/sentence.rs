//! A decision in a sentence.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::{AvailabilityReason, CallAvailability, Medium};

/// The moment that a sentence is about.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// The present.
    Now(Timestamp),
    /// Another time.
    At(Timestamp),
}

impl CallAvailability {
    /// What happens to a call, in a sentence for people, such as `Open now, until 17:00 today
    /// (Europe/Paris)`.
    pub fn sentence(&self, medium: Medium, moment: Moment) -> String {
        sentence(self, medium, moment)
    }
}

fn sentence(availability: &CallAvailability, medium: Medium, moment: Moment) -> String {
    let (Moment::Now(at) | Moment::At(at)) = moment;
    let zone = availability.time_zone();
    let local = at.to_zoned(zone.clone());
    let when = match moment {
        Moment::Now(_) => "now".to_owned(),
        Moment::At(_) => {
            let zoneless = if availability.timezone_id().is_none() {
                " UTC"
            } else {
                ""
            };
            let date = local.strftime("on %A %-d %B %Y at");
            format!("{date} {}{zoneless}", clock_time(&local))
        }
    };
    let change = availability
        .next_change(medium, at)
        .map(|change| change.to_zoned(zone));
    let place = availability
        .timezone_id()
        .map_or(String::new(), |zone| format!(" ({zone})"));
    let days = Days { moment, local };
    match (availability.decide(medium, at).reason, change) {
        (AvailabilityReason::Open, Some(change)) => {
            format!("Open {when}, until {}{place}", days.end(&change))
        }
        (AvailabilityReason::Open, None) if place.is_empty() => {
            format!("Open {when}: no call hours are set, calls are taken at any hour")
        }
        (AvailabilityReason::Open, None) => format!("Open {when}, around the clock{place}"),
        (AvailabilityReason::OutsideCallHours, Some(change)) => {
            format!("Closed {when}, opens {}{place}", days.start(&change))
        }
        (AvailabilityReason::OutsideCallHours, None) => {
            format!("Closed {when}, and all week{place}")
        }
        (AvailabilityReason::AudioDisabled, _) => format!("Closed {when}: audio calls are off"),
        (AvailabilityReason::VideoDisabled, _) => format!("Closed {when}: video calls are off"),
    }
}

/// Names days as seen from a moment.
struct Days {
    moment: Moment,
    local: Zoned,
}

impl Days {
    /// The end of a span. Midnight belongs to the day that it ends.
    fn end(&self, end: &Zoned) -> String {
        let yesterday = end.date().checked_sub(1.day());
        match yesterday {
            Ok(date) if end.time() == Time::midnight() => self.on_day("24:00", date),
            _ => self.start(end),
        }
    }

    fn start(&self, start: &Zoned) -> String {
        self.on_day(&clock_time(start), start.date())
    }

    fn on_day(&self, time: &str, date: Date) -> String {
        let today = self.local.date();
        let is_now = matches!(self.moment, Moment::Now(_));
        match today.until(date).map(|span| span.get_days()) {
            Ok(0) if is_now => format!("{time} today"),
            Ok(0) => format!("{time} the same day"),
            Ok(1) if is_now => format!("{time} tomorrow"),
            Ok(1) => format!("{time} the next day"),
            Ok(2..7) => format!("{} {time}", date.strftime("%A")),
            _ if date.year() == today.year() => {
                format!("{} {time}", date.strftime("%A %-d %B"))
            }
            _ => format!("{} {time}", date.strftime("%A %-d %B %Y")),
        }
    }
}

/// The time on the wall clock, with the offset where the clock shows that time twice.
pub fn clock_time(local: &Zoned) -> String {
    let shown: DateTime = local.datetime();
    let is_twice = is_shown_twice(local.time_zone(), shown);
    let format = if is_twice { "%H:%M (%:z)" } else { "%H:%M" };
    local.strftime(format).to_string()
}

fn is_shown_twice(zone: &TimeZone, shown: DateTime) -> bool {
    matches!(
        zone.to_ambiguous_timestamp(shown).offset(),
        jiff::tz::AmbiguousOffset::Fold { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallHours, CallSettings, HoursLimits};

    fn availability(hours: &str) -> CallAvailability {
        let limits = HoursLimits::new(2).unwrap();
        CallAvailability::new(&CallSettings {
            call_hours: Some(CallHours::from_text(hours, None, limits).unwrap()),
            ..CallSettings::default()
        })
    }

    fn now(hours: &str, at: &str) -> String {
        let moment = Moment::Now(at.parse().unwrap());
        sentence(&availability(hours), Medium::Audio, moment)
    }

    #[test]
    fn sentences_about_now() {
        let week = "Mon-Fri 09:00-17:00 (Europe/Paris)";
        for (hours, at, sentence) in [
            (
                week,
                "2026-11-23T09:30:00+01:00",
                "Open now, until 17:00 today (Europe/Paris)",
            ),
            (
                week,
                "2026-11-23T08:30:00+01:00",
                "Closed now, opens 09:00 today (Europe/Paris)",
            ),
            (
                week,
                "2026-11-23T17:00:00+01:00",
                "Closed now, opens 09:00 tomorrow (Europe/Paris)",
            ),
            (
                week,
                "2026-11-27T17:00:00+01:00",
                "Closed now, opens Monday 09:00 (Europe/Paris)",
            ),
            (
                "Mon 09:00-17:00 (Europe/Paris)",
                "2026-11-23T17:00:00+01:00",
                "Closed now, opens Monday 30 November 09:00 (Europe/Paris)",
            ),
            (
                "Mon 09:00-17:00 (Europe/Paris)",
                "2026-12-28T17:00:00+01:00",
                "Closed now, opens Monday 4 January 2027 09:00 (Europe/Paris)",
            ),
            (
                "Mon-Fri 18:00-24:00 (UTC)",
                "2026-11-23T20:00:00Z",
                "Open now, until 24:00 today (UTC)",
            ),
            (
                "Mon 18:00-02:00 (UTC)",
                "2026-11-23T20:00:00Z",
                "Open now, until 02:00 tomorrow (UTC)",
            ),
            (
                "Sun 01:00-02:30 (Europe/Paris)",
                "2026-10-25T00:00:00Z",
                "Open now, until 02:30 (+02:00) today (Europe/Paris)",
            ),
            (
                "24/7 (UTC)",
                "2026-11-23T20:00:00Z",
                "Open now, around the clock (UTC)",
            ),
            (
                "closed (UTC)",
                "2026-11-23T20:00:00Z",
                "Closed now, and all week (UTC)",
            ),
        ] {
            assert_eq!(now(hours, at), sentence);
        }
    }

    #[test]
    fn sentences_about_another_time() {
        let at = Moment::At("2026-11-23T09:30:00+01:00".parse().unwrap());
        let week = availability("Mon-Fri 09:00-17:00 (Europe/Paris)");
        let about = |availability, medium| sentence(availability, medium, at);
        assert_eq!(
            about(&week, Medium::Audio),
            "Open on Monday 23 November 2026 at 09:30, until 17:00 the same day (Europe/Paris)"
        );
        assert_eq!(
            about(&week, Medium::Video),
            "Closed on Monday 23 November 2026 at 09:30: video calls are off"
        );
        let unset = CallAvailability::new(&CallSettings::default());
        assert_eq!(
            about(&unset, Medium::Audio),
            "Open on Monday 23 November 2026 at 08:30 UTC: no call hours are set, calls are taken \
             at any hour"
        );
    }
}
