//! Call hours written for people.

use std::fmt;

use crate::{CallHours, DayOfWeek, PlannedSpan};

/// Writes call hours as `Mon-Fri 09:00-17:00; Sat 10:00-14:00 (Europe/Paris)`, which
/// [`CallHours::from_text`] reads back.
#[derive(Clone, Copy, Debug)]
pub struct HoursText<'a>(pub &'a CallHours);

impl fmt::Display for HoursText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", WeekText(self.0), self.0.timezone_id())
    }
}

/// The same without the zone.
#[derive(Clone, Copy, Debug)]
pub struct WeekText<'a>(pub &'a CallHours);

impl fmt::Display for WeekText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<(Vec<PlannedSpan>, Vec<DayOfWeek>)> = Vec::new();
        for day in DayOfWeek::ALL {
            let spans = self.0.spans_of(day);
            match groups.iter_mut().find(|(known, _days)| *known == spans) {
                _ if spans.is_empty() => {}
                Some((_spans, days)) => days.push(day),
                None => groups.push((spans, vec![day])),
            }
        }
        if groups.is_empty() {
            return formatter.write_str("closed");
        }
        if let [(spans, days)] = groups.as_slice()
            && spans.as_slice() == [super::times::WHOLE_DAY]
            && days.len() == 7
        {
            return formatter.write_str("24/7");
        }
        let rules: Vec<String> = groups
            .iter()
            .map(|(spans, days)| {
                let spans: Vec<String> = spans.iter().map(ToString::to_string).collect();
                format!("{} {}", days_text(days), spans.join(", "))
            })
            .collect();
        formatter.write_str(&rules.join("; "))
    }
}

/// Days in their order: three and more in a row as a range, others as a list.
fn days_text(days: &[DayOfWeek]) -> String {
    let runs = days.chunk_by(|one, other| other.days_since_monday() == one.days_since_monday() + 1);
    let texts: Vec<String> = runs
        .flat_map(|run| match run {
            [first, _, .., last] => {
                vec![format!("{}-{}", first.short_title(), last.short_title())]
            }
            few => few.iter().map(|day| day.short_title().to_owned()).collect(),
        })
        .collect();
    texts.join(", ")
}
