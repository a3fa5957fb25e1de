//! Form tokens: what the console's own pages send back with a request that changes state, and other
//! sites cannot know.
//!
//! A form token is an HMAC under the form key of a browser. The key is a cookie that the first
//! sign-in sets and later ones keep, so a page stays usable after a restart, at another server of
//! the same database and under a new access token. A client without the cookie, such as curl with
//! the session cookie alone, has the key that is derived from its access token.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::Entropy;
use crate::access::hexadecimal;

/// What a form token is the HMAC of.
const TOKEN_LABEL: &[u8] = b"pagebell console form token";

/// What the key of a client without the cookie is the HMAC of.
const DERIVED_KEY_LABEL: &[u8] = b"pagebell console form key";

/// Bytes of a key; its text has two hexadecimal digits for each.
const KEY_BYTES: usize = 32;

/// The key of the form tokens of one browser.
#[derive(Debug)]
pub(crate) struct FormKey(SecretString);

impl FormKey {
    /// A key that no browser has.
    pub(crate) fn random(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; KEY_BYTES];
        entropy.fill(&mut bytes);
        Self(SecretString::from(hexadecimal(&bytes)))
    }

    /// The key of clients that have this access token and no cookie with a key.
    pub(super) fn of_access_token(token: &str) -> Self {
        Self(SecretString::from(hmac(token, DERIVED_KEY_LABEL)))
    }

    /// Reads the value of the cookie; `None`: a sign-in did not make it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_key = text.len() == 2 * KEY_BYTES && text.bytes().all(is_digit);
        is_key.then(|| Self(SecretString::from(text)))
    }

    /// The value of the cookie.
    pub(crate) fn cookie_value(&self) -> &str {
        self.0.expose_secret()
    }

    /// The form token under this key.
    pub(super) fn form_token(&self) -> FormToken {
        FormToken(hmac(self.0.expose_secret(), TOKEN_LABEL))
    }
}

/// A form token, in hexadecimal digits.
pub(crate) struct FormToken(String);

impl FormToken {
    /// Whether a value that came with a request is this token, in a time that does not tell how
    /// much of it is right.
    pub(super) fn is(&self, value: &str) -> bool {
        bool::from(self.0.as_bytes().ct_eq(value.as_bytes()))
    }
}

/// The text, for a page of the session that the token belongs to.
impl fmt::Display for FormToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for FormToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FormToken")
    }
}

fn hmac(key: &str, label: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(label);
    hexadecimal(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_follows_from_the_key_alone() {
        let key = || FormKey::parse(&"0af9".repeat(16)).unwrap();
        assert!(key().form_token().is(&key().form_token().to_string()));
        let other = FormKey::parse(&"0af8".repeat(16)).unwrap();
        assert!(!key().form_token().is(&other.form_token().to_string()));
        assert!(!key().form_token().is(""));
    }

    #[test]
    fn a_derived_key_tells_nothing_of_the_access_token_and_differs_from_its_form_token() {
        let key = FormKey::of_access_token("EAAtoken");
        assert_eq!(key.cookie_value().len(), 64);
        assert_ne!(
            key.cookie_value(),
            FormKey::of_access_token("EAAtokem").cookie_value()
        );
        assert_ne!(key.cookie_value(), key.form_token().to_string());
        assert_eq!(
            format!("{:?} {key:?}", key.form_token()),
            "FormToken FormKey(SecretBox<str>([REDACTED]))"
        );
    }

    #[test]
    fn only_what_a_sign_in_makes_is_a_key() {
        for text in [
            "",
            "0af9",
            &"0AF9".repeat(16),
            &"0afg".repeat(16),
            &"0af9".repeat(17),
        ] {
            assert!(FormKey::parse(text).is_none(), "{text}");
        }
    }
}
