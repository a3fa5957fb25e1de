//! The connections that read.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::Connection;
use settings_store::StoreError;

use crate::connection::{self, Purpose};

/// A few connections, each used by one caller at a time. Reads are short, so a caller waits for
/// one rather than for a thread.
#[derive(Debug)]
pub(crate) struct Readers {
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let count = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8));
        let connections = (0..count)
            .map(|_| connection::open(path, Purpose::Read).map(Mutex::new))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            connections,
            next: AtomicUsize::new(0),
        })
    }

    /// A connection that is free, or else the next in turn.
    pub(crate) fn take(&self) -> MutexGuard<'_, Connection> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.connections.len() {
            match self.connections[(turn + offset) % self.connections.len()].try_lock() {
                Ok(connection) => return connection,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.connections[turn % self.connections.len()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
