//! How much memory a server holds.

use std::fs;

use anyhow::Context as _;

/// What the kernel says of a process's memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All that is in memory now, files that are mapped into it included.
    pub(crate) resident: u64,
    /// The part of it that is the process's own, which the kernel cannot drop.
    pub(crate) anonymous: u64,
    /// The most that was ever resident.
    pub(crate) peak: u64,
}

impl Memory {
    /// Of a process by its id.
    pub(crate) fn of(process: u32) -> anyhow::Result<Self> {
        let path = format!("/proc/{process}/status");
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        Self::parse(&status).with_context(|| format!("no memory in {path}"))
    }

    fn parse(status: &str) -> Option<Self> {
        let bytes = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
            Some(kibibytes * 1024)
        };
        Some(Self {
            resident: bytes("VmRSS:")?,
            anonymous: bytes("RssAnon:")?,
            peak: bytes("VmHWM:")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines_of_many_are_read() {
        let status = "Name:\tserver\nVmPeak:\t  99 kB\nVmHWM:\t   12 kB\nVmRSS:\t    8 kB\nRssAnon:\t    4 kB\n";
        let expected = Memory {
            resident: 8192,
            anonymous: 4096,
            peak: 12288,
        };
        assert_eq!(Memory::parse(status), Some(expected));
        assert_eq!(Memory::parse("VmRSS:\t 8 kB\n"), None);
    }
}
