//! Call hours as people write them: `Mon-Fri 09:00-17:00; Sat 10:00-14:00 (Europe/Paris)`.
//!
//! Rules stand between `;`, line ends or commas. A rule is days and their spans; without days it is
//! for all of them. Days are names or their beginnings, in ranges and lists. Times are read on the
//! 12- and the 24-hour clock. `closed` takes back what earlier rules gave the days. What people
//! would read differently (`9-5`, `9:00-5:00`, `9-12, 1-5`) is refused.

mod days;
mod times;
mod tokens;
mod writing;

use crate::{
    CallHours, DayOfWeek, HoursLimits, TimeZoneId, UnknownTimeZone, WeekPlan, WeekPlanError,
    excerpt,
};
use tokens::{Token, Tokens};
pub use writing::{HoursText, WeekText};

/// Why a text is no call hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursTextError {
    /// There is nothing in the text.
    #[error(
        "there are no hours; write days and times, such as \"Mon-Fri 09:00-17:00\", or closed, or 24/7"
    )]
    Empty,
    /// The text has no zone, and none was given.
    #[error(
        "in which time zone? Add it in parentheses behind the hours, or give it apart, such as Europe/Paris"
    )]
    NoTimeZone,
    /// The zone in the text is not the one that was given.
    #[error("two time zones: {in_text} in the text and {given} beside it")]
    TwoTimeZones {
        /// The zone in the text.
        in_text: TimeZoneId,
        /// The zone that was given.
        given: TimeZoneId,
    },
    /// The zone in the text does not exist.
    #[error("{name:?} is {source}")]
    UnknownTimeZone {
        /// The text in the parentheses.
        name: String,
        /// What is wrong with it.
        source: UnknownTimeZone,
    },
    /// Something else was expected.
    #[error("expected {expected}{}", match found { Some(found) => format!(", not {found:?}"), None => " at the end".to_owned() })]
    Expected {
        /// What could stand there.
        expected: &'static str,
        /// What stands there; `None`: the text ends.
        found: Option<String>,
    },
    /// A time that does not exist.
    #[error("{time:?} is no time: {hint}")]
    NoSuchTime {
        /// The time as written.
        time: String,
        /// What is wrong with it.
        hint: &'static str,
    },
    /// A span that could mean two things.
    #[error("{span:?} can be read in two ways: {hint}")]
    Ambiguous {
        /// The span as written.
        span: String,
        /// How to say what is meant.
        hint: String,
    },
    /// Something is wrong in one of several lines.
    #[error("line {line}: {error}")]
    InLine {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        error: Box<Self>,
    },
    /// `closed` without days, behind rules that it would take back.
    #[error("closed on which days? Write them before it, such as \"Sun closed\"")]
    ClosedOnWhichDays,
    /// A span that begins and ends at the same time.
    #[error("{span:?} is empty; a whole day is 00:00-24:00")]
    EmptySpan {
        /// The span as written.
        span: String,
    },
    /// The hours are clear, but not lawful.
    #[error(transparent)]
    Unlawful(#[from] WeekPlanError),
}

impl CallHours {
    /// Reads hours as people write them. The zone stands in parentheses at the end of the text, or
    /// is given beside it. Entries come in the order of the week.
    pub fn from_text(
        text: &str,
        timezone_id: Option<TimeZoneId>,
        limits: HoursLimits,
    ) -> Result<Self, HoursTextError> {
        let (text, in_text) = split_zone(text)?;
        let plan = plan_of(text)?;
        let timezone_id = match (in_text, timezone_id) {
            (Some(in_text), Some(given)) if in_text != given => {
                return Err(HoursTextError::TwoTimeZones { in_text, given });
            }
            (Some(zone), _) | (None, Some(zone)) => zone,
            (None, None) => return Err(HoursTextError::NoTimeZone),
        };
        Ok(plan.into_call_hours(timezone_id, limits)?)
    }
}

/// Takes the zone in parentheses off the end.
fn split_zone(text: &str) -> Result<(&str, Option<TimeZoneId>), HoursTextError> {
    let trimmed = text.trim();
    let Some((hours, name)) = trimmed
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
    else {
        return Ok((trimmed, None));
    };
    match name.trim().parse() {
        Ok(zone) => Ok((hours, Some(zone))),
        Err(source) => Err(HoursTextError::UnknownTimeZone {
            name: excerpt(name.trim()),
            source,
        }),
    }
}

fn plan_of(text: &str) -> Result<WeekPlan, HoursTextError> {
    let is_end = |token: &Token| matches!(token, Token::Comma | Token::Semicolon | Token::NewLine);
    let mut tokens = Tokens::read(text).map_err(|error| error.if_of(text))?;
    let mut plan = WeekPlan::default();
    let mut rules = 0;
    loop {
        while tokens.take_if(is_end) {}
        if tokens.is_empty() {
            break;
        }
        let read = rule(&mut tokens, &mut plan, rules == 0);
        let ended = read.and_then(|()| match tokens.peek() {
            Some(token) if !is_end(token) => Err(tokens.expected("a comma or a semicolon")),
            _ => Ok(()),
        });
        ended.map_err(|error| error.in_line(tokens.line()).if_of(text))?;
        rules += 1;
    }
    if rules == 0 {
        return Err(HoursTextError::Empty);
    }
    Ok(plan)
}

/// Reads one rule: days and spans or a word for them, in either order.
fn rule(tokens: &mut Tokens, plan: &mut WeekPlan, is_first: bool) -> Result<(), HoursTextError> {
    let mut days = days::read(tokens)?;
    if days.is_some() {
        // Copied from a page, the times of a day often stand in the next line.
        let next_line_is_times = matches!(tokens.peek(), Some(Token::NewLine))
            && tokens
                .peek_second()
                .is_some_and(|token| token.begins_span() || matches!(token, Token::Closed));
        if next_line_is_times {
            tokens.take();
        }
    }
    let spans = if tokens.take_if(|token| matches!(token, Token::Closed)) {
        Vec::new()
    } else {
        times::read(tokens)?
    };
    if days.is_none() {
        days = days::read(tokens)?;
    }
    if days.is_none() && spans.is_empty() && !is_first {
        return Err(HoursTextError::ClosedOnWhichDays);
    }
    for day in days.unwrap_or_else(|| DayOfWeek::ALL.to_vec()) {
        if spans.is_empty() {
            plan.close(day);
        }
        for span in &spans {
            plan.open(day, *span);
        }
    }
    Ok(())
}

impl HoursTextError {
    fn in_line(self, line: usize) -> Self {
        match self {
            Self::InLine { .. } => self,
            error => Self::InLine {
                line,
                error: Box::new(error),
            },
        }
    }

    /// The error without its line where the text has only one.
    fn if_of(self, text: &str) -> Self {
        match self {
            Self::InLine { error, .. } if text.lines().count() <= 1 => *error,
            error => error,
        }
    }
}

#[cfg(test)]
mod tests;
