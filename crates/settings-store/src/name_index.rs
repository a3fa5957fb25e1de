//! The index by which stores find Pages by their names.
//!
//! The names of Pages whose signed ids are neighbours lie in one *segment*: the distinct words of them,
//! folded as [`PageSearch`](crate::PageSearch) folds them, the words of each name by their numbers, and
//! a filter of the groups of letters that occur in them. A search skips every segment whose filter
//! lacks a group of letters of the text, and looks for its words in the words of the others, which
//! takes about as long as reading them. So the worst search, for two words of which each is in half of
//! the names and which meet in none, reads the index once, and most searches read few segments.
//!
//! A segment is found by its first signed id: it holds what lies between that and the first id of
//! the next one. There are always the segments [`FIRST_SEGMENTS`], so that none holds ids of both
//! halves of the signed range. A segment is never removed. One that grows too long is divided.
//! Pages without a name are in no segment.
//!
//! A store writes the segments in the transaction that writes the names. It keeps each of them under
//! its first id as the two byte strings of an [`EncodedSegment`], and asks no more of its engine than
//! an ordered key.

mod changes;
mod filter;
mod query;
mod segment;

pub use changes::NameChanges;
pub use filter::NAME_FILTER_BYTES;
pub use query::NameQuery;
pub use segment::{
    DamagedSegment, EncodedSegment, FIRST_SEGMENTS, NameSegment, SegmentBuilder, first_segment,
};

#[cfg(test)]
mod tests;
