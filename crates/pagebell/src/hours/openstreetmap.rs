//! The weekly part of OpenStreetMap's `opening_hours`.
//!
//! Call hours know neither dates nor holidays, so rules about them are left out, and said to be.

use call_settings::{DayOfWeek, PlannedSpan, WeekPlan};
use opening_hours_syntax::rules::day::{DaySelector, HolidayKind, WeekDayRange, Weekday};
use opening_hours_syntax::rules::time::{Time, TimeSpan};
use opening_hours_syntax::rules::{RuleOperator, RuleSequence};
use opening_hours_syntax::{Error, RuleKind};

/// What was made of a text.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) plan: WeekPlan,
    /// A sentence for each part that the plan does not have.
    pub(super) lost: Vec<String>,
}

/// Minutes since the midnight of a day; the second may be past the next midnight.
type Span = (u16, u16);

/// Reads `opening_hours`. The error is a sentence.
pub(super) fn read(text: &str) -> Result<Import, String> {
    let expression = opening_hours_syntax::parse(text)
        .map_err(|error| format!("not opening_hours of OpenStreetMap: {}", one_line(&error)))?;
    let mut week = Week::default();
    for rule in &expression.rules {
        week.apply(rule);
    }
    let mut plan = WeekPlan::default();
    for (day, spans) in DayOfWeek::ALL.into_iter().zip(week.days) {
        for (open, close) in joined(spans) {
            match PlannedSpan::new(open, close) {
                Some(span) => plan.open(day, span),
                None => return Err(format!("{} has a span of more than a day", day.title())),
            }
        }
    }
    Ok(Import {
        plan,
        lost: week.lost,
    })
}

/// What the parser says, which draws the place of a mistake over several lines, in one.
fn one_line(error: &Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim);
    match (lines.next(), lines.next_back()) {
        (Some(place), Some(reason)) => format!(
            "{} at {}",
            reason.trim_start_matches(['=', ' ']),
            place.trim_start_matches(['-', '>', ' '])
        ),
        _ => text,
    }
}

#[derive(Debug, Default)]
struct Week {
    days: [Vec<Span>; 7],
    lost: Vec<String>,
}

impl Week {
    /// Applies a rule: a later one replaces what earlier ones said of its days, one behind a comma
    /// adds to it.
    fn apply(&mut self, rule: &RuleSequence) {
        let lose = |reason: &str| format!("{rule} ({reason})");
        if rule.operator == RuleOperator::Fallback {
            self.lost
                .push(lose("a fallback, for when nothing else is said"));
            return;
        }
        if rule.kind == RuleKind::Unknown {
            self.lost.push(lose("it is not known whether this is open"));
            return;
        }
        let Some(days) = self.days_of(rule) else {
            return;
        };
        if !rule.comment.is_empty() {
            self.lost.push(format!("the comment \"{}\"", rule.comment));
        }
        let mut spans = Vec::new();
        for span in &rule.time_selector.spans {
            match fixed(span) {
                Ok(span) => spans.push(span),
                Err(reason) => self.lost.push(lose(reason)),
            }
        }
        let is_all_lost = spans.is_empty();
        for day in days {
            let planned = &mut self.days[day.days_since_monday()];
            match rule.kind {
                RuleKind::Closed => {
                    for (from, until) in &spans {
                        *planned = without(planned, *from, *until);
                    }
                }
                _ if is_all_lost => {}
                _ => {
                    if rule.operator == RuleOperator::Normal {
                        planned.clear();
                    }
                    planned.extend(&spans);
                }
            }
        }
    }

    /// The days of a rule, or none where it depends on the date.
    fn days_of(&mut self, rule: &RuleSequence) -> Option<Vec<DayOfWeek>> {
        let DaySelector {
            year,
            monthday,
            week,
            weekday,
        } = &rule.day_selector;
        if !(year.is_empty() && monthday.is_empty() && week.is_empty()) {
            self.lost.push(format!("{rule} (it depends on the date)"));
            return None;
        }
        if weekday.is_empty() {
            return Some(DayOfWeek::ALL.to_vec());
        }
        let mut days = Vec::new();
        for range in weekday {
            match range {
                WeekDayRange::Holiday { kind, .. } => {
                    let kind = match kind {
                        HolidayKind::Public => "public",
                        HolidayKind::School => "school",
                    };
                    let lost = format!("{rule} (call hours know no {kind} holidays)");
                    self.lost.push(lost);
                }
                WeekDayRange::Fixed {
                    range,
                    offset,
                    nth_from_start,
                    nth_from_end,
                } => {
                    let is_every =
                        *offset == 0 && nth_from_start.iter().chain(nth_from_end).all(|nth| *nth);
                    if is_every {
                        days.extend(between(*range.start(), *range.end()));
                    } else {
                        let lost = format!("{rule} (it is not for every week)");
                        self.lost.push(lost);
                    }
                }
            }
        }
        (!days.is_empty()).then_some(days)
    }
}

/// A span by its minutes, or why it has none.
fn fixed(span: &TimeSpan) -> Result<Span, &'static str> {
    let (Time::Fixed(open), Time::Fixed(close)) = (&span.range.start, &span.range.end) else {
        return Err("it depends on the sun");
    };
    if span.open_end {
        return Err("when it closes is not said");
    }
    if span.repeats.is_some() {
        return Err("it repeats");
    }
    let (open, close) = (open.mins_from_midnight(), close.mins_from_midnight());
    Ok(if close <= open {
        (open, close + 24 * 60)
    } else {
        (open, close)
    })
}

fn between(first: Weekday, last: Weekday) -> Vec<DayOfWeek> {
    let day = |weekday: Weekday| DayOfWeek::ALL[weekday.num_days_from_monday() as usize];
    let mut days = vec![day(first)];
    while days.last() != Some(&day(last)) {
        days.extend(days.last().map(|day| day.next()));
    }
    days
}

/// The spans without a part of them.
fn without(spans: &[Span], from: u16, until: u16) -> Vec<Span> {
    spans
        .iter()
        .flat_map(|(open, close)| [(*open, from.min(*close)), (until.max(*open), *close)])
        .filter(|(open, close)| open < close)
        .collect()
}

/// The spans in their order, those that overlap or touch joined.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for (open, close) in spans {
        match joined.last_mut() {
            Some(last) if open <= last.1 => last.1 = last.1.max(close),
            _ => joined.push((open, close)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use call_settings::{HoursLimits, WeekText};

    use super::*;

    fn import(text: &str) -> (String, Vec<String>) {
        let import = read(text).unwrap();
        let zone = "Europe/Paris".parse().unwrap();
        let hours = import.plan.into_call_hours(zone, HoursLimits::WIDEST);
        (WeekText(&hours.unwrap()).to_string(), import.lost)
    }

    #[test]
    fn weekly_rules_are_kept() {
        for (text, week) in [
            ("24/7", "24/7"),
            ("Mo-Fr 08:00-17:30", "Mon-Fri 08:00-17:30"),
            (
                "Mo-Fr 08:00-12:00,13:00-17:30; Sa 08:00-12:00",
                "Mon-Fri 08:00-12:00, 13:00-17:30; Sat 08:00-12:00",
            ),
            ("Mo-Su 09:00-17:00; We off", "Mon, Tue, Thu-Sun 09:00-17:00"),
            (
                "Mo-Fr 09:00-17:00; Fr 09:00-12:00",
                "Mon-Thu 09:00-17:00; Fri 09:00-12:00",
            ),
            (
                "Mo-Fr 09:00-17:00, We 19:00-21:00",
                "Mon, Tue, Thu, Fri 09:00-17:00; Wed 09:00-17:00, 19:00-21:00",
            ),
            (
                "Mo-Fr 09:00-17:00; Mo-Fr 12:00-13:00 off",
                "Mon-Fri 09:00-12:00, 13:00-17:00",
            ),
            ("Fr 20:00-26:00", "Fri 20:00-24:00; Sat 00:00-02:00"),
            ("Fr-Mo 10:00-18:00", "Mon, Fri-Sun 10:00-18:00"),
            ("09:00-12:00,11:00-15:00", "Mon-Sun 09:00-15:00"),
            ("off", "closed"),
        ] {
            assert_eq!(import(text), (week.to_owned(), vec![]), "{text}");
        }
    }

    #[test]
    fn what_is_lost_is_said() {
        for (text, week, lost) in [
            (
                "Mo-Fr 09:00-17:00; PH off",
                "Mon-Fri 09:00-17:00",
                "PH closed (call hours know no public holidays)",
            ),
            (
                "Mo-Fr,PH 09:00-17:00",
                "Mon-Fri 09:00-17:00",
                "Mo-Fr,PH 09:00-17:00 (call hours know no public holidays)",
            ),
            (
                "Mo-Fr 09:00-17:00; Jul-Aug 10:00-12:00",
                "Mon-Fri 09:00-17:00",
                "Jul-Aug 10:00-12:00 (it depends on the date)",
            ),
            (
                "Mo-Fr 09:00-17:00; Sa[1] 10:00-12:00",
                "Mon-Fri 09:00-17:00",
                "Sa[1] 10:00-12:00 (it is not for every week)",
            ),
            (
                "Mo 09:00-17:00; Tu sunrise-sunset",
                "Mon 09:00-17:00",
                "Tu sunrise-sunset (it depends on the sun)",
            ),
            (
                "Mo 09:00-17:00; Tu 09:00+",
                "Mon 09:00-17:00",
                "Tu 09:00+ (when it closes is not said)",
            ),
            (
                "Mo 09:00-17:00 || \"on appointment\"",
                "Mon 09:00-17:00",
                "24/7 \"on appointment\" (a fallback, for when nothing else is said)",
            ),
            (
                "Mo 09:00-17:00 \"ring twice\"",
                "Mon 09:00-17:00",
                "the comment \"ring twice\"",
            ),
        ] {
            assert_eq!(
                import(text),
                (week.to_owned(), vec![lost.to_owned()]),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_opening_hours_is_one_sentence() {
        for text in ["", "often", "Mo-Fr 9 to 5", "Mo 99:00-12:00"] {
            let error = read(text).unwrap_err();
            assert!(
                error.starts_with("not opening_hours of OpenStreetMap: "),
                "{error}"
            );
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
