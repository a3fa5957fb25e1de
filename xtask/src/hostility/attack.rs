//! One attack: a server, callers that mean well, and somebody who does not.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::bench::machine::Cores;
use crate::hostility::memory::{self, Mebibytes};
use crate::hostility::reader::{Fared, Readers};
use crate::hostility::victim::{Target, Victim};

/// The most bytes that any attack may write into the log.
const MOST_LOG_BYTES: u64 = 64 * 1024;

/// An attack that is over sooner is repeated, so that there are reads while it is on.
const LEAST_TIME: Duration = Duration::from_millis(400);

/// How large an attack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Small enough to be run with the tests.
    Short,
    Full,
}

impl Scale {
    /// One of two numbers.
    pub(crate) const fn of<T: Copy>(self, short: T, full: T) -> T {
        match self {
            Self::Short => short,
            Self::Full => full,
        }
    }

    /// How long an attack that knows no end goes on.
    pub(crate) const fn time(self) -> Duration {
        Duration::from_millis(self.of(1_000, 5_000))
    }

    /// How long reads are measured before and after an attack.
    const fn quiet_time(self) -> Duration {
        Duration::from_millis(self.of(300, 2_000))
    }
}

/// An attack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// Options of the server, where the attack is against a limit that is to be reached sooner.
    pub(crate) options: &'static [&'static str],
    /// By how much the server's memory may grow at most, in mebibytes.
    pub(crate) most_memory: Mebibytes,
    /// Attacks, and says what came of it. An error: something else than what must come of it.
    pub(crate) run: fn(&Target, Scale) -> anyhow::Result<String>,
}

/// What an attack did.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) outcome: String,
    pub(crate) before: Fared,
    pub(crate) during: Fared,
    pub(crate) after: Fared,
    /// Reads on connections of their own, while the attack was on.
    pub(crate) newcomers: Fared,
    /// How far the server's memory was above what it had before, at most.
    pub(crate) memory: Mebibytes,
    pub(crate) log_bytes: u64,
}

impl Attack {
    pub(crate) fn run(
        &self,
        binary: &Path,
        directory: &Path,
        cores: Cores,
        scale: Scale,
    ) -> anyhow::Result<Row> {
        let victim = Victim::start(binary, directory, cores.server, self.options)?;
        let readers = Readers::start(&victim.target)?;
        let begun = Instant::now();
        thread::sleep(scale.quiet_time());
        let memory_before = memory::now(victim.id())?;
        memory::forget_peak(victim.id())?;
        let log_before = victim.log_bytes()?;
        let attacked = Instant::now();
        let mut result = (self.run)(&victim.target, scale);
        while result.is_ok() && attacked.elapsed() < LEAST_TIME {
            result = (self.run)(&victim.target, scale);
        }
        let ended = Instant::now();
        let memory = memory::peak(victim.id())?.saturating_sub(memory_before);
        thread::sleep(scale.quiet_time());
        let reads = readers.stop();
        let outcome = result.with_context(|| victim.last_words())?;
        let log_bytes = victim.log_bytes()? - log_before;
        victim.stop()?;
        Ok(Row {
            name: self.name,
            outcome,
            before: reads.between(begun, attacked),
            during: reads.between(attacked, ended),
            after: reads.between(ended, Instant::now()),
            newcomers: reads.newcomers_between(attacked, ended),
            memory,
            log_bytes,
        })
    }
}

impl Row {
    /// What the server did not stand, if anything.
    pub(crate) fn failure(&self, attack: &Attack) -> Option<String> {
        self.check(attack)
            .err()
            .map(|error| format!("{}: {error:#}", self.name))
    }

    fn check(&self, attack: &Attack) -> anyhow::Result<()> {
        for (when, fared) in [
            ("before", &self.before),
            ("during", &self.during),
            ("after", &self.after),
            ("on new connections during", &self.newcomers),
        ] {
            if let Some(failure) = &fared.first_failure {
                bail!(
                    "{} reads failed {when} the attack: {failure}",
                    fared.failures
                );
            }
            if fared.count == 0 {
                bail!("there were no reads {when} the attack");
            }
        }
        if self.memory > attack.most_memory {
            bail!(
                "memory grew by {} MiB; {} are allowed",
                self.memory,
                attack.most_memory
            );
        }
        if self.log_bytes > MOST_LOG_BYTES {
            bail!("{} bytes went into the log", self.log_bytes);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let fared = Fared {
            count: 1,
            ..Fared::default()
        };
        Row {
            name: "test",
            outcome: String::new(),
            before: fared.clone(),
            during: fared.clone(),
            after: fared.clone(),
            newcomers: fared,
            memory: 10,
            log_bytes: MOST_LOG_BYTES,
        }
    }

    #[test]
    fn what_the_server_did_not_stand_is_told() {
        let attack = Attack {
            name: "test",
            options: &[],
            most_memory: 10,
            run: |_target, _scale| Ok(String::new()),
        };
        assert_eq!(row().failure(&attack), None);
        let mut failed = row();
        failed.during.failures = 3;
        failed.during.first_failure = Some("reset".to_owned());
        let mut unread = row();
        unread.newcomers.count = 0;
        let mut fat = row();
        fat.memory = 11;
        let mut loud = row();
        loud.log_bytes += 1;
        for (row, told) in [
            (failed, "3 reads failed during the attack: reset"),
            (unread, "no reads on new connections during"),
            (fat, "memory grew by 11 MiB"),
            (loud, "bytes went into the log"),
        ] {
            let failure = row.failure(&attack).unwrap();
            assert!(failure.contains(told), "{failure}");
        }
    }
}
