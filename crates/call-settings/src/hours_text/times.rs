//! The spans of a rule.

use super::HoursTextError;
use super::tokens::{Token, Tokens};
use crate::{PlannedSpan, excerpt};

const DAY_MINUTES: u16 = 24 * 60;

/// From midnight to midnight.
pub(super) const WHOLE_DAY: PlannedSpan = match PlannedSpan::new(0, DAY_MINUTES) {
    Some(day) => day,
    None => panic!("a whole day is a span"),
};

/// A time as written.
#[derive(Debug)]
struct WrittenTime {
    /// Minutes since midnight, 0 to 1440.
    minute: u16,
    form: Form,
    text: String,
}

/// How much a time says about which half of the day it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// An hour up to 12 and nothing else: it may be meant on either clock.
    BareHour,
    /// On the 24-hour clock.
    Clock24,
    /// With am or pm.
    Clock12,
    /// `noon` or `midnight`.
    Word,
}

/// Reads spans with commas between them.
pub(super) fn read(tokens: &mut Tokens) -> Result<Vec<PlannedSpan>, HoursTextError> {
    let mut spans = Vec::new();
    loop {
        if tokens.take_if(|token| matches!(token, Token::AllDay | Token::Always)) {
            spans.push(WHOLE_DAY);
        } else {
            spans.push(span(tokens)?);
        }
        let more = matches!(tokens.peek(), Some(Token::Comma))
            && matches!(
                tokens.peek_second(),
                Some(Token::Time(_) | Token::Noon | Token::Midnight)
            );
        if !more {
            return Ok(spans);
        }
        tokens.take();
    }
}

fn span(tokens: &mut Tokens) -> Result<PlannedSpan, HoursTextError> {
    let open = time(tokens, "a time such as 09:00 or 9am, or closed")?;
    if !tokens.take_if(|token| matches!(token, Token::Dash)) {
        return Err(tokens.expected("- and the closing time"));
    }
    let close = time(tokens, "the closing time")?;
    let span = || format!("{}-{}", open.text, close.text);
    let is_12 = |form| form == Form::Clock12;
    let mixed = is_12(open.form) != is_12(close.form)
        && open.form != Form::Word
        && close.form != Form::Word;
    if mixed {
        return Err(HoursTextError::Ambiguous {
            span: span(),
            hint: "write am or pm at both times, or at none".to_owned(),
        });
    }
    // Midnight closes the day that it ends, and opens the day that it begins.
    let opens = open.minute % DAY_MINUTES;
    let is_24 = open.minute == DAY_MINUTES && open.form != Form::Word;
    if is_24 {
        return Err(HoursTextError::NoSuchTime {
            time: excerpt(&open.text),
            hint: "as an opening time midnight is 00:00",
        });
    }
    let closes = match close.minute {
        0 => DAY_MINUTES,
        minute => minute,
    };
    if closes < opens && open.form == Form::BareHour && close.form == Form::BareHour {
        let (first, second) = (opens / 60, closes / 60);
        return Err(HoursTextError::Ambiguous {
            span: span(),
            hint: format!(
                "write {first}am-{second}pm, or with minutes {first:02}:00-{second:02}:00 for a span past midnight"
            ),
        });
    }
    let closes = if closes < opens {
        closes + DAY_MINUTES
    } else {
        closes
    };
    PlannedSpan::new(opens, closes).ok_or_else(|| HoursTextError::EmptySpan { span: span() })
}

fn time(tokens: &mut Tokens, expected: &'static str) -> Result<WrittenTime, HoursTextError> {
    if !matches!(
        tokens.peek(),
        Some(Token::Time(_) | Token::Noon | Token::Midnight)
    ) {
        return Err(tokens.expected(expected));
    }
    let word = |minute, text| WrittenTime {
        minute,
        form: Form::Word,
        text,
    };
    match tokens.take() {
        Some((Token::Noon, text)) => Ok(word(DAY_MINUTES / 2, text)),
        Some((Token::Midnight, text)) => Ok(word(DAY_MINUTES, text)),
        Some((Token::Time(time), text)) => written(&time, text),
        _ => Err(tokens.expected(expected)),
    }
}

/// Reads `9`, `0900`, `9:30`, `9.30`, `9h30`, each with am or pm behind it or not.
fn written(time: &str, text: String) -> Result<WrittenTime, HoursTextError> {
    let no_such = |hint| HoursTextError::NoSuchTime {
        time: excerpt(&text),
        hint,
    };
    let malformed = "write it as 09:00, 0900, 9am or 9:30pm";
    let compact = time.replace("a.m.", "am").replace("p.m.", "pm");
    let (digits, half) = match (compact.strip_suffix("am"), compact.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (compact.as_str(), None),
    };
    let (hour, minute) = match digits.split_once([':', '.', 'h']) {
        Some((hour, "")) if digits.ends_with('h') => (hour, "00"),
        Some((hour, minute)) => (hour, minute),
        None if digits.len() > 2 => digits.split_at(digits.len() - 2),
        None => (digits, ""),
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_bare = minute.is_empty();
    let shape = (1..=2).contains(&hour.len()) && (is_bare || minute.len() == 2);
    if !shape || !is_number(hour) || !is_number(minute) {
        return Err(no_such(malformed));
    }
    let hour: u16 = hour.parse().map_err(|_error| no_such(malformed))?;
    let minute: u16 = if is_bare {
        0
    } else {
        minute.parse().map_err(|_error| no_such(malformed))?
    };
    if minute > 59 {
        return Err(no_such("an hour has minutes 00 to 59"));
    }
    let (hour, form) = match half {
        Some(_) if !(1..=12).contains(&hour) => {
            return Err(no_such("with am and pm, hours go from 1 to 12"));
        }
        Some(noon) => (hour % 12 + noon, Form::Clock12),
        None if hour > 24 || (hour == 24 && minute > 0) => {
            return Err(no_such("a day ends at 24:00"));
        }
        None if is_bare && hour <= 12 => (hour, Form::BareHour),
        None => (hour, Form::Clock24),
    };
    Ok(WrittenTime {
        minute: hour * 60 + minute,
        form,
        text,
    })
}
