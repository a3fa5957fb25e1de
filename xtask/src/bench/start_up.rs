//! How long a server takes from its start to its first answer.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::bench::exchange::{Request, exchange};
use crate::bench::lineup::authorization;
use crate::bench::machine::Cores;
use crate::bench::pages;
use crate::bench::process::{self, ServerProcess};
use crate::bench::statistics::Series;
use crate::bench::stores::{self, Store};

/// How long a start may take at all.
const LIMIT: Duration = Duration::from_mins(1);
/// How many updates a server takes before it is killed, so that the next start finds some to
/// recover.
const UPDATES: u32 = 50;

/// Seconds from the start to the first answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct StartUps {
    /// After the server before had ended in good order.
    pub(crate) clean: Series,
    /// After the server before was killed, some updates behind its last checkpoint.
    pub(crate) after_kill: Series,
}

/// Times `count` starts of either kind; the store ends up closed in good order.
pub(crate) fn measure(
    binary: &Path,
    store: &Store,
    cores: Cores,
    log: &Path,
    count: u32,
) -> anyhow::Result<StartUps> {
    let mut start_ups = StartUps::default();
    for number in 0..count {
        let (took, server) = start(binary, store, cores, log)?;
        start_ups.clean.push(took.as_secs_f64());
        server.update(store, number)?;
        server.process.kill()?;

        let (took, server) = start(binary, store, cores, log)?;
        start_ups.after_kill.push(took.as_secs_f64());
        server.check_update(store, number)?;
        let status = server.process.stop()?;
        if !status.success() {
            bail!("pagebell ended with {status} when asked to stop");
        }
    }
    Ok(start_ups)
}

#[derive(Debug)]
struct Started {
    address: std::net::SocketAddr,
    process: ServerProcess,
}

/// Starts the server, and asks until it answers.
fn start(
    binary: &Path,
    store: &Store,
    cores: Cores,
    log: &Path,
) -> anyhow::Result<(Duration, Started)> {
    let address = process::free_address()?;
    let mut command = Command::new(binary);
    command
        .args(["serve", "--listen", &address.to_string(), "--store"])
        .arg(stores::address(&store.path))
        .stdin(Stdio::null());
    let target = target(0);
    let authorization = authorization(&store.label.token);
    let request = Request {
        target: &target,
        authorization: &authorization,
        body: None,
    };
    let timed = || -> anyhow::Result<_> {
        // A child runs where the thread that starts it does. The wrappers that pin other servers
        // would be timed here.
        run_on(cores.server)?;
        let start = Instant::now();
        let process = ServerProcess::start(&mut command, log.to_owned())?;
        run_on(cores.load)?;
        while TcpStream::connect(address).is_err() {
            if start.elapsed() > LIMIT {
                bail!("pagebell did not start; its log is {}", log.display());
            }
        }
        let answer = exchange(address, request)?;
        let took = start.elapsed();
        if answer.body.is_empty() {
            bail!("the first answer is empty");
        }
        Ok((took, Started { address, process }))
    };
    // A thread of its own: where it runs must not change where the rest of this program does.
    thread::scope(|scope| scope.spawn(timed).join())
        .map_err(|_| anyhow!("the measurement panicked"))?
        .context("cannot time a start")
}

fn run_on(core: usize) -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

fn target(index: u32) -> String {
    format!("/v26.0/{}/messenger_call_settings", pages::page_id(index))
}

/// A field that tells one round of updates from the one before, then back to what was there.
fn update_of(number: u32) -> String {
    format!(
        r#"{{"call_hours":{{"timezone_id":"Europe/Berlin","weekly_operating_hours":[{{"day_of_week":"SUNDAY","open_time":"0800","close_time":"12{:02}"}}]}}}}"#,
        number % 60
    )
}

impl Started {
    /// Updates the last Page again and again; each is acknowledged, and the last one stays.
    fn update(&self, store: &Store, number: u32) -> anyhow::Result<()> {
        for update in (0..UPDATES).rev() {
            self.ask(store, Some(&update_of(number + update)))?;
        }
        Ok(())
    }

    /// Checks that the last acknowledged update outlived the kill, then restores the Page.
    fn check_update(&self, store: &Store, number: u32) -> anyhow::Result<()> {
        let seen = self.ask(store, None)?;
        let hours = update_of(number);
        let hours = hours.trim_start_matches('{').trim_end_matches('}');
        if !seen.contains(hours) {
            bail!("an acknowledged update is gone after the kill: {seen}");
        }
        let settings = pages::settings(store.label.pages - 1);
        self.ask(store, Some(&settings))?;
        let seen = self.ask(store, None)?;
        if seen != pages::answer(store.label.pages - 1) {
            bail!("the Page does not have the settings that were sent last: {seen}");
        }
        Ok(())
    }

    fn ask(&self, store: &Store, body: Option<&str>) -> anyhow::Result<String> {
        let target = target(store.label.pages - 1);
        let authorization = authorization(&store.label.token);
        let request = Request {
            target: &target,
            authorization: &authorization,
            body,
        };
        let answer = exchange(self.address, request)?;
        Ok(String::from_utf8(answer.body)?)
    }
}
