//! Finding Pages by what people type.

use std::collections::BTreeSet;

use call_settings::PageId;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// A text that people look Pages up by. Every store asks it, so that all of them find alike.
///
/// It finds a Page whose name holds each of its words, in any order, whatever their letter case and
/// accents, or whose id begins with the text. An empty text finds every Page.
///
/// ```
/// use settings_store::PageSearch;
///
/// let search = PageSearch::new("munchen BÄCKER");
/// assert!(search.finds("4711".parse()?, Some("Bäckerei München")));
/// assert!(!search.finds("4711".parse()?, Some("Bäckerei Berlin")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PageSearch {
    text: String,
    words: BTreeSet<String>,
}

impl PageSearch {
    /// A search for a text.
    pub fn new(text: &str) -> Self {
        let text = text.trim().to_owned();
        let words = text.split_whitespace().map(fold).collect();
        Self { text, words }
    }

    /// Whether every Page is found.
    pub fn finds_all(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether a Page with this id and name is found.
    pub fn finds(&self, page_id: PageId, name: Option<&str>) -> bool {
        if self.finds_all() || page_id.to_string().starts_with(&self.text) {
            return true;
        }
        let name = fold(name.unwrap_or_default());
        self.words.iter().all(|word| name.contains(word.as_str()))
    }
}

/// A text without differences of letter case and accents.
///
/// Accents and the points of Hebrew and Arabic are removed. Marks that make another letter stay:
/// the vowels of Indian scripts and the voicing of Japanese syllables.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    let letters = text.nfd().filter(|it| !is_accent(*it));
    for letter in letters.flat_map(char::to_lowercase) {
        match letter {
            // Unicode does not take these apart, and people type them so where a keyboard lacks
            // them.
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            // The sigma at the end of a word; its capital is the one of every sigma.
            'ς' => folded.push('σ'),
            _ => folded.push(letter),
        }
    }
    // What was not removed goes back to its letter, or its beginning would be found as another one.
    folded.nfc().collect()
}

/// Whether a mark only accompanies its letter. Classes under 10 hold marks that make another
/// letter.
fn is_accent(letter: char) -> bool {
    canonical_combining_class(letter) >= 10
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_without_accents() {
        for (text, name) in [
            ("muller", "Bäckerei Müller"),
            ("MÜLLER", "Bäckerei Müller"),
            ("müller", "BÄCKEREI MULLER"),
            // The letter and its accent as two characters.
            ("mu\u{308}ller", "Bäckerei Müller"),
            ("äpfel", "Äpfel & Birnen"),
            ("ÄPFEL", "äpfel & birnen"),
            ("cafe", "Café Zürich"),
            ("zurich cafe", "Café Zürich"),
            ("strasse", "Straße 7"),
            ("STRAẞE", "strasse 7"),
            ("smorrebrod", "Smørrebrød"),
            ("lodz", "Łódź"),
            ("istanbul", "İSTANBUL"),
            ("οδος", "ΟΔΟΣ"),
            ("москва", "МОСКВА"),
            ("שלום", "שָׁלוֹם"),
        ] {
            assert!(finds(text, name), "{text} in {name}");
        }
    }

    #[test]
    fn words_are_found_in_any_order_and_all_of_them() {
        for text in ["berlin bakery", "bakery berlin", " bak  BER "] {
            assert!(finds(text, "Bakery Berlin"), "{text}");
            assert!(!finds(text, "Bakery Bonn"), "{text}");
        }
    }

    #[test]
    fn other_letters_are_not_found() {
        for (text, name) in [("か", "が"), ("की", "का"), ("%", "Bakery"), ("_", "Bakery")]
        {
            assert!(!finds(text, name), "{text} in {name}");
        }
    }

    #[test]
    fn ids_are_found_by_their_beginning() {
        let finds = |text| PageSearch::new(text).finds(PageId::new(4711), None);
        assert!(finds("47") && finds(" 4711 ") && finds(""));
        assert!(!finds("71") && !finds("47 11"));
    }

    fn finds(text: &str, name: &str) -> bool {
        PageSearch::new(text).finds(PageId::new(99), Some(name))
    }

    proptest! {
        #[test]
        fn a_name_is_found_by_itself_in_any_spelling(name in "\\PC{1,20}") {
            prop_assert!(finds(&name, &name));
            prop_assert!(finds(&name.to_lowercase(), &name));
            prop_assert!(finds(&name.nfd().collect::<String>(), &name));
            prop_assert!(finds(&name, &name.nfc().collect::<String>()));
        }
    }
}
