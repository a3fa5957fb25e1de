//! `/control/clock` (ours): what callers send and get.

use call_settings::{excerpt, quoted_excerpt};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::Serialize;

use crate::{GraphError, Parameters, parse_instant};

/// What is to be done to the clock, in the order of the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockCommand {
    /// Go back to the machine's time; nothing else stands beside it.
    pub reset: bool,
    /// Show this instant.
    pub set: Option<Timestamp>,
    /// Go ahead by this much.
    pub advance: Option<SignedDuration>,
    /// Stand still (true), or run on from what is shown (false).
    pub freeze: Option<bool>,
}

/// What the clock shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClockState {
    /// The instant that the server takes for the present.
    pub now: String,
    /// Whether it stands still.
    pub frozen: bool,
    /// Whether it is not the machine's time.
    pub steered: bool,
}

/// Parameters that any request may have.
const OF_EVERY_REQUEST: [&str; 5] = [
    "access_token",
    "oauth_token",
    "appsecret_proof",
    "appsecret_time",
    "method",
];

const COMMANDS: [&str; 4] = ["reset", "set", "advance", "freeze"];

impl ClockCommand {
    /// Reads the parameters. Every mistake is reported, also a name that is none: a typo here would
    /// look like a success.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, GraphError> {
        let mut violations = Vec::new();
        for name in parameters.names() {
            if !COMMANDS.contains(&name) && !OF_EVERY_REQUEST.contains(&name) {
                let known = COMMANDS.join(", ");
                violations.push((excerpt(name), format!("is not known; there are {known}")));
            }
        }
        let set = parameters.parsed("set", &mut violations, |text| {
            parse_instant(text).map_err(|error| error.to_string())
        });
        let advance = parameters.parsed("advance", &mut violations, parse_duration);
        let freeze = parameters.parsed("freeze", &mut violations, parse_switch);
        let reset = parameters.parsed("reset", &mut violations, parse_switch);
        let reset = reset.unwrap_or(false);
        if reset && (set.is_some() || advance.is_some() || freeze.is_some()) {
            let violation = "goes alone, without set, advance and freeze".to_owned();
            violations.push(("reset".to_owned(), violation));
        }
        if violations.is_empty() {
            Ok(Self {
                reset,
                set,
                advance,
                freeze,
            })
        } else {
            Err(GraphError::parameters_refused(&violations))
        }
    }
}

fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => {
            let got = quoted_excerpt(other);
            Err(format!("must be true or false - got {got}"))
        }
    }
}

/// Reads a duration: seconds, or numbers with units such as `90m`, `1h 30m`, `2d`.
fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    let refused = || {
        let got = quoted_excerpt(text);
        format!("must be seconds, or a duration such as \"90m\" or \"1d 2h\" - got {got}")
    };
    let duration = match text.trim().parse::<i64>() {
        Ok(seconds) => SignedDuration::from_secs(seconds),
        Err(_not_a_number) => text
            .parse::<Span>()
            .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
            .map_err(|_error| refused())?,
    };
    if duration.is_negative() {
        return Err(format!(
            "must not be negative; to go back, set an instant - got {}",
            quoted_excerpt(text)
        ));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<ClockCommand, String> {
        ClockCommand::from_parameters(&Parameters::from_query(query))
            .map_err(|error| error.message())
    }

    #[test]
    fn commands() {
        let instant = "2026-03-29T01:00:00Z".parse().unwrap();
        assert_eq!(read("access_token=x"), Ok(ClockCommand::default()));
        assert_eq!(
            read("set=2026-03-29T01:00:00Z&freeze=true"),
            Ok(ClockCommand {
                set: Some(instant),
                freeze: Some(true),
                ..ClockCommand::default()
            })
        );
        for (text, seconds) in [
            ("90", 90),
            ("90m", 5400),
            ("1h30m", 5400),
            ("2d", 172_800),
            ("1d%202h", 93_600),
        ] {
            let command = read(&format!("advance={text}")).unwrap();
            assert_eq!(
                command.advance,
                Some(SignedDuration::from_secs(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (query, expected) in [
            (
                "advence=1h",
                "advence is not known; there are reset, set, advance, freeze",
            ),
            ("advance=soon", "must be seconds, or a duration such as"),
            (
                "advance=-5",
                "must not be negative; to go back, set an instant - got \"-5\"",
            ),
            (
                "freeze=maybe",
                "freeze must be true or false - got \"maybe\"",
            ),
            ("set=later", "set must be an RFC 3339 time"),
            ("reset=true&set=0", "reset goes alone"),
        ] {
            let message = read(query).unwrap_err();
            assert!(message.contains(expected), "{query}: {message}");
        }
    }
}
