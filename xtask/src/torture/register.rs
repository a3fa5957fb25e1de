//! What one Page is to its clients: a register of settings with a revision.
//!
//! This is the whole sequential specification: what each operation may answer, and what it leaves.

use std::fmt;

use crate::torture::settings::{Seen, Settings, Update};

/// A Page's settings and how often they were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) revision: u64,
    pub(crate) settings: Settings,
}

impl State {
    /// The state of a Page that was never configured.
    pub(crate) const NEVER_CONFIGURED: Self = Self {
        revision: 0,
        settings: Settings::NEVER_CONFIGURED,
    };

    /// The state after an update; one that changes nothing does not count. The first one always
    /// does: it configures the Page, even with what the Page seemed to have already.
    pub(crate) fn updated(self, update: Update) -> Self {
        let settings = update.applied_to(self.settings);
        let counts = settings != self.settings || self == Self::NEVER_CONFIGURED;
        Self {
            revision: self.revision + u64::from(counts),
            settings,
        }
    }
}

/// What a client asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Read,
    Write {
        update: Update,
        /// The revision that the settings must be at.
        if_match: Option<u64>,
    },
}

/// What a client was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done; the settings are at this revision and look so.
    Done { revision: u64, seen: Seen },
    /// Nothing was changed, as the settings are at another revision than the one named.
    Mismatch { found: u64 },
    /// Nobody knows: there was no answer, or one that leaves it open.
    Unknown,
}

/// One operation on one Page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) client: usize,
    pub(crate) request: Request,
    pub(crate) outcome: Outcome,
    /// When it was sent, in nanoseconds of the one clock of the run.
    pub(crate) begin: u64,
    /// When its answer had come. Of one without an answer: from when on it can no longer take
    /// effect, as the process that had it is gone; `None`: it may at any later time.
    pub(crate) end: Option<u64>,
}

impl Operation {
    /// The state after this operation, if it takes effect in `state`; `None` if it could not have
    /// been told there what it was told.
    pub(crate) fn applied_to(&self, state: State) -> Option<State> {
        let (Request::Read, Outcome::Done { revision, seen }) = (self.request, self.outcome) else {
            return self.written_to(state);
        };
        (revision == state.revision && seen.fits(&state.settings)).then_some(state)
    }

    fn written_to(&self, state: State) -> Option<State> {
        let Request::Write { update, if_match } = self.request else {
            // A read without an answer has no effect and tells nothing.
            return Some(state);
        };
        let matches = if_match.is_none_or(|revision| revision == state.revision);
        match self.outcome {
            Outcome::Mismatch { found } => (!matches && found == state.revision).then_some(state),
            Outcome::Unknown if matches => Some(state.updated(update)),
            Outcome::Unknown => Some(state),
            Outcome::Done { revision, seen } => {
                let after = state.updated(update);
                (matches && revision == after.revision && seen.fits(&after.settings))
                    .then_some(after)
            }
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds =
            |moment: u64| format!("{}.{:06}", moment / 1_000_000, moment % 1_000_000);
        write!(formatter, "{} to ", milliseconds(self.begin))?;
        match self.end {
            Some(end) => write!(formatter, "{} ms", milliseconds(end))?,
            None => write!(formatter, "ever")?,
        }
        write!(formatter, ", client {}: ", self.client)?;
        match self.request {
            Request::Read => write!(formatter, "read")?,
            Request::Write { update, if_match } => {
                write!(formatter, "write of {update:?}")?;
                if let Some(revision) = if_match {
                    write!(formatter, " if at revision {revision}")?;
                }
            }
        }
        match self.outcome {
            Outcome::Done { revision, seen } => {
                write!(formatter, " -> revision {revision}, {seen:?}")
            }
            Outcome::Mismatch { found } => write!(formatter, " -> refused, at revision {found}"),
            Outcome::Unknown => write!(formatter, " -> no answer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_update_counts_even_if_nothing_looks_different() {
        let first = Settings::NEVER_CONFIGURED;
        let same = Update {
            switches: Some(first.switches),
            hours: None,
        };
        let configured = State::NEVER_CONFIGURED.updated(same);
        assert_eq!((configured.revision, configured.settings), (1, first));
        assert_eq!(configured.updated(same), configured);
    }
}
