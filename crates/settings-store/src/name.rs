//! Names that people give to Pages, apps and scopes.

/// The most characters of a name.
pub const LONGEST_NAME: usize = 256;

/// The name is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has {LONGEST_NAME} characters at most, this one has {found}")]
pub struct NameTooLong {
    /// How many characters it has.
    pub found: usize,
}

/// Takes a text for a name, unless it is too long.
///
/// Any characters may be in it: whoever shows a name on a terminal or in a page has to escape it.
///
/// # Examples
///
/// ```
/// assert_eq!(settings_store::parse_name("Bakery").as_deref(), Ok("Bakery"));
/// assert!(settings_store::parse_name(&"x".repeat(257)).is_err());
/// ```
pub fn parse_name(text: &str) -> Result<String, NameTooLong> {
    let found = text.chars().count();
    if found > LONGEST_NAME {
        return Err(NameTooLong { found });
    }
    Ok(text.to_owned())
}
