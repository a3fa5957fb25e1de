//! Who rings when a person calls the Page.

use std::fmt;
use std::str::FromStr;

/// Where an incoming call rings. It steers calls that people start; calls that the business starts
/// work with either (guide).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RingTarget {
    /// Meta's own surfaces ring: the inbox of Business Suite and the Messenger app.
    Meta,
    /// The apps that are subscribed to the Page's calls ring.
    Partners,
}

/// The text is none of [`RingTarget::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ring target is META or PARTNERS")]
pub struct UnknownRingTarget;

impl RingTarget {
    /// Every ring target, in the order of the reference page.
    pub const ALL: [Self; 2] = [Self::Meta, Self::Partners];

    /// The wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "META",
            Self::Partners => "PARTNERS",
        }
    }
}

impl FromStr for RingTarget {
    type Err = UnknownRingTarget;

    /// Reads the wire name. Only the exact upper-case name counts: the reference page lists two
    /// literal values.
    fn from_str(text: &str) -> Result<Self, UnknownRingTarget> {
        Self::ALL
            .into_iter()
            .find(|target| target.name() == text)
            .ok_or(UnknownRingTarget)
    }
}

impl fmt::Display for RingTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
