//! One connection, and what becomes of it when a caller stops waiting for its statement.
//!
//! PostgreSQL goes on with a statement whose client has closed the connection. A connection that
//! is closed in the middle of a statement is therefore replaced by a second one while the first one
//! still works in the database, and a server that does so repeatedly opens connections without limit.
//! So an abandoned connection keeps its place in the pool until its statement has ended.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use deadpool_postgres::Object;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::connecting::Connector;
use crate::error;

/// How long a cancelled read may take to end. The statement limit of the connection ends it in the
/// database anyway, so that the connection can be closed after that.
const CANCEL_TIMEOUT: Duration = Duration::from_millis(2_500);

/// What is done with the statement of a connection that is dropped before its answer has come.
#[derive(Clone)]
pub(crate) enum Abandoned {
    /// It is waited for, as long as it takes: a commit must not be cancelled, as PostgreSQL reports
    /// a commit that is cancelled while it waits for the standby as done.
    Await,
    /// It is cancelled: it only reads.
    Cancel(Connector),
}

/// A connection that is taken out of its pool. Whoever has the answers to all that was sent gives
/// it back with [`Session::release`].
pub(crate) struct Session {
    /// `None` only while it is dropped.
    connection: Option<Object>,
    abandoned: Abandoned,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(connection: Object, abandoned: Abandoned) -> Self {
        Self {
            connection: Some(connection),
            abandoned,
        }
    }

    /// Gives the connection back to its pool.
    pub(crate) fn release(mut self) {
        self.connection.take();
    }

    /// Closes a connection that is broken or leads to the wrong server.
    pub(crate) fn discard(mut self) {
        self.connection.take().map(Object::take);
    }
}

impl Deref for Session {
    type Target = Object;

    fn deref(&self) -> &Object {
        self.connection
            .as_ref()
            .expect("a session has its connection until it is dropped")
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Object {
        self.connection
            .as_mut()
            .expect("a session has its connection until it is dropped")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        match Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(await_the_end(connection, self.abandoned.clone()));
            }
            Err(_no_runtime) => drop(Object::take(connection)),
        }
    }
}

/// Keeps a connection out of its pool until the database has answered all that was sent on it.
async fn await_the_end(connection: Object, abandoned: Abandoned) {
    let ended = match abandoned {
        Abandoned::Await => connection.simple_query("").await.map(|_| ()),
        Abandoned::Cancel(connector) => {
            let cancelling = async {
                connector.cancel(connection.cancel_token()).await?;
                // Answered behind the statement that was cancelled.
                connection.simple_query("").await.map(|_| ())
            };
            match timeout(CANCEL_TIMEOUT, cancelling).await {
                Ok(ended) => ended,
                Err(_elapsed) => return drop(Object::take(connection)),
            }
        }
    };
    if let Err(error) = ended {
        let error = error::described(&error);
        tracing::debug!(error, "an abandoned connection is closed");
        drop(Object::take(connection));
    }
}
