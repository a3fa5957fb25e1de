//! Names that people give to Pages, apps and scopes.

use call_settings::PageId;

use crate::StoreError;

/// The most characters of a name.
pub const LONGEST_NAME: usize = 256;

/// The text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is too long.
    #[error("a name has {LONGEST_NAME} characters at most, this one has {found}")]
    TooLong {
        /// How many characters it has.
        found: usize,
    },
    /// It has a character that PostgreSQL does not store.
    #[error("a name does not have the character U+0000")]
    NullCharacter,
}

/// Takes a text for a name, unless it is too long or has the character U+0000.
///
/// Any other characters may be in it: whoever shows a name on a terminal or in a page has to escape it.
///
/// # Examples
///
/// ```
/// assert_eq!(settings_store::parse_name("Bakery").as_deref(), Ok("Bakery"));
/// assert!(settings_store::parse_name(&"x".repeat(257)).is_err());
/// assert!(settings_store::parse_name("x\0").is_err());
/// ```
///
/// # Errors
///
/// The text is no name.
pub fn parse_name(text: &str) -> Result<String, NameError> {
    let found = text.chars().count();
    if found > LONGEST_NAME {
        return Err(NameError::TooLong { found });
    }
    if text.contains('\0') {
        return Err(NameError::NullCharacter);
    }
    Ok(text.to_owned())
}

/// Whether every store can keep the name of a Page. Each of them asks before it writes one, so that
/// whatever is in a store can be moved to any other.
///
/// # Errors
///
/// [`StoreError::Unstorable`], which names the Page.
pub fn check_page_name(page_id: PageId, name: Option<&str>) -> Result<(), StoreError> {
    if name.is_some_and(|name| name.contains('\0')) {
        return Err(StoreError::Unstorable {
            what: format!(
                "the name of the Page {page_id} has the character U+0000; give it one without, as \
                 with pagebell page add {page_id} --name NAME in the store that it is in, and try \
                 again"
            ),
        });
    }
    Ok(())
}
