//! New ids, secrets and tokens.

use pagebell_server::Entropy;
use secrecy::SecretString;

/// A random id of 15 or 16 digits: it reads like the live API's and fits a number of JavaScript.
pub(crate) fn new_id(entropy: &dyn Entropy) -> u64 {
    const SMALLEST: u64 = 100_000_000_000_000;
    const COUNT: u64 = 9_007_199_254_740_992 - SMALLEST;
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    SMALLEST + u64::from_le_bytes(bytes) % COUNT
}

/// A new app secret: 32 hexadecimal digits, 128 random bits.
pub(crate) fn new_app_secret(entropy: &dyn Entropy) -> SecretString {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    SecretString::from(hexadecimal(&bytes))
}

/// What every token begins with, so that people and scanners for leaked secrets know one.
pub(crate) const TOKEN_PREFIX: &str = "PBT";

/// A new access token: letters and digits only, over 250 random bits.
pub(crate) fn new_token(entropy: &dyn Entropy) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const LENGTH: usize = 45;
    let mut token = String::from(TOKEN_PREFIX);
    while token.len() < LENGTH {
        let mut byte = [0; 1];
        entropy.fill(&mut byte);
        // Six bits; the two values over the alphabet are drawn again, so that all are as likely.
        if let Some(letter) = ALPHABET.get(usize::from(byte[0] & 63)) {
            token.push(char::from(*letter));
        }
    }
    token
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    })
}
