//! The spans of a rule.

use super::HoursTextError;
use super::tokens::{Token, Tokens};
use crate::clock_time::DAY_MINUTES;
use crate::{PlannedSpan, excerpt};

/// From midnight to midnight.
pub(super) const WHOLE_DAY: PlannedSpan = match PlannedSpan::new(0, DAY_MINUTES) {
    Some(day) => day,
    None => panic!("a whole day is a span"),
};

/// Nobody opens before this hour and writes it without saying so: `1-5` is an afternoon.
const EARLIEST_PLAIN_HOUR: u16 = 6;

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
    /// An hour from 1 to 12 without a leading zero: it may be meant on either clock.
    Plain,
    /// On the 24-hour clock.
    Clock24,
    /// With am or pm.
    Clock12,
    /// `noon`.
    Noon,
    /// `midnight`.
    Midnight,
}

impl Form {
    const fn is_word(self) -> bool {
        matches!(self, Self::Noon | Self::Midnight)
    }

    /// Whether the other time of the span has to say which clock is meant.
    const fn may_be_12(self) -> bool {
        matches!(self, Self::Plain) || self.is_word()
    }
}

/// Reads spans with commas between them.
pub(super) fn read(tokens: &mut Tokens) -> Result<Vec<PlannedSpan>, HoursTextError> {
    let mut spans: Vec<PlannedSpan> = Vec::new();
    let mut latest = None;
    loop {
        let next = if tokens.take_if(|token| matches!(token, Token::AllDay | Token::Always)) {
            WHOLE_DAY
        } else {
            span(tokens, latest)?
        };
        latest = latest.max(Some(next.open()));
        spans.push(next);
        let more = matches!(tokens.peek(), Some(Token::Comma))
            && tokens.peek_second().is_some_and(Token::begins_span);
        if !more {
            return Ok(spans);
        }
        tokens.take();
    }
}

/// Reads a span; `latest` is when the latest span before it in the same rule opens.
fn span(tokens: &mut Tokens, latest: Option<u16>) -> Result<PlannedSpan, HoursTextError> {
    let open = time(tokens, "a time such as 09:00 or 9am, or closed")?;
    if !tokens.take_if(|token| matches!(token, Token::Dash)) {
        return Err(tokens.expected("- and the closing time"));
    }
    let close = time(tokens, "the closing time")?;
    check_clear(&open, &close, latest)?;
    if open.minute == DAY_MINUTES && open.form != Form::Midnight {
        return Err(HoursTextError::NoSuchTime {
            time: excerpt(&open.text),
            hint: "as an opening time midnight is 00:00",
        });
    }
    // Midnight opens the day that it begins, and closes the day that it ends.
    let opens = open.minute % DAY_MINUTES;
    let closes = match close.minute {
        0 => DAY_MINUTES,
        minute if minute < opens => minute + DAY_MINUTES,
        minute => minute,
    };
    PlannedSpan::new(opens, closes).ok_or_else(|| HoursTextError::EmptySpan {
        span: written_span(&open, &close),
    })
}

fn written_span(open: &WrittenTime, close: &WrittenTime) -> String {
    excerpt(&format!("{}-{}", open.text, close.text))
}

/// Refuses a span that people would read differently.
fn check_clear(
    open: &WrittenTime,
    close: &WrittenTime,
    latest: Option<u16>,
) -> Result<(), HoursTextError> {
    let ambiguous = |hint: String| {
        Err(HoursTextError::Ambiguous {
            span: written_span(open, close),
            hint,
        })
    };
    let says_half = |time: &WrittenTime| time.form == Form::Clock12;
    if says_half(open) != says_half(close) && !open.form.is_word() && !close.form.is_word() {
        return ambiguous("write am or pm at both times".to_owned());
    }
    let is_plain = |time: &WrittenTime| time.form == Form::Plain;
    let is_open_to_doubt =
        (is_plain(open) || is_plain(close)) && open.form.may_be_12() && close.form.may_be_12();
    if !is_open_to_doubt {
        return Ok(());
    }
    let opens = open.minute % DAY_MINUTES;
    let wraps = close.minute < opens;
    let is_early = is_plain(open) && opens < EARLIEST_PLAIN_HOUR * 60;
    let is_out_of_order = latest.is_some_and(|latest| opens < latest);
    let to_midnight = is_plain(open) && close.form == Form::Midnight;
    if wraps || is_early || is_out_of_order || to_midnight {
        return ambiguous(both_readings(open, close, wraps));
    }
    Ok(())
}

/// How to say each of the two things that a span may mean.
fn both_readings(open: &WrittenTime, close: &WrittenTime, wraps: bool) -> String {
    let with_half = |time: &WrittenTime, half: &str| {
        if time.form == Form::Plain {
            format!("{}{half}", time.text)
        } else {
            time.text.clone()
        }
    };
    let first_half = if open.minute / 60 == 12 || !wraps {
        "pm"
    } else {
        "am"
    };
    let clock = |time: &WrittenTime| {
        let minute = time.minute % DAY_MINUTES;
        format!("{:02}:{:02}", minute / 60, minute % 60)
    };
    format!(
        "write {}-{}, or {}-{}",
        with_half(open, first_half),
        with_half(close, "pm"),
        clock(open),
        if close.minute == DAY_MINUTES {
            "24:00".to_owned()
        } else {
            clock(close)
        }
    )
}

fn time(tokens: &mut Tokens, expected: &'static str) -> Result<WrittenTime, HoursTextError> {
    if !matches!(
        tokens.peek(),
        Some(Token::Time(_) | Token::Noon | Token::Midnight)
    ) {
        return Err(tokens.expected(expected));
    }
    let word = |minute, form, text| WrittenTime { minute, form, text };
    match tokens.take() {
        Some((Token::Noon, text)) => Ok(word(DAY_MINUTES / 2, Form::Noon, text)),
        Some((Token::Midnight, text)) => Ok(word(DAY_MINUTES, Form::Midnight, text)),
        Some((Token::Time(time), text)) => written(&time, text),
        _ => Err(tokens.expected(expected)),
    }
}

/// What to do about a time that cannot be read.
const MALFORMED: &str = "write it as 09:00, 0900, 9am or 9:30pm";

/// Reads `9`, `0900`, `9:30`, `9.30`, `9h30`, each with am or pm behind it or not.
fn written(time: &str, text: String) -> Result<WrittenTime, HoursTextError> {
    let no_such = |hint| HoursTextError::NoSuchTime {
        time: excerpt(&text),
        hint,
    };
    let digits_end = time
        .find(|it: char| !it.is_ascii_digit() && !matches!(it, ':' | '.' | 'h'))
        .unwrap_or(time.len());
    let (digits, half) = match time[digits_end..].chars().next() {
        None => (time, None),
        Some('a') => (&time[..digits_end], Some(0)),
        Some(_) => (&time[..digits_end], Some(12)),
    };
    let (hour, minute) = match digits.split_once([':', '.', 'h']) {
        Some((hour, minute)) => (hour, minute),
        None if digits.len() > 2 => digits.split_at(digits.len() - 2),
        None => (digits, "00"),
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let has_shape = (1..=2).contains(&hour.len()) && minute.len() == 2;
    if !has_shape || !is_number(hour) || !is_number(minute) {
        return Err(no_such(MALFORMED));
    }
    let has_leading_zero = hour.starts_with('0');
    let hour: u16 = hour.parse().map_err(|_error| no_such(MALFORMED))?;
    let minute: u16 = minute.parse().map_err(|_error| no_such(MALFORMED))?;
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
        None if (1..=12).contains(&hour) && !has_leading_zero => (hour, Form::Plain),
        None => (hour, Form::Clock24),
    };
    Ok(WrittenTime {
        minute: hour * 60 + minute,
        form,
        text,
    })
}
