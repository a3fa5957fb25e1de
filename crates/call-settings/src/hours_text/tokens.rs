//! From characters to words and signs.

use super::HoursTextError;
use crate::{DayOfWeek, excerpt};

/// A word or a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Day(DayOfWeek),
    /// Several days by one word: `weekdays`, `weekends`, `daily`.
    Days(&'static [DayOfWeek]),
    /// A time, with all that belongs to it, in lower case and without spaces: `9`, `09:30`, `9am`.
    Time(String),
    Noon,
    Midnight,
    /// `24/7`.
    Always,
    /// `24h`: the whole day.
    AllDay,
    Closed,
    Dash,
    Comma,
    /// A semicolon or the end of a line.
    EndOfRule,
}

/// The tokens of a text that are not read yet, each with the text it came from.
pub(super) struct Tokens {
    rest: std::vec::IntoIter<(Token, String)>,
}

const WEEKDAYS: &[DayOfWeek] = &[
    DayOfWeek::Monday,
    DayOfWeek::Tuesday,
    DayOfWeek::Wednesday,
    DayOfWeek::Thursday,
    DayOfWeek::Friday,
];
const WEEKEND: &[DayOfWeek] = &[DayOfWeek::Saturday, DayOfWeek::Sunday];

impl Tokens {
    pub(super) fn read(text: &str) -> Result<Self, HoursTextError> {
        let text = text.to_lowercase();
        let mut found = Vec::new();
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '0'..='9' => length_of_time(rest),
                letter if letter.is_alphabetic() => length_of_word(rest),
                other => other.len_utf8(),
            };
            let (piece, behind) = rest.split_at(length);
            rest = behind;
            if let Some(token) = token(first, piece.trim_end())? {
                found.push((token, piece.trim_end().to_owned()));
            }
        }
        Ok(Self {
            rest: found.into_iter(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.as_slice().is_empty()
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.rest.as_slice().first().map(|(token, _text)| token)
    }

    /// The token behind the next one.
    pub(super) fn peek_second(&self) -> Option<&Token> {
        self.rest.as_slice().get(1).map(|(token, _text)| token)
    }

    pub(super) fn take(&mut self) -> Option<(Token, String)> {
        self.rest.next()
    }

    /// Takes the next token if it is wanted; says whether it was.
    pub(super) fn take_if(&mut self, wanted: impl FnOnce(&Token) -> bool) -> bool {
        let is_wanted = self.peek().is_some_and(wanted);
        if is_wanted {
            self.rest.next();
        }
        is_wanted
    }

    /// The error that something else than the next token was expected.
    pub(super) fn expected(&self, expected: &'static str) -> HoursTextError {
        HoursTextError::Expected {
            expected,
            found: self
                .rest
                .as_slice()
                .first()
                .map(|(_token, text)| excerpt(text)),
        }
    }
}

/// A time with its minutes and its half of the day, which may stand behind a space; or `24/7`.
fn length_of_time(text: &str) -> usize {
    if text.starts_with("24/7") {
        return 4;
    }
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'h');
    let digits = text.bytes().take_while(|byte| is_part(byte)).count();
    let behind = text[digits..].trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let spaces = text.len() - digits - behind.len();
    let half = ["a.m.", "p.m.", "am", "pm"]
        .into_iter()
        .find(|half| behind.starts_with(half));
    match half {
        Some(half) => digits + spaces + half.len(),
        None => text[..digits].trim_end_matches([':', '.']).len().max(1),
    }
}

fn length_of_word(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphabetic())
        .unwrap_or(text.len())
}

/// The token that a piece of text is; `None`: it means nothing.
fn token(first: char, piece: &str) -> Result<Option<Token>, HoursTextError> {
    let token = match first {
        '0'..='9' => match piece {
            "24/7" => Token::Always,
            "24h" => Token::AllDay,
            time => Token::Time(time.replace([' ', '\u{a0}', '\u{202f}'], "")),
        },
        '-' | '\u{2010}'..='\u{2015}' => Token::Dash,
        ',' | '&' | '+' => Token::Comma,
        ';' | '\n' => Token::EndOfRule,
        // A colon behind the days, as in "Mon: 9:00-17:00", and a point behind "Mon.".
        ':' | '.' => return Ok(None),
        space if space.is_whitespace() => return Ok(None),
        letter if letter.is_alphabetic() => return word(piece),
        _ => {
            return Err(HoursTextError::Expected {
                expected: "a day or a time",
                found: Some(excerpt(piece)),
            });
        }
    };
    Ok(Some(token))
}

fn word(word: &str) -> Result<Option<Token>, HoursTextError> {
    Ok(Some(match word {
        "to" | "til" | "till" | "until" | "through" | "thru" => Token::Dash,
        "and" => Token::Comma,
        "from" | "open" | "every" | "each" | "day" | "hours" | "on" => return Ok(None),
        "closed" | "off" => Token::Closed,
        "noon" => Token::Noon,
        "midnight" => Token::Midnight,
        "always" => Token::Always,
        "allday" => Token::AllDay,
        "weekdays" | "weekday" | "workdays" => Token::Days(WEEKDAYS),
        "weekends" | "weekend" => Token::Days(WEEKEND),
        "daily" | "everyday" => Token::Days(&DayOfWeek::ALL),
        name => match day(name) {
            Some(day) => Token::Day(day),
            None => {
                return Err(HoursTextError::Expected {
                    expected: "a day or a time",
                    found: Some(excerpt(word)),
                });
            }
        },
    }))
}

/// The day that a word names: its name, its plural, or at least two letters of its beginning.
fn day(word: &str) -> Option<DayOfWeek> {
    let singular = word.strip_suffix('s').filter(|it| it.ends_with("day"));
    let name = singular.unwrap_or(word);
    DayOfWeek::ALL
        .into_iter()
        .find(|day| name.len() >= 2 && day.title().to_lowercase().starts_with(name))
}
