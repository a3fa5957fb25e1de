//! What a search asks of the index.

use memchr::memchr;
use memchr::memchr_iter;
use memchr::memmem::Finder;

use super::filter;
use super::segment::{DamagedSegment, END, Reader};

/// The most words that are looked for. Of more, the longest are; the name of the Page decides.
const MOST_WORDS: usize = 64;

/// The words of a search, prepared to be looked for in segments.
#[derive(Clone, Debug)]
pub struct NameQuery {
    /// Longer ones first.
    words: Vec<Finder<'static>>,
    bits: Vec<u16>,
}

impl NameQuery {
    /// A query for folded words, none of which is empty; `None`: there are none.
    pub(crate) fn new<'a>(words: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let bits = filter::bits_of(words.clone());
        let mut words: Vec<&str> = words.collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.truncate(MOST_WORDS);
        let finders = words
            .into_iter()
            .map(|word| Finder::new(word.as_bytes()).into_owned());
        let words: Vec<_> = finders.collect();
        (!words.is_empty()).then_some(Self { words, bits })
    }

    /// The bits that the filter of a segment has where all words may be in it.
    pub fn bits(&self) -> impl Iterator<Item = u16> {
        self.bits.iter().copied()
    }

    /// Whether all words may be in a segment with this filter.
    pub fn may_be_in(&self, filter: &[u8]) -> bool {
        self.bits.iter().all(|bit| filter::has(filter, *bit))
    }

    /// The signed ids of the Pages of an encoded segment whose names hold all words, in their order.
    /// Where there are more than 64 words, the names hold the 64 longest.
    ///
    /// # Errors
    ///
    /// [`DamagedSegment`] where the bytes cannot be read.
    pub fn find(&self, first_id: i64, names: &[u8]) -> Result<Vec<i64>, DamagedSegment> {
        let mut reader = Reader::new(first_id, names)?;
        let Some(holding) = self.holding(reader.text()) else {
            return Ok(Vec::new());
        };
        let all = u64::MAX >> (MOST_WORDS - self.words.len());
        let mut found = Vec::new();
        while let Some((signed_id, numbers)) = reader.next_name()? {
            let mut held: u64 = 0;
            for number in numbers {
                held |= holding.get(number?).copied().unwrap_or_default();
            }
            if held == all {
                found.push(signed_id);
            }
        }
        Ok(found)
    }

    /// For each word of a segment, up to the last one that matters, which words of the search it
    /// holds, as bits; `None`: one of these is in none.
    fn holding(&self, text: &[u8]) -> Option<Vec<u64>> {
        let mut holding: Vec<u64> = Vec::new();
        for (position, word) in self.words.iter().enumerate() {
            let (mut start, mut number) = (0, 0);
            let mut is_found = false;
            while let Some(offset) = word.find(text.get(start..)?) {
                let hit = start + offset;
                number += memchr_iter(END, &text[start..hit]).count();
                if holding.len() <= number {
                    holding.resize(number + 1, 0);
                }
                holding[number] |= 1 << position;
                is_found = true;
                // Behind the word in which it was found.
                start = hit + memchr(END, &text[hit..]).unwrap_or(text.len() - hit - 1) + 1;
                number += 1;
            }
            if !is_found {
                return None;
            }
        }
        Some(holding)
    }
}
