//! Many clients at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use rand::Rng as _;
use rand::rngs::StdRng;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::torture::client::{self, Diary, Round};
use crate::torture::running::Running;

/// How long clients may take to end once the round is over.
const END_LIMIT: Duration = Duration::from_secs(45);

/// Who asks what, over the whole run.
#[derive(Debug)]
pub(crate) struct Crowd {
    clients: usize,
    /// How many of them only read.
    readers: usize,
    brings_revisions: bool,
    pub(crate) pages: Arc<[u64]>,
    marks: Arc<AtomicU32>,
}

/// Clients at work.
#[derive(Debug)]
pub(crate) struct Load {
    over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Diary>>,
    acknowledged: Arc<AtomicU64>,
}

impl Crowd {
    pub(crate) fn new(clients: usize, pages: u64) -> Self {
        Self {
            clients,
            readers: 0,
            brings_revisions: false,
            pages: (0..pages).map(|page| 7_000_000_000 + page).collect(),
            marks: Arc::new(AtomicU32::new(1)),
        }
    }

    /// The same crowd, of which so many only read.
    pub(crate) fn with_readers(self, readers: usize) -> Self {
        Self { readers, ..self }
    }

    /// The same crowd, every other client of which brings the revision that it has seen.
    pub(crate) fn with_revisions(self) -> Self {
        Self {
            brings_revisions: true,
            ..self
        }
    }

    /// Lets all clients begin.
    pub(crate) fn begin(&self, runtime: &Runtime, server: &Running, random: &mut StdRng) -> Load {
        self.begin_at(runtime, &[server.address], &server.token, random)
    }

    /// The same with several servers, among which the clients are spread.
    pub(crate) fn begin_at(
        &self,
        runtime: &Runtime,
        servers: &[SocketAddr],
        token: &str,
        random: &mut StdRng,
    ) -> Load {
        let round = Round {
            addresses: servers.into(),
            token: token.to_owned(),
            pages: Arc::clone(&self.pages),
            readers: self.readers,
            brings_revisions: self.brings_revisions,
            marks: Arc::clone(&self.marks),
            over: Arc::default(),
            acknowledged: Arc::default(),
        };
        let clients = (0..self.clients)
            .map(|number| runtime.spawn(client::run(number, round.clone(), random.random())))
            .collect();
        Load {
            over: round.over,
            clients,
            acknowledged: round.acknowledged,
        }
    }
}

impl Load {
    /// How many writes were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Lets all clients end, and collects what they were told.
    pub(crate) fn end(self, runtime: &Runtime) -> anyhow::Result<Diary> {
        self.over.store(true, Ordering::Relaxed);
        runtime.block_on(async {
            let mut all = Diary::default();
            for client in self.clients {
                let diary = tokio::time::timeout(END_LIMIT, client)
                    .await
                    .context("a client does not end")??;
                all.records.extend(diary.records);
                all.refused_reads += diary.refused_reads;
                all.refused_writes.extend(diary.refused_writes);
                all.unexpected.extend(diary.unexpected);
            }
            Ok(all)
        })
    }
}

impl Diary {
    /// Says from when on operations without an answer can no longer take effect: their server is
    /// gone, and with it every socket and every thread that could still carry them.
    pub(crate) fn close(&mut self, server_gone: u64) {
        for record in &mut self.records {
            record.operation.end.get_or_insert(server_gone);
        }
    }
}
