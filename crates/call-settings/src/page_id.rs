//! The identity of a Page.

use std::fmt;
use std::str::FromStr;

/// The id of a Page: an unsigned 64-bit number, written in decimal.
///
/// The text form is unique: a leading zero is refused, so two spellings never name one Page.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageId(u64);

/// Why a text is not a [`PageId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageIdError {
    /// The text has something other than decimal digits in it, or is empty, or begins with a zero.
    #[error("a Page id is a decimal number without a leading zero")]
    NotDecimal,
    /// Digits only, but more than 64 bits hold.
    #[error("a Page id is at most {}", u64::MAX)]
    TooLarge,
}

impl PageId {
    /// The Page with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for PageId {
    type Err = PageIdError;

    fn from_str(text: &str) -> Result<Self, PageIdError> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || text.starts_with('0') {
            return Err(PageIdError::NotDecimal);
        }
        text.parse()
            .map(Self)
            .map_err(|_overflow: std::num::ParseIntError| PageIdError::TooLarge)
    }
}

impl fmt::Display for PageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for PageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PageId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_decimal_ids_of_up_to_64_bits() {
        let cases = [
            ("1", Ok(1)),
            ("1234567890", Ok(1_234_567_890)),
            ("18446744073709551615", Ok(u64::MAX)),
            ("18446744073709551616", Err(PageIdError::TooLarge)),
            ("99999999999999999999999", Err(PageIdError::TooLarge)),
            ("", Err(PageIdError::NotDecimal)),
            ("0", Err(PageIdError::NotDecimal)),
            ("007", Err(PageIdError::NotDecimal)),
            ("+7", Err(PageIdError::NotDecimal)),
            ("-7", Err(PageIdError::NotDecimal)),
            ("12a", Err(PageIdError::NotDecimal)),
            ("me", Err(PageIdError::NotDecimal)),
            ("١٢", Err(PageIdError::NotDecimal)),
        ];
        for (text, expected) in cases {
            assert_eq!(
                text.parse::<PageId>().map(PageId::get),
                expected,
                "{text:?}"
            );
        }
    }
}
