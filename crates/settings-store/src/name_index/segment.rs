//! The names of Pages that are neighbours.

use std::collections::BTreeMap;

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

/// What ends a name in the text. No word of a search has it, as words have no white space.
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

/// The names of a segment, to be changed or compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameSegment {
    names: BTreeMap<i64, String>,
}

impl NameSegment {
    /// Reads the names of an encoded segment.
    ///
    /// # Errors
    ///
    /// [`DamagedSegment`] where the bytes are not those of a segment with this first id.
    pub fn decode(first_id: i64, names: &[u8]) -> Result<Self, DamagedSegment> {
        let mut reader = Reader::new(first_id, names)?;
        let mut segment = Self::default();
        while let Some((signed_id, name)) = reader.next_name()? {
            segment.names.insert(signed_id, text(name)?.to_owned());
        }
        if reader.is_at_end() {
            Ok(segment)
        } else {
            Err(DamagedSegment)
        }
    }

    /// Gives a Page this name, which is folded here; `None`: it has none. Returns whether that
    /// changes anything.
    pub fn set(&mut self, signed_id: i64, name: Option<&str>) -> bool {
        match name.map(fold).filter(|name| !name.is_empty()) {
            Some(name) => {
                let before = self.names.insert(signed_id, name);
                before.as_deref() != self.names.get(&signed_id).map(String::as_str)
            }
            None => self.names.remove(&signed_id).is_some(),
        }
    }

    /// The segments to be stored for these names, in the order of their first ids: this one, and
    /// more where it is too long.
    pub fn encode(&self, first_id: i64) -> Vec<EncodedSegment> {
        let names: Vec<(i64, &str)> = self
            .names
            .iter()
            .map(|(id, name)| (*id, &name[..]))
            .collect();
        encode(first_id, &names, None)
    }

    /// Whether a stored filter lets every search pass that finds one of these names.
    pub fn is_covered_by(&self, filter: &[u8]) -> bool {
        let mut least = NameFilter::empty();
        for name in self.names.values() {
            least.add(name);
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

/// The segments for names in the order of their signed ids. A filter that is given holds all of them
/// and is taken for a single segment.
pub(super) fn encode(
    first_id: i64,
    names: &[(i64, &str)],
    filter: Option<NameFilter>,
) -> Vec<EncodedSegment> {
    let bytes: usize = names.iter().map(|(_, name)| name.len() + 1).sum();
    let parts = names.len().div_ceil(MOST_NAMES);
    let parts = parts.max(bytes.div_ceil(MOST_BYTES)).max(1);
    let filter = filter.filter(|_| parts == 1);
    let adds_to_filter = filter.is_none();
    let mut builder = SegmentBuilder {
        part: Part::new(first_id),
        // Parts of about the same length.
        most_names: names.len().div_ceil(parts).max(1),
        adds_to_filter,
    };
    let mut encoded = Vec::with_capacity(parts);
    for (signed_id, name) in names {
        encoded.extend(builder.add_folded(*signed_id, name));
    }
    if let Some(filter) = filter {
        builder.part.filter = filter;
    }
    encoded.push(builder.part.encode());
    encoded
}

/// Makes segments of names that come in the order of their signed ids.
#[derive(Debug)]
pub struct SegmentBuilder {
    part: Part,
    most_names: usize,
    adds_to_filter: bool,
}

#[derive(Debug)]
struct Part {
    first_id: i64,
    last_id: i64,
    count: u32,
    ids: Vec<u8>,
    lengths: Vec<u8>,
    text: Vec<u8>,
    filter: NameFilter,
}

impl Default for SegmentBuilder {
    fn default() -> Self {
        Self {
            part: Part::new(FIRST_SEGMENTS[0]),
            most_names: MOST_NAMES,
            adds_to_filter: true,
        }
    }
}

impl SegmentBuilder {
    /// Adds the name of the next Page; returns the segment before it where that is complete.
    pub fn add(&mut self, signed_id: i64, name: &str) -> Option<EncodedSegment> {
        let name = fold(name);
        if name.is_empty() {
            return None;
        }
        self.add_folded(signed_id, &name)
    }

    fn add_folded(&mut self, signed_id: i64, name: &str) -> Option<EncodedSegment> {
        let part = &mut self.part;
        let is_other_half = part.first_id < 0 && signed_id >= 0;
        let is_full = part.count > 0
            && (part.count as usize >= self.most_names
                || part.text.len() + name.len() >= MOST_BYTES);
        let complete = (is_other_half || is_full).then(|| {
            let next = if is_other_half {
                FIRST_SEGMENTS[1]
            } else {
                signed_id
            };
            std::mem::replace(part, Part::new(next)).encode()
        });
        part.add(signed_id, name);
        if self.adds_to_filter {
            part.filter.add(name);
        }
        complete
    }

    /// The last segments.
    pub fn finish(self) -> Vec<EncodedSegment> {
        let needs_other_half = self.part.first_id < 0;
        let mut segments = vec![self.part.encode()];
        if needs_other_half {
            segments.push(Part::new(FIRST_SEGMENTS[1]).encode());
        }
        segments
    }
}

impl Part {
    fn new(first_id: i64) -> Self {
        Self {
            first_id,
            last_id: first_id,
            count: 0,
            ids: Vec::new(),
            lengths: Vec::new(),
            text: Vec::new(),
            filter: NameFilter::empty(),
        }
    }

    fn add(&mut self, signed_id: i64, name: &str) {
        push_number(&mut self.ids, signed_id.abs_diff(self.last_id));
        push_number(&mut self.lengths, name.len() as u64);
        self.text.extend_from_slice(name.as_bytes());
        self.text.push(END);
        self.last_id = signed_id;
        self.count += 1;
    }

    fn encode(self) -> EncodedSegment {
        let mut names =
            Vec::with_capacity(16 + self.ids.len() + self.lengths.len() + self.text.len());
        names.push(FORM);
        push_number(&mut names, self.count.into());
        push_number(&mut names, self.ids.len() as u64);
        push_number(&mut names, self.lengths.len() as u64);
        names.extend_from_slice(&self.ids);
        names.extend_from_slice(&self.lengths);
        names.extend_from_slice(&self.text);
        EncodedSegment {
            first_id: self.first_id,
            filter: self.filter.into_bytes(),
            names,
        }
    }
}

/// A name as a text.
pub(super) fn text(name: &[u8]) -> Result<&str, DamagedSegment> {
    std::str::from_utf8(name).map_err(|_invalid| DamagedSegment)
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

/// Reads an encoded segment from its first name to its last.
pub(super) struct Reader<'a> {
    left: u64,
    last_id: i64,
    ids: &'a [u8],
    lengths: &'a [u8],
    text: &'a [u8],
    /// Where the next name starts in the text.
    position: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(first_id: i64, names: &'a [u8]) -> Result<Self, DamagedSegment> {
        let (form, mut rest) = names.split_first().ok_or(DamagedSegment)?;
        if *form != FORM {
            return Err(DamagedSegment);
        }
        let left = take_number(&mut rest)?;
        let length = |number: u64| usize::try_from(number).map_err(|_too_long| DamagedSegment);
        let (ids, lengths) = (
            length(take_number(&mut rest)?)?,
            length(take_number(&mut rest)?)?,
        );
        let (ids, rest) = rest.split_at_checked(ids).ok_or(DamagedSegment)?;
        let (lengths, text) = rest.split_at_checked(lengths).ok_or(DamagedSegment)?;
        Ok(Self {
            left,
            last_id: first_id,
            ids,
            lengths,
            text,
            position: 0,
        })
    }

    /// All names, each with [`END`] behind it.
    pub(super) fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Where the next name starts in the text.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The next name with its signed id.
    pub(super) fn next_name(&mut self) -> Result<Option<(i64, &'a [u8])>, DamagedSegment> {
        if self.left == 0 {
            return Ok(None);
        }
        let step = take_number(&mut self.ids)?;
        let length = take_number(&mut self.lengths)?;
        let length = usize::try_from(length).map_err(|_too_long| DamagedSegment)?;
        self.last_id = self
            .last_id
            .checked_add_unsigned(step)
            .ok_or(DamagedSegment)?;
        let end = self.position.checked_add(length).ok_or(DamagedSegment)?;
        if self.text.get(end) != Some(&END) {
            return Err(DamagedSegment);
        }
        let name = &self.text[self.position..end];
        self.position = end + 1;
        self.left -= 1;
        Ok(Some((self.last_id, name)))
    }

    fn is_at_end(&self) -> bool {
        self.left == 0
            && self.ids.is_empty()
            && self.lengths.is_empty()
            && self.position == self.text.len()
    }
}
