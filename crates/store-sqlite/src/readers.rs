//! The connections that read.

use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use settings_store::StoreError;

use crate::connection::{self, Purpose};
use crate::error::stopped;

/// A few connections, each used by one caller at a time. Reads are short, so a caller waits for
/// one rather than for a thread.
#[derive(Debug)]
pub(crate) struct Readers {
    connections: Vec<Mutex<Option<Connection>>>,
    next: AtomicUsize,
}

/// A connection that one caller has for a while.
pub(crate) struct Reader<'a> {
    connection: MutexGuard<'a, Option<Connection>>,
}

impl Deref for Reader<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
            .as_ref()
            .expect("only connections that are open are taken")
    }
}

impl Readers {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        // On small machines one more than the reads that may take long at the same time.
        let count = std::thread::available_parallelism().map_or(3, |cores| cores.get().clamp(3, 8));
        let connections = (0..count)
            .map(|_| {
                connection::open(path, Purpose::Read)
                    .map(Some)
                    .map(Mutex::new)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            connections,
            next: AtomicUsize::new(0),
        })
    }

    /// A connection that is free, or else the next in turn; an error after the end.
    pub(crate) fn take(&self) -> Result<Reader<'_>, StoreError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.connections.len();
        let free = (0..count)
            .find_map(|offset| self.connections[(turn + offset) % count].try_lock().ok())
            .unwrap_or_else(|| {
                self.connections[turn % count]
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
            });
        if free.is_none() {
            return Err(stopped());
        }
        Ok(Reader { connection: free })
    }

    /// How many connections there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.connections.len()
    }

    /// Closes every connection, each after its present caller.
    pub(crate) fn close(&self) {
        for connection in &self.connections {
            connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
        }
    }
}
