//! Durations as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

/// A duration: a number and one of ms, s, m, h, d.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Lifetime(Duration);

/// The text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a number and one of ms, s, m, h, d, such as 60d")]
pub(crate) struct NotALifetime;

impl Lifetime {
    pub(crate) const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Lifetime {
    type Err = NotALifetime;

    fn from_str(text: &str) -> Result<Self, NotALifetime> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 60 * 60_000,
            "d" => 24 * 60 * 60_000,
            _ => return Err(NotALifetime),
        };
        number
            .parse::<u32>()
            .ok()
            .and_then(|number| u64::from(number).checked_mul(milliseconds))
            .map(|milliseconds| Self(Duration::from_millis(milliseconds)))
            .ok_or(NotALifetime)
    }
}

impl TryFrom<String> for Lifetime {
    type Error = NotALifetime;

    fn try_from(text: String) -> Result<Self, NotALifetime> {
        text.parse()
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_millis() == 0 {
            write!(formatter, "{}s", self.0.as_secs())
        } else {
            write!(formatter, "{}ms", self.0.as_millis())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        for (text, seconds) in [("1s", 1), ("90m", 5_400), ("2h", 7_200), ("60d", 5_184_000)] {
            assert_eq!(text.parse(), Ok(Lifetime(Duration::from_secs(seconds))));
        }
        for (text, shown) in [("500ms", "500ms"), ("2000ms", "2s"), ("0ms", "0s")] {
            assert_eq!(text.parse::<Lifetime>().unwrap().to_string(), shown);
        }
        for text in [
            "",
            "s",
            "60",
            "-1s",
            "+1s",
            "1.5h",
            "1w",
            "1 d",
            "99999999999d",
            "1é",
            "ms",
            "1us",
            "1Ms",
            "1.5ms",
        ] {
            assert_eq!(text.parse::<Lifetime>(), Err(NotALifetime), "{text:?}");
        }
    }
}
