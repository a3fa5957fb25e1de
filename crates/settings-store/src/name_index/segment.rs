//! The names of Pages that are neighbours.
//!
//! A segment has each distinct word of its names once, and for each Page the numbers of its words. No
//! word of a search has white space, so it can only be found within a word.

use std::collections::{BTreeMap, HashMap};

use super::filter::NameFilter;
use crate::page_search::fold;

/// The first ids of the segments that are always there: one for each half of the signed range.
pub const FIRST_SEGMENTS: [i64; 2] = [i64::MIN, 0];

/// The segment of [`FIRST_SEGMENTS`] in whose half an id is.
pub const fn first_segment(signed_id: i64) -> i64 {
    if signed_id < 0 {
        FIRST_SEGMENTS[0]
    } else {
        FIRST_SEGMENTS[1]
    }
}

/// The most names of a segment.
const MOST_NAMES: usize = 1_024;

/// The most bytes of the folded names of a segment, unless it has a single one.
const MOST_BYTES: usize = 64 * 1024;

/// What ends a word. No word has it.
pub(super) const END: u8 = b'\n';

/// The first byte of an encoded segment.
const FORM: u8 = 1;

/// The bytes of a segment cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a segment of the search index cannot be read")]
pub struct DamagedSegment;

/// A segment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedSegment {
    /// The signed id from which on Pages are in it: its key.
    pub first_id: i64,
    /// [`NAME_FILTER_BYTES`](super::NAME_FILTER_BYTES) bytes of which each bit stands for groups of
    /// letters. Bit `n` is bit `n % 8` of byte `n / 8`, the least significant one first.
    pub filter: Vec<u8>,
    /// The signed ids and the folded names.
    pub names: Vec<u8>,
}

/// The names of a segment, to be stored or compared: each is its folded words with a space between
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameSegment {
    names: BTreeMap<i64, String>,
}

/// The folded words of a name with a space between them. It is empty where there is none.
pub(super) fn indexed(name: &str) -> String {
    let folded = fold(name);
    let words: Vec<&str> = folded.split_whitespace().collect();
    words.join(" ")
}

impl NameSegment {
    /// Reads the names of an encoded segment.
    ///
    /// # Errors
    ///
    /// [`DamagedSegment`] where the bytes are not those of a segment with this first id.
    pub fn decode(first_id: i64, names: &[u8]) -> Result<Self, DamagedSegment> {
        let mut reader = Reader::new(first_id, names)?;
        let words = reader.words()?;
        let mut segment = Self::default();
        while let Some((signed_id, numbers)) = reader.next_name()? {
            let mut name = Vec::new();
            for number in numbers {
                name.push(*words.get(number?).ok_or(DamagedSegment)?);
            }
            segment.names.insert(signed_id, name.join(" "));
        }
        if reader.is_at_end() {
            Ok(segment)
        } else {
            Err(DamagedSegment)
        }
    }

    /// Gives a Page this name, which is folded here; `None`: it has none.
    pub fn set(&mut self, signed_id: i64, name: Option<&str>) {
        match name.map(indexed).filter(|name| !name.is_empty()) {
            Some(name) => self.names.insert(signed_id, name),
            None => self.names.remove(&signed_id),
        };
    }

    /// The segments to be stored for these names, in the order of their first ids: this one, and
    /// more where it is too long.
    pub fn encode(&self, first_id: i64) -> Vec<EncodedSegment> {
        let mut names = Names::default();
        for (signed_id, name) in &self.names {
            names.add(*signed_id, name.split(' '));
        }
        names.encode(first_id)
    }

    /// Whether a stored filter lets every search pass that finds one of these names.
    pub fn is_covered_by(&self, filter: &[u8]) -> bool {
        let mut least = NameFilter::empty();
        for word in self.names.values().flat_map(|name| name.split(' ')) {
            least.add(word);
        }
        NameFilter::from_bytes(filter).is_some_and(|filter| filter.holds(&least))
    }

    /// The signed ids and folded names that differ from these present names, at most so many.
    pub fn differences(&self, present: &Self, most: usize) -> Vec<i64> {
        let ids = self.names.keys().chain(present.names.keys());
        let differing = ids.filter(|id| self.names.get(*id) != present.names.get(*id));
        let mut ids: Vec<i64> = differing.copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(most);
        ids
    }
}

/// Names in the order of their signed ids, as words.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    words: Vec<&'a str>,
    /// The id of each name, and where its words end.
    names: Vec<(i64, usize)>,
}

impl<'a> Names<'a> {
    pub(super) fn add(&mut self, signed_id: i64, words: impl Iterator<Item = &'a str>) {
        self.words.extend(words);
        self.names.push((signed_id, self.words.len()));
    }

    /// The segments for these names.
    pub(super) fn encode(&self, first_id: i64) -> Vec<EncodedSegment> {
        let bytes: usize = self.words.iter().map(|word| word.len() + 1).sum();
        let parts = self.names.len().div_ceil(MOST_NAMES);
        let parts = parts.max(bytes.div_ceil(MOST_BYTES)).max(1);
        // Parts of about the same length.
        let most_names = self.names.len().div_ceil(parts).max(1);
        let mut encoded = Vec::with_capacity(parts);
        let mut part = Part::new(first_id);
        let mut start = 0;
        for (signed_id, end) in &self.names {
            let words = &self.words[start..*end];
            start = *end;
            if part.is_full(words, most_names) {
                encoded.push(std::mem::replace(&mut part, Part::new(*signed_id)).encode());
            }
            part.add(*signed_id, words);
        }
        encoded.push(part.encode());
        encoded
    }
}

/// Makes segments of names that come in the order of their signed ids.
#[derive(Debug)]
pub struct SegmentBuilder {
    first_id: i64,
    waiting: NameSegment,
    bytes: usize,
}

impl Default for SegmentBuilder {
    fn default() -> Self {
        Self {
            first_id: FIRST_SEGMENTS[0],
            waiting: NameSegment::default(),
            bytes: 0,
        }
    }
}

impl SegmentBuilder {
    /// Adds the name of the next Page; returns the segment before it where that is complete.
    pub fn add(&mut self, signed_id: i64, name: &str) -> Vec<EncodedSegment> {
        let name = indexed(name);
        if name.is_empty() {
            return Vec::new();
        }
        let is_other_half = self.first_id < 0 && signed_id >= 0;
        let is_full = self.waiting.names.len() >= MOST_NAMES
            || (self.bytes > 0 && self.bytes + name.len() >= MOST_BYTES);
        let complete = if is_other_half {
            self.complete(FIRST_SEGMENTS[1])
        } else if is_full {
            self.complete(signed_id)
        } else {
            Vec::new()
        };
        self.bytes += name.len() + 1;
        self.waiting.names.insert(signed_id, name);
        complete
    }

    fn complete(&mut self, next: i64) -> Vec<EncodedSegment> {
        let first_id = std::mem::replace(&mut self.first_id, next);
        self.bytes = 0;
        std::mem::take(&mut self.waiting).encode(first_id)
    }

    /// The last segments.
    pub fn finish(mut self) -> Vec<EncodedSegment> {
        let mut segments = Vec::new();
        if self.first_id < 0 {
            segments.extend(self.complete(FIRST_SEGMENTS[1]));
        }
        segments.extend(self.waiting.encode(self.first_id));
        segments
    }
}

/// A segment that is being made.
#[derive(Debug)]
struct Part<'a> {
    first_id: i64,
    last_id: i64,
    count: usize,
    /// The length of its names.
    bytes: usize,
    numbers: HashMap<&'a str, u64>,
    ids: Vec<u8>,
    words: Vec<u8>,
    lists: Vec<u8>,
    filter: NameFilter,
}

impl<'a> Part<'a> {
    fn new(first_id: i64) -> Self {
        Self {
            first_id,
            last_id: first_id,
            count: 0,
            bytes: 0,
            numbers: HashMap::new(),
            ids: Vec::new(),
            words: Vec::new(),
            lists: Vec::new(),
            filter: NameFilter::empty(),
        }
    }

    fn is_full(&self, words: &[&str], most_names: usize) -> bool {
        let more: usize = words.iter().map(|word| word.len() + 1).sum();
        self.count > 0 && (self.count >= most_names || self.bytes + more > MOST_BYTES)
    }

    fn add(&mut self, signed_id: i64, words: &[&'a str]) {
        push_number(&mut self.ids, signed_id.abs_diff(self.last_id));
        push_number(&mut self.lists, words.len() as u64);
        for word in words {
            let next = self.numbers.len() as u64;
            let number = *self.numbers.entry(word).or_insert_with(|| {
                self.words.extend_from_slice(word.as_bytes());
                self.words.push(END);
                self.filter.add(word);
                next
            });
            push_number(&mut self.lists, number);
            self.bytes += word.len() + 1;
        }
        self.last_id = signed_id;
        self.count += 1;
    }

    fn encode(self) -> EncodedSegment {
        let length = 16 + self.ids.len() + self.words.len() + self.lists.len();
        let mut names = Vec::with_capacity(length);
        names.push(FORM);
        push_number(&mut names, self.count as u64);
        push_number(&mut names, self.ids.len() as u64);
        push_number(&mut names, self.words.len() as u64);
        for bytes in [&self.ids, &self.words, &self.lists] {
            names.extend_from_slice(bytes);
        }
        EncodedSegment {
            first_id: self.first_id,
            filter: self.filter.into_bytes(),
            names,
        }
    }
}

/// Appends a number, seven bits to a byte, the lowest first.
fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(0x80 | number.to_le_bytes()[0]);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Takes a number from the front.
fn take_number(bytes: &mut &[u8]) -> Result<u64, DamagedSegment> {
    let mut number: u64 = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(DamagedSegment)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(DamagedSegment)
}

fn take_length(bytes: &mut &[u8]) -> Result<usize, DamagedSegment> {
    usize::try_from(take_number(bytes)?).map_err(|_too_long| DamagedSegment)
}

/// The number of a word.
type WordNumber = Result<usize, DamagedSegment>;

/// Reads an encoded segment from its first name to its last.
pub(super) struct Reader<'a> {
    left: u64,
    last_id: i64,
    ids: &'a [u8],
    text: &'a [u8],
    lists: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(first_id: i64, names: &'a [u8]) -> Result<Self, DamagedSegment> {
        let (form, mut rest) = names.split_first().ok_or(DamagedSegment)?;
        if *form != FORM {
            return Err(DamagedSegment);
        }
        let left = take_number(&mut rest)?;
        let (ids, text) = (take_length(&mut rest)?, take_length(&mut rest)?);
        let (ids, rest) = rest.split_at_checked(ids).ok_or(DamagedSegment)?;
        let (text, lists) = rest.split_at_checked(text).ok_or(DamagedSegment)?;
        Ok(Self {
            left,
            last_id: first_id,
            ids,
            text,
            lists,
        })
    }

    /// All words, each with [`END`] behind it.
    pub(super) fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The words by their numbers.
    pub(super) fn words(&self) -> Result<Vec<&'a str>, DamagedSegment> {
        let text = std::str::from_utf8(self.text).map_err(|_invalid| DamagedSegment)?;
        Ok(text.split_terminator(char::from(END)).collect())
    }

    /// The next signed id, with the numbers of the words of its name.
    pub(super) fn next_name(
        &mut self,
    ) -> Result<Option<(i64, impl Iterator<Item = WordNumber>)>, DamagedSegment> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let step = take_number(&mut self.ids)?;
        let last_id = self.last_id.checked_add_unsigned(step);
        self.last_id = last_id.ok_or(DamagedSegment)?;
        let count = take_length(&mut self.lists)?;
        if count > self.lists.len() {
            return Err(DamagedSegment);
        }
        let lists = &mut self.lists;
        Ok(Some((
            self.last_id,
            (0..count).map(move |_| take_length(lists)),
        )))
    }

    fn is_at_end(&self) -> bool {
        self.left == 0 && self.ids.is_empty() && self.lists.is_empty()
    }
}
