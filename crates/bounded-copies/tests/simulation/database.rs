//! Leaders of one database with synchronous replication: what they hold, and what follows them.

use crate::plan::{Instant, MOST_KEYS};

/// Who waits for a commit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waiting {
    /// The write of this operation.
    Operation(usize),
    /// This heartbeat of a node.
    Heartbeat { node: usize, heartbeat: usize },
}

/// One entry of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) waiting: Waiting,
    /// The key with its new revision and document; `None`: a heartbeat.
    pub(crate) page: Option<(usize, Document)>,
}

/// A document with its revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) revision: u64,
    /// The operation that wrote it, counted from 1; 0: nobody.
    pub(crate) text: usize,
}

/// One who is or was the leader.
#[derive(Debug, Default)]
pub(crate) struct Leader {
    pub(crate) log: Vec<Entry>,
    /// How many entries are on a second disk too.
    pub(crate) replicated: usize,
    /// How many entries are committed and seen by reads.
    pub(crate) committed: usize,
    /// Cut off from its followers: no commit finishes, but reads are answered.
    pub(crate) isolated: bool,
    /// It answers nothing any more.
    pub(crate) down: bool,
    /// Nodes that listen, each with the number of its channel.
    pub(crate) listeners: Vec<(usize, usize)>,
    /// What reads see.
    visible: [Document; MOST_KEYS],
    /// The newest revision of each key in the log.
    newest: [u64; MOST_KEYS],
}

impl Leader {
    pub(crate) fn read(&self, key: usize) -> Document {
        self.visible[key]
    }

    /// Appends a write or, without key, a heartbeat. Returns the place in the log.
    pub(crate) fn append(&mut self, waiting: Waiting, page: Option<(usize, usize)>) -> usize {
        let page = page.map(|(key, text)| {
            self.newest[key] += 1;
            let revision = self.newest[key];
            (key, Document { revision, text })
        });
        self.log.push(Entry { waiting, page });
        self.log.len() - 1
    }

    /// Commits the next entry.
    pub(crate) fn commit_next(&mut self) -> Entry {
        let entry = self.log[self.committed];
        self.committed += 1;
        if let Some((key, document)) = entry.page {
            self.visible[key] = document;
        }
        entry
    }

    /// The one that follows: it has what was replicated, and what it has not yet committed of that,
    /// it commits at once.
    pub(crate) fn successor(&self) -> Self {
        let mut successor = Self {
            log: self.log[..self.replicated].to_vec(),
            replicated: self.replicated,
            committed: self.committed.min(self.replicated),
            ..Self::default()
        };
        for index in 0..successor.log.len() {
            if let Some((key, document)) = successor.log[index].page {
                successor.newest[key] = document.revision;
                if index < successor.committed {
                    successor.visible[key] = document;
                }
            }
        }
        successor
    }
}

/// All committed documents of a key by revision, each with the time since which it is seen.
pub(crate) type History = Vec<(Document, Instant)>;
