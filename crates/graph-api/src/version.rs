//! The versions of the Graph API.

use std::fmt;

/// A version of the Graph API that the edge is published for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GraphVersion {
    name: &'static str,
    major: u32,
}

/// A path segment of the form of a version that no request can be served as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnservedVersion;

const fn version(name: &'static str, major: u32) -> GraphVersion {
    GraphVersion { name, major }
}

impl GraphVersion {
    /// Every served version, oldest first (reference).
    pub const ALL: [Self; 7] = [
        version("v20.0", 20),
        version("v21.0", 21),
        version("v22.0", 22),
        version("v23.0", 23),
        version("v24.0", 24),
        version("v25.0", 25),
        version("v26.0", 26),
    ];

    /// The oldest served version. Requests for older ones are served as this one (documented).
    pub const OLDEST: Self = Self::ALL[0];

    /// The newest served version.
    pub const NEWEST: Self = Self::ALL[Self::ALL.len() - 1];

    /// The name as it stands in paths, such as `v26.0`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The version with exactly this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.name == name)
    }

    /// Reads a path segment. `None`: it has not the form of a version (`v`, digits, dot, digits).
    /// An older version than the oldest is served as the oldest; a newer or made-up one not at all.
    pub(crate) fn from_segment(segment: &str) -> Option<Result<Self, UnservedVersion>> {
        let (major, minor) = segment.strip_prefix('v')?.split_once('.')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(major) || !digits(minor) {
            return None;
        }
        if let Some(version) = Self::named(segment) {
            return Some(Ok(version));
        }
        match major.parse::<u32>() {
            Ok(major) if major < Self::OLDEST.major => Some(Ok(Self::OLDEST)),
            _ => Some(Err(UnservedVersion)),
        }
    }
}

impl fmt::Display for GraphVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_is_served_as_the_oldest_and_newer_not_at_all() {
        let served = |segment| {
            GraphVersion::from_segment(segment).map(|found| found.map(GraphVersion::name))
        };
        for version in GraphVersion::ALL {
            assert_eq!(served(version.name()), Some(Ok(version.name())));
        }
        for old in ["v19.0", "v2.12", "v1.0", "v0.0"] {
            assert_eq!(served(old), Some(Ok("v20.0")), "{old}");
        }
        for absurd in [
            "v27.0",
            "v99.0",
            "v20.1",
            "v26.00",
            "v99999999999999999999.0",
        ] {
            assert_eq!(served(absurd), Some(Err(UnservedVersion)), "{absurd}");
        }
        for other in ["26.0", "v26", "v26.", "v.0", "V26.0", "v26.0x", "vx.0", ""] {
            assert_eq!(served(other), None, "{other}");
        }
    }
}
