//! What a search asks of the index.

use memchr::memmem::Finder;

use super::filter;
use super::segment::{DamagedSegment, Reader};

/// The words of a search, prepared to be looked for in segments.
#[derive(Clone, Debug)]
pub struct NameQuery {
    /// The longest word.
    first: Finder<'static>,
    /// The other ones, longer ones first.
    others: Vec<Finder<'static>>,
    bits: Vec<u16>,
}

impl NameQuery {
    /// A query for folded words, none of which is empty; `None`: there are none.
    pub(crate) fn new<'a>(words: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let bits = filter::bits_of(words.clone());
        let mut words: Vec<&str> = words.collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let mut finders = words
            .into_iter()
            .map(|word| Finder::new(word.as_bytes()).into_owned());
        Some(Self {
            first: finders.next()?,
            others: finders.collect(),
            bits,
        })
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
    ///
    /// # Errors
    ///
    /// [`DamagedSegment`] where the bytes cannot be read.
    pub fn find(&self, first_id: i64, names: &[u8]) -> Result<Vec<i64>, DamagedSegment> {
        let mut reader = Reader::new(first_id, names)?;
        let text = reader.text();
        let mut found = Vec::new();
        while let Some(offset) = text
            .get(reader.position()..)
            .and_then(|rest| self.first.find(rest))
        {
            let hit = reader.position() + offset;
            let (signed_id, name) = loop {
                let next = reader.next_name()?.ok_or(DamagedSegment)?;
                if reader.position() > hit {
                    break next;
                }
            };
            if self.others.iter().all(|word| word.find(name).is_some()) {
                found.push(signed_id);
            }
        }
        Ok(found)
    }
}
