//! The days of a rule.

use super::HoursTextError;
use super::tokens::{Token, Tokens};
use crate::DayOfWeek;

/// Reads days in ranges and lists; `None`: the rule names none. A range may go over Sunday.
pub(super) fn read(tokens: &mut Tokens) -> Result<Option<Vec<DayOfWeek>>, HoursTextError> {
    let mut days = Vec::new();
    while tokens.peek().is_some_and(Token::is_day) {
        match tokens.take() {
            Some((Token::Days(several), _text)) => days.extend(several),
            Some((Token::Day(first), _text)) => {
                let mut last = first;
                if tokens.take_if(|token| matches!(token, Token::Dash)) {
                    match tokens.take() {
                        Some((Token::Day(day), _text)) => last = day,
                        other => {
                            return Err(HoursTextError::Expected {
                                expected: "the last day of the range",
                                found: other.map(|(_token, text)| text),
                            });
                        }
                    }
                }
                days.extend(range(first, last));
            }
            _ => {}
        }
        let more = matches!(tokens.peek(), Some(Token::Comma))
            && tokens.peek_second().is_some_and(Token::is_day);
        if more {
            tokens.take();
        }
    }
    days.sort_unstable();
    days.dedup();
    Ok((!days.is_empty()).then_some(days))
}

fn range(first: DayOfWeek, last: DayOfWeek) -> Vec<DayOfWeek> {
    let mut days = vec![first];
    let mut day = first;
    while day != last {
        day = day.next();
        days.push(day);
    }
    days
}
