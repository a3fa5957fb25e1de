//! The memory of a process, as the kernel counts it.

use std::fs;

use anyhow::Context as _;

/// Memory in mebibytes.
pub(crate) type Mebibytes = u64;

/// What the process has in memory.
pub(crate) fn now(process: u32) -> anyhow::Result<Mebibytes> {
    status(process, "VmRSS:")
}

/// The most that the process had in memory since [`forget_peak`].
pub(crate) fn peak(process: u32) -> anyhow::Result<Mebibytes> {
    status(process, "VmHWM:")
}

/// Begins to look for the peak anew.
pub(crate) fn forget_peak(process: u32) -> anyhow::Result<()> {
    let path = format!("/proc/{process}/clear_refs");
    fs::write(&path, "5").with_context(|| format!("cannot write {path}"))
}

fn status(process: u32, name: &str) -> anyhow::Result<Mebibytes> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse(&status, name).with_context(|| format!("{path} has no {name}"))
}

fn parse(status: &str, name: &str) -> Option<Mebibytes> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kibibytes_are_rounded_up_to_mebibytes() {
        let status = "Name:\tx\nVmHWM:\t    2049 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!(parse(status, "VmHWM:"), Some(3));
        assert_eq!(parse(status, "VmRSS:"), Some(1));
        assert_eq!(parse(status, "VmSwap:"), None);
    }
}
