//! Finding Pages by what people type.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use call_settings::PageId;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

use crate::{NameQuery, signed};

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
    /// Folded, none of them empty.
    words: BTreeSet<String>,
}

impl PageSearch {
    /// A search for a text.
    pub fn new(text: &str) -> Self {
        let text = text.trim().to_owned();
        let words = text.split_whitespace().map(fold);
        let words = words.filter(|word| !word.is_empty()).collect();
        Self { text, words }
    }

    /// Whether every Page is found.
    pub fn finds_all(&self) -> bool {
        self.words.is_empty()
    }

    /// What is to be asked of the index of names; `None`: every Page is found.
    pub fn name_query(&self) -> Option<NameQuery> {
        NameQuery::new(self.words.iter().map(String::as_str))
    }

    /// The signed ids behind a Page that begin with the text, in the order of the unsigned ones.
    pub fn signed_ids_after(&self, after: Option<PageId>) -> Vec<RangeInclusive<i64>> {
        let first = after.map_or(Some(0), |after| after.get().checked_add(1));
        let Some(first) = first else {
            return Vec::new();
        };
        let ranges = self.ids().into_iter().filter_map(|range| {
            let start = first.max(*range.start());
            (start <= *range.end()).then_some(start..=*range.end())
        });
        ranges.flat_map(by_sign).collect()
    }

    /// The ids that begin with the text: a range for each number of digits behind it.
    fn ids(&self) -> Vec<RangeInclusive<u64>> {
        let is_number = self.text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(mut start) = self.text.parse::<u64>().ok().filter(|_| is_number) else {
            return Vec::new();
        };
        if self.text.starts_with('0') {
            return if self.text == "0" {
                vec![0..=0]
            } else {
                Vec::new()
            };
        }
        let mut ranges = Vec::new();
        let mut length: u64 = 1;
        loop {
            ranges.push(start..=start.saturating_add(length - 1));
            let next = start.checked_mul(10).zip(length.checked_mul(10));
            let Some((more, longer)) = next else {
                return ranges;
            };
            (start, length) = (more, longer);
        }
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
///
/// Stores keep folded names: a change of what this returns, also by a new version of Unicode, needs a
/// schema migration that fills their index again.
pub(crate) fn fold(text: &str) -> String {
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

/// The signed numbers of the same bits, in at most two ranges.
fn by_sign(range: RangeInclusive<u64>) -> Vec<RangeInclusive<i64>> {
    const HIGHEST: u64 = i64::MAX.unsigned_abs();
    let (start, end) = range.into_inner();
    if start <= HIGHEST && end > HIGHEST {
        return vec![signed(start)..=i64::MAX, i64::MIN..=signed(end)];
    }
    vec![signed(start)..=signed(end)]
}

/// Whether a mark only accompanies its letter. Classes under 10 hold marks that make another
/// letter.
fn is_accent(letter: char) -> bool {
    canonical_combining_class(letter) >= 10
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::Digest as _;

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

    /// What stores keep depends on this. Where it fails, add a schema migration to each store that
    /// fills the index of names again, and put the new digest here.
    #[test]
    fn the_folding_is_that_of_the_stored_index() {
        let letters = ('\u{0}'..=char::MAX).filter(|letter| !letter.is_whitespace());
        let folded = fold(
            &letters
                .flat_map(|letter| [letter, '\n'])
                .collect::<String>(),
        );
        let white_space = folded.chars().find(|it| it.is_whitespace() && *it != '\n');
        assert_eq!(white_space, None, "words stay words");
        let digest = sha2::Sha256::digest(folded.as_bytes());
        assert_eq!(digest[..4], [25, 218, 103, 172]);
    }

    #[test]
    fn ids_in_ranges_are_those_that_begin_with_the_text() {
        let half = u64::MAX / 2;
        let numbers = [
            0,
            1,
            9,
            10,
            19,
            47,
            470,
            479,
            480,
            4_711,
            half,
            half + 1,
            9_300_000_000_000_000_000,
            10_000_000_000_000_000_000,
            18_446_744_073_709_551_609,
            u64::MAX,
        ];
        let texts = [
            "0",
            "00",
            "01",
            "1",
            "9",
            "92",
            "922",
            "10",
            "18",
            "47",
            "4711",
            "18446744073709551615",
            "18446744073709551616",
            "184467440737095516150",
            "+1",
            "-1",
            "x",
            "1 2",
        ];
        for text in texts {
            let search = PageSearch::new(text);
            for after in [None, Some(0), Some(1), Some(47), Some(half), Some(u64::MAX)] {
                let ranges = search.signed_ids_after(after.map(PageId::new));
                for number in numbers {
                    let is_in = ranges.iter().any(|range| range.contains(&signed(number)));
                    let expected = number.to_string().starts_with(text)
                        && after.is_none_or(|after| number > after);
                    assert_eq!(is_in, expected, "{text}: {number} behind {after:?}");
                }
                let unsigned = |range: &RangeInclusive<i64>| crate::unsigned(*range.start());
                assert!(ranges.is_sorted_by_key(unsigned));
                assert!(ranges.iter().all(|range| range.start() <= range.end()));
            }
        }
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
