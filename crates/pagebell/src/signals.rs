//! Signals of the process. A thread of its own hears them, with a runtime of its own, so that the
//! server obeys whatever its other threads wait for.

use std::io;
use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::logging;

/// The exit code of a process that ended without having finished what was under way.
const UNFINISHED: i32 = 2;

/// What signals ask for.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    stop: watch::Receiver<bool>,
    hangups: watch::Receiver<u64>,
}

/// What the thread hears.
struct Heard {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    user_defined: [Signal; 2],
}

impl Signals {
    /// Hears signals from now on. A stop that takes longer than this time ends the process, and so
    /// does a second signal to stop.
    pub(crate) fn hear(stop_limit: Duration) -> io::Result<Self> {
        let (stop_sender, stop) = watch::channel(false);
        let (hangup_sender, hangups) = watch::channel(0);
        let (ready, is_ready) = mpsc::channel();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let prepared = Heard::prepare().map(|(runtime, heard)| {
                    ready.send(Ok(())).ok();
                    runtime.block_on(heard.obey(&stop_sender, &hangup_sender, stop_limit));
                });
                if let Err(error) = prepared {
                    ready.send(Err(error)).ok();
                }
            })?;
        is_ready
            .recv()
            .unwrap_or_else(|_ended| Err(io::Error::other("the thread for signals ended")))?;
        Ok(Self { stop, hangups })
    }

    /// Ends when the process is asked to stop.
    pub(crate) async fn stop(&mut self) {
        if self.stop.wait_for(|is_asked| *is_asked).await.is_err() {
            // Nobody will ask any more.
            std::future::pending::<()>().await;
        }
    }

    /// Ends at the next SIGHUP, or the one that came since the last call.
    pub(crate) async fn hangup(&mut self) {
        if self.hangups.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Heard {
    fn prepare() -> io::Result<(Runtime, Self)> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let heard = Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            user_defined: [
                signal(SignalKind::user_defined1())?,
                signal(SignalKind::user_defined2())?,
            ],
        };
        drop(entered);
        Ok((runtime, heard))
    }

    async fn obey(
        mut self,
        stop: &watch::Sender<bool>,
        hangups: &watch::Sender<u64>,
        stop_limit: Duration,
    ) {
        self.hear_the_first(hangups).await;
        tracing::info!("asked to stop: finishing what is under way");
        stop.send_replace(true);
        tokio::select! {
            () = self.hear_the_first(hangups) => end(
                "pagebell: stopped by a second signal: updates that were under way may or may not \
                 be stored, what was acknowledged is",
            ),
            () = tokio::time::sleep(stop_limit) => end(
                "pagebell: the stop took too long and was broken off: updates that were under way \
                 may or may not be stored, what was acknowledged is",
            ),
        }
    }

    /// Waits for the next signal to stop. SIGHUP is told on; it comes with a terminal that closes,
    /// and from tools that rotate logs or reload. Those that programs are sent out of habit, and
    /// that would end the process by default, do nothing.
    async fn hear_the_first(&mut self, hangups: &watch::Sender<u64>) {
        let [first, second] = &mut self.user_defined;
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => hangups.send_modify(|count| *count += 1),
                _ = first.recv() => without_effect("SIGUSR1"),
                _ = second.recv() => without_effect("SIGUSR2"),
            }
        }
    }
}

/// Says that a signal has no effect.
pub(crate) fn without_effect(name: &str) {
    tracing::info!("{name} changes nothing; SIGTERM stops the server");
}

/// Ends the process where it stands.
fn end(line: &str) {
    logging::write_last_line(line);
    logging::flush();
    std::process::exit(UNFINISHED);
}
