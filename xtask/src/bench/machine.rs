//! The machine a measurement ran on, and which of its cores do what.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, bail};
use rustix::thread::{CpuSet, sched_getaffinity};

use crate::command;

/// One core for the server and one for the load, so that neither takes time from the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    pub(crate) server: usize,
    pub(crate) load: usize,
}

impl Cores {
    /// The first two cores this process may use, which in a container need not be 0 and 1.
    pub(crate) fn choose() -> anyhow::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        match (cores.next(), cores.next()) {
            (Some(server), Some(load)) => Ok(Self { server, load }),
            _ => bail!("a measurement takes two cores, one for the server and one for the load"),
        }
    }
}

/// How long a core has worked and been idle since the machine started, in the kernel's ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CoreTimes {
    busy: f64,
    idle: f64,
}

impl CoreTimes {
    pub(crate) fn now(core: usize) -> anyhow::Result<Self> {
        let statistics = fs::read_to_string("/proc/stat")?;
        Self::parse(&statistics, core).with_context(|| format!("no times of core {core}"))
    }

    fn parse(statistics: &str, core: usize) -> Option<Self> {
        let name = format!("cpu{core} ");
        let line = statistics
            .lines()
            .find_map(|line| line.strip_prefix(&name))?;
        let ticks: Vec<f64> = line
            .split_whitespace()
            .map_while(|field| field.parse().ok())
            .collect();
        // user, nice, system, idle, iowait, irq, softirq, steal; time of guests is in user's.
        let [user, nice, system, idle, waiting, rest @ ..] = &ticks[..] else {
            return None;
        };
        Some(Self {
            busy: user + nice + system + rest.iter().take(3).sum::<f64>(),
            idle: idle + waiting,
        })
    }

    /// The share of the time since `earlier` in which the core worked, 0 to 1.
    pub(crate) fn busy_since(self, earlier: Self) -> f64 {
        let busy = self.busy - earlier.busy;
        let idle = self.idle - earlier.idle;
        if busy + idle > 0.0 {
            busy / (busy + idle)
        } else {
            0.0
        }
    }
}

/// How many processes wanted a core over the last minute, as the kernel writes it.
pub(crate) fn load_average() -> anyhow::Result<String> {
    let averages = fs::read_to_string("/proc/loadavg")?;
    Ok(averages.split(' ').next().unwrap_or_default().to_owned())
}

/// Cores, processor and kernel in one line.
pub(crate) fn describe() -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let kernel = rustix::system::uname();
    // Not every architecture names its processor; then its own name has to do.
    let processor = processors
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == "model name")
        .map_or_else(
            || kernel.machine().to_string_lossy().into_owned(),
            |(_, model)| model.trim().to_owned(),
        );
    Ok(format!(
        "{cores} cores, {processor}, {} {}",
        kernel.sysname().to_string_lossy(),
        kernel.release().to_string_lossy()
    ))
}

/// The day of the measurement, by the machine's clock.
pub(crate) fn date() -> anyhow::Result<String> {
    let date = command::output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    Ok(date.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_work_comes_from_the_core_asked_for() {
        let earlier =
            "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 10 0 5 100 0 0 5 0 10 0";
        let later =
            "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 0 0 0 0 0 0 0 0 0 0\ncpu1 50 0 30 115 10 0 15 0 50 0";
        let times = |text| CoreTimes::parse(text, 1);
        let share = times(later)
            .zip(times(earlier))
            .map(|(later, earlier)| later.busy_since(earlier));
        assert_eq!(share, Some(0.75));
        assert_eq!(CoreTimes::parse(later, 2), None);
    }
}
