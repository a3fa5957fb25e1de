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
    /// `24 hours`: the whole day.
    AllDay,
    Closed,
    Dash,
    Comma,
    Semicolon,
    NewLine,
}

impl Token {
    /// Whether a span can begin with it.
    pub(super) const fn begins_span(&self) -> bool {
        matches!(
            self,
            Self::Time(_) | Self::Noon | Self::Midnight | Self::AllDay | Self::Always
        )
    }

    pub(super) const fn is_day(&self) -> bool {
        matches!(self, Self::Day(_) | Self::Days(_))
    }
}

/// A token with the text that it came from and the line, from 1.
#[derive(Debug)]
struct Placed {
    token: Token,
    text: String,
    line: usize,
}

/// The tokens of a text that are not read yet.
pub(super) struct Tokens {
    rest: std::vec::IntoIter<Placed>,
    /// The line of the token that was taken last.
    line: usize,
}

const WEEKDAYS: &[DayOfWeek] = &[
    DayOfWeek::Monday,
    DayOfWeek::Tuesday,
    DayOfWeek::Wednesday,
    DayOfWeek::Thursday,
    DayOfWeek::Friday,
];
const WEEKEND: &[DayOfWeek] = &[DayOfWeek::Saturday, DayOfWeek::Sunday];

/// The halves of the day as they stand behind a time, the longer spellings first.
const HALVES: [&str; 8] = ["a.m.", "p.m.", "a.m", "p.m", "am", "pm", "a", "p"];

/// Words for hours behind a time, which say nothing, but for `24 hours`.
const HOURS: [&str; 4] = ["hours", "hrs", "hour", "h"];

impl Tokens {
    pub(super) fn read(text: &str) -> Result<Self, HoursTextError> {
        let mut found = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            if line > 1 {
                found.push(Placed {
                    token: Token::NewLine,
                    text: "the end of the line".to_owned(),
                    line,
                });
            }
            read_line(text, line, &mut found).map_err(|error| error.in_line(line))?;
        }
        Ok(Self {
            rest: found.into_iter(),
            line: 1,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.as_slice().is_empty()
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.rest.as_slice().first().map(|placed| &placed.token)
    }

    /// The token behind the next one.
    pub(super) fn peek_second(&self) -> Option<&Token> {
        self.rest.as_slice().get(1).map(|placed| &placed.token)
    }

    pub(super) fn take(&mut self) -> Option<(Token, String)> {
        let placed = self.rest.next()?;
        self.line = placed.line;
        Some((placed.token, placed.text))
    }

    /// Takes the next token if it is wanted; says whether it was.
    pub(super) fn take_if(&mut self, wanted: impl FnOnce(&Token) -> bool) -> bool {
        let is_wanted = self.peek().is_some_and(wanted);
        if is_wanted {
            self.take();
        }
        is_wanted
    }

    /// The line of the token that was taken last.
    pub(super) const fn line(&self) -> usize {
        self.line
    }

    /// The error that something else than the next token was expected.
    pub(super) fn expected(&self, expected: &'static str) -> HoursTextError {
        HoursTextError::Expected {
            expected,
            found: self
                .rest
                .as_slice()
                .first()
                .map(|placed| excerpt(&placed.text)),
        }
    }
}

fn read_line(text: &str, line: usize, found: &mut Vec<Placed>) -> Result<(), HoursTextError> {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '0'..='9' => length_of_time(rest),
            letter if letter.is_alphabetic() => length_of_word(rest),
            other => other.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        let piece = piece.trim_end();
        let Some(token) = token(first, piece)? else {
            continue;
        };
        // "12 noon" is noon.
        let is_noon = token == Token::Noon || token == Token::Midnight;
        if is_noon
            && matches!(found.last(), Some(last) if last.token == Token::Time("12".to_owned()))
        {
            found.pop();
        }
        found.push(Placed {
            token,
            text: piece.to_owned(),
            line,
        });
    }
    Ok(())
}

/// A time with its minutes and its half of the day, which may stand behind a space; or `24/7`.
fn length_of_time(text: &str) -> usize {
    if text.starts_with("24/7") {
        return 4;
    }
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|it| it.is_ascii_digit())
            .count()
    };
    let mut length = digits(0);
    while let Some(b':' | b'.' | b'h' | b'H') = bytes.get(length)
        && digits(length + 1) > 0
    {
        length += 1 + digits(length + 1);
    }
    let behind = text[length..].trim_start();
    let spaces = text.len() - length - behind.len();
    let lower: String = behind.chars().take(6).collect::<String>().to_lowercase();
    let suffix = HALVES.into_iter().chain(HOURS).find(|suffix| {
        lower
            .strip_prefix(suffix)
            .is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
    });
    match suffix {
        // "9 a" may be the beginning of anything.
        Some(suffix) if suffix.len() > 1 || spaces == 0 || suffix == "h" => {
            length + spaces + suffix.len()
        }
        _ => length,
    }
}

fn length_of_word(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphabetic())
        .unwrap_or(text.len())
}

/// The token that a piece of text is; `None`: it means nothing.
fn token(first: char, piece: &str) -> Result<Option<Token>, HoursTextError> {
    let token = match first {
        '0'..='9' => time(&piece.to_lowercase()),
        '-' | '~' | '\u{2010}'..='\u{2015}' | '\u{2212}' => Token::Dash,
        ',' | '&' | '/' => Token::Comma,
        ';' => Token::Semicolon,
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

fn time(piece: &str) -> Token {
    let compact: String = piece.chars().filter(|it| !it.is_whitespace()).collect();
    let without_hours = HOURS
        .into_iter()
        .find_map(|hours| compact.strip_suffix(hours));
    match (compact.as_str(), without_hours) {
        ("24/7", _) => Token::Always,
        (_, Some("24")) => Token::AllDay,
        (_, Some(time)) | (time, None) => Token::Time(time.to_owned()),
    }
}

fn word(word: &str) -> Result<Option<Token>, HoursTextError> {
    Ok(Some(match word.to_lowercase().as_str() {
        "to" | "til" | "till" | "until" | "through" | "thru" => Token::Dash,
        "and" => Token::Comma,
        "from" | "open" | "every" | "each" | "day" | "hours" | "on" | "the" => return Ok(None),
        "closed" | "off" => Token::Closed,
        "noon" => Token::Noon,
        "midnight" => Token::Midnight,
        "always" => Token::Always,
        "all" | "allday" => Token::AllDay,
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

/// The day that a word names: its name, its plural, its beginning of at least two letters, or the
/// first letter where no other day has it.
fn day(word: &str) -> Option<DayOfWeek> {
    if word == "weds" {
        return Some(DayOfWeek::Wednesday);
    }
    let singular = word.strip_suffix('s').filter(|it| it.ends_with("day"));
    let name = singular.unwrap_or(word);
    let is_clear = name.len() >= 2 || matches!(name, "m" | "w" | "f");
    DayOfWeek::ALL
        .into_iter()
        .find(|day| is_clear && day.title().to_lowercase().starts_with(name))
}
