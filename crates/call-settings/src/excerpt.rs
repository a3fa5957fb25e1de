//! Values from outside as they are shown in messages.

/// The most characters of a value that are shown.
const MOST: usize = 64;

/// The beginning of a text, without control characters, for a message.
pub fn excerpt(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(MOST)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// The beginning of a text in quotes.
pub fn quoted_excerpt(text: &str) -> String {
    format!("\"{}\"", excerpt(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_and_control_characters_are_spaces() {
        assert_eq!(excerpt("a\r\nb"), "a  b");
        assert_eq!(excerpt(&"é".repeat(MOST)), "é".repeat(MOST));
        assert_eq!(
            excerpt(&"é".repeat(9_000)),
            format!("{}…", "é".repeat(MOST))
        );
        assert_eq!(quoted_excerpt(""), "\"\"");
    }
}
