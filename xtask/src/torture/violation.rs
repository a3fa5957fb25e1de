//! What an attack can find.

use std::fmt;

/// The promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A write was acknowledged and is not there.
    Lost,
    /// What is stored is not what one write, as a whole, made.
    Half,
    /// No order of the operations explains what clients were told.
    Stale,
    /// The history is not complete or not in order.
    History,
    /// A start was not clean.
    Start,
    /// The server gave an answer that it had no reason for.
    Answer,
    /// After a fault, the server did not do what it has to.
    Fault,
    /// `pagebell check` found something.
    Check,
}

/// A broken promise, with what shows it.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.kind, self.text)
    }
}

/// How many violations of which kind there were.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Found {
    pub(crate) lost: usize,
    pub(crate) half: usize,
    pub(crate) stale: usize,
    pub(crate) other: usize,
}

impl Found {
    pub(crate) fn add(&mut self, violations: &[Violation]) {
        for violation in violations {
            let count = match violation.kind {
                Kind::Lost => &mut self.lost,
                Kind::Half => &mut self.half,
                Kind::Stale => &mut self.stale,
                _ => &mut self.other,
            };
            *count += 1;
        }
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            lost: self.lost + other.lost,
            half: self.half + other.half,
            stale: self.stale + other.stale,
            other: self.other + other.other,
        }
    }
}
