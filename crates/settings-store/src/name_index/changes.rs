//! Names that change in one transaction.

use std::collections::BTreeMap;

use call_settings::PageId;

#[cfg(doc)]
use super::NameSegment;
use super::segment::{DamagedSegment, EncodedSegment, Names, Reader, indexed};
use crate::signed;

/// The names that a transaction gives to Pages or takes from them.
#[derive(Clone, Debug, Default)]
pub struct NameChanges {
    names: BTreeMap<i64, Option<String>>,
}

impl NameChanges {
    /// Adds the change of a Page, in the place of an earlier one. `None`: it has no name any more.
    pub fn set(&mut self, page_id: PageId, name: Option<&str>) {
        let name = name.map(str::to_owned);
        self.names.insert(signed(page_id.get()), name);
    }

    /// The lowest and the highest signed id; `None`: nothing changes.
    pub fn span(&self) -> Option<(i64, i64)> {
        let (first, _) = self.names.first_key_value()?;
        let (last, _) = self.names.last_key_value()?;
        Some((*first, *last))
    }

    /// The first ids of the first segments that are changed, at most so many. The keys are the first
    /// ids of all segments from that of the lowest change to that of the highest, in their order.
    pub fn segments(&self, keys: &[i64], most: usize) -> Vec<i64> {
        let mut segments = Vec::new();
        let mut ids = self.names.keys().peekable();
        for (position, key) in keys.iter().enumerate() {
            let next = keys.get(position + 1);
            let mut is_changed = false;
            while ids
                .next_if(|id| next.is_none_or(|next| *id < next))
                .is_some()
            {
                is_changed = true;
            }
            if is_changed {
                segments.push(*key);
                if segments.len() == most {
                    break;
                }
            }
        }
        segments
    }

    /// Takes the changes of ids below the first id of the next segment out, and makes them in a stored
    /// segment. Returns the segments to be stored in its place, the first of them under its key; none
    /// where nothing changes.
    ///
    /// # Errors
    ///
    /// [`DamagedSegment`] where its names cannot be read. The changes are taken out all the same: they
    /// are in the names of which the caller makes the segment again, as a [`NameSegment`].
    pub fn apply(
        &mut self,
        stored: &EncodedSegment,
        next: Option<i64>,
    ) -> Result<Vec<EncodedSegment>, DamagedSegment> {
        let behind = match next {
            Some(next) => self.names.split_off(&next),
            None => BTreeMap::new(),
        };
        let changes: Vec<(i64, String)> = std::mem::replace(&mut self.names, behind)
            .into_iter()
            .map(|(id, name)| (id, name.as_deref().map(indexed).unwrap_or_default()))
            .collect();
        let mut changes = changes.iter().peekable();
        let mut merged = Merged::default();
        let mut reader = Reader::new(stored.first_id, &stored.names)?;
        let words = reader.words()?;
        let mut present: Vec<&str> = Vec::new();
        while let Some((signed_id, numbers)) = reader.next_name()? {
            present.clear();
            for number in numbers {
                present.push(words.get(number?).ok_or(DamagedSegment)?);
            }
            while let Some((id, name)) = changes.next_if(|(id, _)| *id < signed_id) {
                merged.set(*id, name);
            }
            match changes.next_if(|(id, _)| *id == signed_id) {
                Some((_, name)) if !present.iter().copied().eq(name.split(' ')) => {
                    merged.is_changed = true;
                    merged.set(signed_id, name);
                }
                _ => merged.names.add(signed_id, present.iter().copied()),
            }
        }
        for (id, name) in changes {
            merged.set(*id, name);
        }
        Ok(if merged.is_changed {
            merged.names.encode(stored.first_id)
        } else {
            Vec::new()
        })
    }
}

/// The names of a segment and their changes.
#[derive(Debug, Default)]
struct Merged<'a> {
    names: Names<'a>,
    is_changed: bool,
}

impl<'a> Merged<'a> {
    /// Adds a name that is new or another one. An empty one is none.
    fn set(&mut self, signed_id: i64, name: &'a str) {
        if !name.is_empty() {
            self.names.add(signed_id, name.split(' '));
            self.is_changed = true;
        }
    }
}
