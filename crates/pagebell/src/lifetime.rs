//! Durations as people write them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

/// A duration: a number and one of s, m, h, d.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Lifetime(Duration);

/// The text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a number and one of s, m, h, d, such as 60d")]
pub(crate) struct NotALifetime;

impl Lifetime {
    pub(crate) const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Lifetime {
    type Err = NotALifetime;

    fn from_str(text: &str) -> Result<Self, NotALifetime> {
        let unit = text.chars().last().ok_or(NotALifetime)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            _ => return Err(NotALifetime),
        };
        let number = &text[..text.len() - unit.len_utf8()];
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotALifetime);
        }
        number
            .parse::<u32>()
            .ok()
            .and_then(|number| u64::from(number).checked_mul(seconds))
            .map(|seconds| Self(Duration::from_secs(seconds)))
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
        write!(formatter, "{}s", self.0.as_secs())
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
        ] {
            assert_eq!(text.parse::<Lifetime>(), Err(NotALifetime), "{text:?}");
        }
    }
}
