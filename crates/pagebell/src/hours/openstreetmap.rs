//! The weekly part of OpenStreetMap's `opening_hours`.
//!
//! Call hours know neither dates nor holidays, so rules about them are left out, and said to be.

use std::num::NonZeroUsize;

use call_settings::{DayOfWeek, PlannedSpan, WeekPlan, quoted_excerpt};
use opening_hours_syntax::rules::day::{DaySelector, HolidayKind, WeekDayRange, Weekday};
use opening_hours_syntax::rules::time::{Time, TimeSelector, TimeSpan};
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

const DAY_MINUTES: u16 = 24 * 60;

/// How many steps the parser may take, a few milliseconds of them: its grammar goes back over some
/// texts twice for each further rule. The longest value of a map, 255 characters, takes far fewer.
const MOST_STEPS: usize = 500_000;

/// Reads `opening_hours`. The error is a sentence.
pub(super) fn read(text: &str) -> Result<Import, String> {
    // It is one line of a map's data. What is more comes from copying, and comes back in sentences.
    let line = text.replace(char::is_control, " ");
    let text = line.trim().trim_end_matches(';');
    if text.is_empty() {
        return Err("there are no hours in it".to_owned());
    }
    pest::set_call_limit(NonZeroUsize::new(MOST_STEPS));
    let expression = opening_hours_syntax::parse(text).map_err(|error| {
        format!(
            "not opening_hours of OpenStreetMap: {}",
            explain(text, &error)
        )
    })?;
    let mut week = Week {
        holidays_limit_weekdays: limits_weekdays_by_holidays(text),
        ..Week::default()
    };
    for rule in &expression.rules {
        week.apply(rule);
    }
    if !week.has_rule {
        return Err(format!(
            "nothing of it can be kept, as call hours are the same every week: {}",
            week.lost.join("; ")
        ));
    }
    Ok(Import {
        plan: week.to_plan(),
        lost: week.lost,
    })
}

/// What the parser says, in one line. Its words are those of its grammar, so the place is told.
fn explain(text: &str, error: &Error) -> String {
    if error.is_implementation_error() {
        return format!("its parser gives up on {}", quoted_excerpt(text));
    }
    let message = error.to_string();
    let column = message
        .lines()
        .next()
        .and_then(|line| line.trim().strip_prefix("--> 1:"))
        .and_then(|column| column.parse::<usize>().ok());
    match column {
        Some(column) => {
            let rest: String = text.chars().skip(column.saturating_sub(1)).collect();
            format!(
                "it cannot be read from column {column} on, {}",
                quoted_excerpt(&rest)
            )
        }
        None => message.replace('\n', " "),
    }
}

/// Whether some rule is for weekdays that are holidays (`PH Mo-Fr`). The parser does not tell that
/// from holidays and weekdays (`PH,Mo-Fr`).
fn limits_weekdays_by_holidays(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| {
        let is_day = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
            .iter()
            .any(|day| pair[1].starts_with(day));
        (pair[0].ends_with("PH") || pair[0].ends_with("SH")) && is_day
    })
}

#[derive(Debug, Default)]
struct Week {
    days: [Vec<Span>; 7],
    lost: Vec<String>,
    has_rule: bool,
    holidays_limit_weekdays: bool,
}

impl Week {
    /// Applies a rule: a later one replaces what earlier ones said of its days, one behind a comma
    /// adds to it.
    fn apply(&mut self, rule: &RuleSequence) {
        if rule.operator == RuleOperator::Fallback {
            self.lose(rule, "a fallback, for when nothing else is said", &[]);
            return;
        }
        let Some(days) = self.days_of(rule) else {
            return;
        };
        let is_whole_day = rule.time_selector == TimeSelector::default();
        if rule.kind == RuleKind::Unknown
            || (!rule.comment.is_empty() && is_whole_day && rule.kind == RuleKind::Open)
        {
            self.lose(rule, "it is not known whether this is open", &days);
            return;
        }
        let mut spans = Vec::new();
        for span in &rule.time_selector.spans {
            match fixed(span) {
                Ok(fixed) => {
                    spans.push(fixed);
                    if span.open_end {
                        let lost = format!("{rule} (that it may stay open for longer)");
                        self.lost.push(lost);
                    }
                }
                Err(reason) => self.lose(rule, reason, &days),
            }
        }
        if spans.is_empty() {
            return;
        }
        if !rule.comment.is_empty() {
            self.lost.push(format!("the comment \"{}\"", rule.comment));
        }
        self.has_rule = true;
        for day in days {
            let number = day.days_since_monday();
            match rule.kind {
                RuleKind::Closed if is_whole_day => self.days[number].clear(),
                RuleKind::Closed => {
                    for (from, until) in &spans {
                        self.close(number, *from, *until);
                    }
                }
                _ => {
                    if rule.operator == RuleOperator::Normal {
                        self.days[number].clear();
                    }
                    self.days[number].extend(&spans);
                }
            }
        }
    }

    /// Closes a part of a day, also where it is the night of the day before.
    fn close(&mut self, number: usize, from: u16, until: u16) {
        for (day, shift) in [(number, 0), ((number + 6) % 7, DAY_MINUTES)] {
            let (from, until) = (from + shift, until + shift);
            self.days[day] = self.days[day]
                .iter()
                .flat_map(|(open, close)| [(*open, from.min(*close)), (until.max(*open), *close)])
                .filter(|(open, close)| open < close)
                .collect();
        }
    }

    /// Notes that a rule is lost, and that what was said before of its days is not.
    fn lose(&mut self, rule: &RuleSequence, reason: &str, days: &[DayOfWeek]) {
        let kept: Vec<&str> = days
            .iter()
            .filter(|day| !self.days[day.days_since_monday()].is_empty())
            .map(|day| day.title())
            .collect();
        let kept = if kept.is_empty() || rule.operator != RuleOperator::Normal {
            String::new()
        } else {
            format!("; what was said before of {} is kept", kept.join(", "))
        };
        self.lost.push(format!("{rule} ({reason}{kept})"));
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
            self.lose(rule, "it depends on the date", &[]);
            return None;
        }
        if weekday.is_empty() {
            return Some(DayOfWeek::ALL.to_vec());
        }
        let has_weekdays = weekday
            .iter()
            .any(|range| matches!(range, WeekDayRange::Fixed { .. }));
        let mut days = Vec::new();
        for range in weekday {
            match range {
                WeekDayRange::Holiday { .. } if has_weekdays && self.holidays_limit_weekdays => {
                    self.lose(rule, "it may be for holidays only", &[]);
                    return None;
                }
                WeekDayRange::Holiday { kind, .. } => {
                    let reason = match kind {
                        HolidayKind::Public => "call hours know no public holidays",
                        HolidayKind::School => "call hours know no school holidays",
                    };
                    self.lose(rule, reason, &[]);
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
                        self.lose(rule, "it is not for every week", &[]);
                    }
                }
            }
        }
        (!days.is_empty()).then_some(days)
    }

    /// The week as a plan: nights are given to the day they are on, and what overlaps is joined.
    fn to_plan(&self) -> WeekPlan {
        let mut parts: [Vec<Span>; 7] = Default::default();
        for (number, spans) in self.days.iter().enumerate() {
            for (open, close) in spans {
                if *open < DAY_MINUTES {
                    parts[number].push((*open, (*close).min(DAY_MINUTES)));
                }
                if *close > DAY_MINUTES {
                    let night = (open.saturating_sub(DAY_MINUTES), close - DAY_MINUTES);
                    parts[(number + 1) % 7].push(night);
                }
            }
        }
        let mut plan = WeekPlan::default();
        for (day, spans) in DayOfWeek::ALL.into_iter().zip(parts) {
            for (open, close) in joined(spans) {
                let span = PlannedSpan::new(open, close);
                plan.open(day, span.expect("parts of a day are spans of it"));
            }
        }
        plan
    }
}

/// A span by its minutes, or why it has none.
fn fixed(span: &TimeSpan) -> Result<Span, &'static str> {
    let (Time::Fixed(open), Time::Fixed(close)) = (&span.range.start, &span.range.end) else {
        return Err("it depends on the sun");
    };
    if span.repeats.is_some() {
        return Err("it repeats");
    }
    let (open, close) = (open.mins_from_midnight(), close.mins_from_midnight());
    if span.open_end && close == DAY_MINUTES {
        return Err("when it closes is not said");
    }
    Ok(if close <= open {
        (open, close + DAY_MINUTES)
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
            ("Mo-Fr 09:00-17:00;", "Mon-Fri 09:00-17:00"),
            (
                "Mo-Su 20:00-02:00; We off",
                "Mon, Tue, Fri-Sun 00:00-02:00, 20:00-24:00; Wed 00:00-02:00; Thu 20:00-24:00",
            ),
            (
                "Fr 20:00-02:00, Sa 01:00-05:00",
                "Fri 20:00-24:00; Sat 00:00-05:00",
            ),
            ("Mo 00:00-26:00", "Mon 00:00-24:00; Tue 00:00-02:00"),
            (
                "Fr 22:00-04:00; Sa 01:00-02:00 off",
                "Fri 22:00-24:00; Sat 00:00-01:00, 02:00-04:00",
            ),
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
                "Mo-Fr 09:00-17:00; Fr unknown",
                "Mon-Fri 09:00-17:00",
                "Fr unknown (it is not known whether this is open; what was said before of Friday is kept)",
            ),
            (
                "Mo-Fr 09:00-17:00; Sa \"by appointment\"",
                "Mon-Fri 09:00-17:00",
                "Sa \"by appointment\" (it is not known whether this is open)",
            ),
            (
                "Mo-Fr 09:00-17:00; PH Mo-Fr off",
                "Mon-Fri 09:00-17:00",
                "PH,Mo-Fr closed (it may be for holidays only)",
            ),
            (
                "Mo 09:00-17:00+",
                "Mon 09:00-17:00",
                "Mo 09:00-17:00+ (that it may stay open for longer)",
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
    fn where_nothing_can_be_kept_nothing_is_made() {
        for text in [
            "Apr-Oct 09:00-17:00",
            "sunrise-sunset",
            "\"by appointment\"",
            "PH off",
        ] {
            let error = read(text).unwrap_err();
            assert!(
                error.starts_with("nothing of it can be kept"),
                "{text}: {error}"
            );
        }
        assert_eq!(read(" ").unwrap_err(), "there are no hours in it");
        let error = read("Mo-Fr 9 to 5").unwrap_err();
        assert!(error.contains("from column 7 on, \"9 to 5\""), "{error}");
    }

    #[test]
    fn a_text_that_takes_too_long_is_refused() {
        let endless = format!("{}J", "Jan Fr[1],".repeat(40));
        assert!(read(&endless).is_err());
        let (week, _lost) = import(&"Mo-Fr 09:00-12:00,14:00-18:00; Sa 9:00-12:00; ".repeat(6));
        assert_eq!(week, "Mon-Fri 09:00-12:00, 14:00-18:00; Sat 09:00-12:00");
    }

    #[test]
    fn comments_do_not_end_the_line() {
        let (_week, lost) = import("Mo 09:00-12:00 \"by\n\u{1b}bell\"");
        assert_eq!(lost, ["the comment \"by  bell\""]);
        assert!(!read("\"a\nb\"").unwrap_err().contains('\n'));
    }

    #[test]
    fn what_is_no_opening_hours_is_one_sentence() {
        let by_a_slip_of_the_parser = "Mo 10:00-12:00/24:00";
        for text in [
            "often",
            "Mo\n\"b\" 9 to 5",
            "Mo-Fr 9 to 5",
            "Mo 99:00-12:00",
            by_a_slip_of_the_parser,
        ] {
            let error = read(text).unwrap_err();
            assert!(
                error.starts_with("not opening_hours of OpenStreetMap: "),
                "{error}"
            );
            assert!(!error.contains('\n') && !error.contains("://"), "{error}");
        }
    }
}
