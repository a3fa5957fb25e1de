//! The open spans of a stretch of time.

use std::iter::FusedIterator;

use jiff::Timestamp;

use super::{CallAvailability, Medium};

/// A span in which calls are taken, half-open: at `end` it is over. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenInterval {
    /// The first instant.
    pub start: Timestamp,
    /// The instant at which it is over.
    pub end: Timestamp,
}

/// The open spans between two instants, in order; see [`CallAvailability::open_intervals`].
#[derive(Clone, Debug)]
pub struct OpenIntervals<'a> {
    availability: &'a CallAvailability,
    medium: Medium,
    /// Where the next span starts; `None`: there is none.
    next: Option<Timestamp>,
    until: Timestamp,
}

impl<'a> OpenIntervals<'a> {
    pub(super) fn new(
        availability: &'a CallAvailability,
        medium: Medium,
        from: Timestamp,
        until: Timestamp,
    ) -> Self {
        let next = if availability.decide(medium, from).accepting_calls() {
            Some(from)
        } else {
            availability.next_change(medium, from)
        };
        Self {
            availability,
            medium,
            next,
            until,
        }
    }
}

impl Iterator for OpenIntervals<'_> {
    type Item = OpenInterval;

    fn next(&mut self) -> Option<OpenInterval> {
        let start = self.next.take().filter(|start| *start < self.until)?;
        let closes = self.availability.next_change(self.medium, start);
        let end = match closes {
            Some(closes) if closes < self.until => {
                self.next = self.availability.next_change(self.medium, closes);
                closes
            }
            _ => self.until,
        };
        Some(OpenInterval { start, end })
    }
}

impl FusedIterator for OpenIntervals<'_> {}
