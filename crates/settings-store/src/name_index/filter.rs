//! Which groups of letters occur in the names of a segment.

/// How many bytes a filter has: with the key of its segment and a reference to the names it stays
/// below the size from which on PostgreSQL moves values out of the row.
pub const NAME_FILTER_BYTES: usize = 1_920;

/// The most groups of letters that a search asks for.
const MOST_GROUPS: usize = 12;

/// A bit for each single letter, pair and triple of letters. Several share a bit.
#[derive(Clone, Debug)]
pub(super) struct NameFilter(Vec<u8>);

impl NameFilter {
    /// The filter of no names.
    pub(super) fn empty() -> Self {
        Self(vec![0; NAME_FILTER_BYTES])
    }

    /// The filter of these bytes, where they are one.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == NAME_FILTER_BYTES).then(|| Self(bytes.to_vec()))
    }

    /// Whether this has every bit of another filter.
    pub(super) fn holds(&self, other: &Self) -> bool {
        let mut bytes = self.0.iter().zip(&other.0);
        bytes.all(|(byte, other)| byte & other == *other)
    }

    /// Adds the groups of a folded name.
    pub(super) fn add(&mut self, name: &str) {
        let (mut first, mut second) = (None, None);
        for letter in name.chars() {
            self.set(bit(&[letter]));
            if let Some(second) = second {
                self.set(bit(&[second, letter]));
                if let Some(first) = first {
                    self.set(bit(&[first, second, letter]));
                }
            }
            (first, second) = (second, Some(letter));
        }
    }

    fn set(&mut self, bit: u16) {
        self.0[usize::from(bit / 8)] |= 1 << (bit % 8);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The bits that a filter has if all of these words occur in its names: of the longest groups of each
/// word, of many groups a part.
pub(super) fn bits_of<'a>(words: impl Iterator<Item = &'a str>) -> Vec<u16> {
    let mut bits = Vec::new();
    for word in words {
        let letters: Vec<char> = word.chars().collect();
        bits.extend(letters.windows(letters.len().clamp(1, 3)).map(bit));
    }
    bits.sort_unstable();
    bits.dedup();
    let step = bits.len().div_ceil(MOST_GROUPS).max(1);
    bits.into_iter().step_by(step).collect()
}

/// Whether a filter has a bit.
pub(super) fn has(filter: &[u8], bit: u16) -> bool {
    filter
        .get(usize::from(bit / 8))
        .is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
}

/// The bit of a group of letters.
fn bit(letters: &[char]) -> u16 {
    const BITS: u64 = NAME_FILTER_BYTES as u64 * 8;
    let mut hash = letters.len() as u64;
    for letter in letters {
        hash = (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 29;
    }
    u16::try_from(hash % BITS).expect("a filter has fewer bits than the numbers of a u16")
}
