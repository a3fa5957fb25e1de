//! One connection to the leader, over which a server reads what it keeps and proves that it may.

use std::fmt;
use std::sync::{Arc, MutexGuard, PoisonError};

use async_trait::async_trait;
use call_settings::PageId;
use settings_store::{
    AppRecord, Hint, Line, OpenLine, PageAtLeader, StoreError, TokenHash, TokenRecord, signed,
};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Error, Row, Statement};

use crate::batch::{Batched, LookUp};
use crate::connecting::{Connector, Messages};
use crate::error::{self, Fate, no_answer, unavailable};
use crate::hints::{self, Channel};
use crate::inbox::{Inbox, InboxSender, Received};
use crate::location::Location;
use crate::reads::{self, TokenWithApp};
use crate::rows::PageRow;
use crate::sessions::{CONNECT_TIME, GREETING, TRY_TIME};

/// A committed write that changes nothing for anybody else.
const PROVE: &str = "
INSERT INTO heartbeat (line_id, beaten_ms) VALUES ($1, CAST(extract(epoch FROM now()) * 1000 AS bigint))
ON CONFLICT (line_id) DO UPDATE SET beaten_ms = excluded.beaten_ms";

/// Removes the rows of lines that have gone long ago, but for those that somebody has locked.
const FORGET: &str = "
DELETE FROM heartbeat WHERE line_id IN (
    SELECT line_id FROM heartbeat
    WHERE beaten_ms < CAST(extract(epoch FROM now()) * 1000 AS bigint) - 3600000
    FOR UPDATE SKIP LOCKED
)";

/// Beside [`GREETING`]: nothing on a line waits for a lock for as long as a write may.
const LIMITS: &str = "SET lock_timeout = '1s'";

/// Opens lines to one database, one after the other.
#[derive(Debug)]
pub(crate) struct Lines {
    connector: Connector,
    /// Where the database carries hints, if it does.
    channel: Option<Channel>,
    row: Arc<HeartbeatRow>,
}

/// The row that all lines of a server write: while the write of a line that was let go is still
/// waiting for the standby, the next one fails instead of waiting too. Another row takes its place
/// when somebody else has locked it. There is no third one before the second has been written, so
/// that no more than two writes wait for the standby.
#[derive(Debug)]
struct HeartbeatRow(std::sync::Mutex<HeartbeatRowState>);

#[derive(Debug)]
struct HeartbeatRowState {
    line_id: i64,
    is_proven: bool,
}

impl HeartbeatRow {
    fn state(&self) -> MutexGuard<'_, HeartbeatRowState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row with this id was written.
    fn written(&self, line_id: i64) {
        let mut state = self.state();
        state.is_proven |= state.line_id == line_id;
    }

    /// The row with this id is locked.
    fn locked(&self, line_id: i64) {
        let mut state = self.state();
        if state.line_id == line_id && state.is_proven {
            *state = HeartbeatRowState {
                line_id: rand::random(),
                is_proven: false,
            };
        }
    }
}

/// A line.
struct PostgresLine {
    shared: Arc<Shared>,
    pages: Batched<PageId, PageRow>,
    tokens: Batched<TokenHash, TokenWithApp>,
    heard: Inbox,
}

/// The connection and what it has prepared.
struct Shared {
    client: Client,
    driving: AbortHandle,
    row: Arc<HeartbeatRow>,
    line_id: i64,
    prove: Statement,
    pages: Statement,
    tokens: Statement,
}

impl fmt::Debug for PostgresLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PostgresLine")
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl OpenLine for Lines {
    async fn open_line(&self) -> Result<Arc<dyn Line>, StoreError> {
        let Connected {
            client,
            driving,
            heard,
        } = timeout(CONNECT_TIME, connect(&self.connector))
            .await
            .map_err(|_elapsed| no_answer())??;
        let preparing = self.prepare(client, driving.clone());
        let prepared = timeout(TRY_TIME, preparing).await;
        let shared = match prepared {
            Ok(Ok(shared)) => Arc::new(shared),
            Ok(Err(error)) => return Err(error::of_statement(&error)),
            Err(_elapsed) => {
                driving.abort();
                return Err(no_answer());
            }
        };
        Ok(Arc::new(PostgresLine {
            pages: Batched::start(&pages(&shared)),
            tokens: Batched::start(&tokens(&shared)),
            heard,
            shared,
        }))
    }
}

/// A connection, and the task that moves what is sent and received over it.
struct Connected {
    client: Client,
    driving: AbortHandle,
    /// What the database notifies of; it ends with the connection.
    heard: Inbox,
}

async fn connect(connector: &Connector) -> Result<Connected, StoreError> {
    let opened = connector.open().await;
    let (client, messages) = opened.map_err(|error| unavailable(error::described(&error)))?;
    let (sender, heard) = Inbox::new();
    Ok(Connected {
        client,
        driving: tokio::spawn(drive(messages, sender)).abort_handle(),
        heard,
    })
}

/// Moves what is sent and received, until the client is dropped or the connection breaks.
async fn drive(mut messages: Messages, heard: InboxSender) {
    while let Some(message) = messages.next().await {
        match message {
            Ok(AsyncMessage::Notification(notification)) => {
                heard.send(notification.payload());
            }
            Ok(_notice) => {}
            Err(error) => {
                tracing::debug!(
                    error = error::described(&error),
                    "a line to the leader broke"
                );
                return;
            }
        }
    }
}

impl Lines {
    /// Opens no line yet. The error says what is wrong with the files of the location.
    pub(crate) fn new(location: &Location, channel: Option<Channel>) -> Result<Self, String> {
        Ok(Self {
            connector: Connector::new(location)?,
            channel,
            row: Arc::new(HeartbeatRow(std::sync::Mutex::new(HeartbeatRowState {
                line_id: rand::random(),
                is_proven: false,
            }))),
        })
    }

    async fn prepare(&self, client: Client, driving: AbortHandle) -> Result<Shared, Error> {
        client.batch_execute(GREETING).await?;
        client.batch_execute(LIMITS).await?;
        if let Some(channel) = &self.channel {
            client.batch_execute(&channel.listen_sql()).await?;
        }
        client.batch_execute(FORGET).await?;
        Ok(Shared {
            prove: client.prepare(PROVE).await?,
            pages: client.prepare(&reads::pages_sql()).await?,
            tokens: client.prepare(&reads::tokens_sql()).await?,
            line_id: self.row.state().line_id,
            row: Arc::clone(&self.row),
            driving,
            client,
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.driving.abort();
    }
}

impl Shared {
    async fn query(
        &self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        match timeout(TRY_TIME, self.client.query(statement, parameters)).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => {
                // What the line has prepared is of no use any more: another one prepares it again.
                if Fate::of(&error) == Fate::Outdated {
                    self.driving.abort();
                }
                Err(error::of_statement(&error))
            }
            Err(_elapsed) => Err(no_answer()),
        }
    }
}

fn pages(shared: &Arc<Shared>) -> LookUp<PageId, PageRow> {
    let shared = Arc::clone(shared);
    Arc::new(move |keys| {
        let shared = Arc::clone(&shared);
        Box::pin(async move {
            let ids: Vec<i64> = keys.iter().map(|id| signed(id.get())).collect();
            reads::pages_of(&shared.query(&shared.pages, &[&ids]).await?)
        })
    })
}

fn tokens(shared: &Arc<Shared>) -> LookUp<TokenHash, TokenWithApp> {
    let shared = Arc::clone(shared);
    Arc::new(move |keys| {
        let shared = Arc::clone(&shared);
        Box::pin(async move {
            let hashes: Vec<&[u8]> = keys.iter().map(|hash| &hash.as_bytes()[..]).collect();
            reads::tokens_of(&shared.query(&shared.tokens, &[&hashes]).await?)
        })
    })
}

#[async_trait]
impl Line for PostgresLine {
    async fn prove(&self) -> Result<(), StoreError> {
        let Shared {
            client,
            prove,
            line_id,
            row,
            ..
        } = &*self.shared;
        match timeout(TRY_TIME, client.query(prove, &[line_id])).await {
            Ok(Ok(_no_rows)) => {
                row.written(*line_id);
                Ok(())
            }
            Ok(Err(error)) => {
                if error::is_locked(&error) {
                    row.locked(*line_id);
                }
                Err(error::of_statement(&error))
            }
            Err(_elapsed) => Err(no_answer()),
        }
    }

    async fn page(&self, page_id: PageId) -> Result<PageAtLeader, StoreError> {
        let Some(row) = self.pages.get(page_id).await? else {
            return Ok(PageAtLeader::default());
        };
        Ok(PageAtLeader {
            revision: row.record.revision,
            record: (!row.removed).then_some(row.record),
        })
    }

    async fn token_with_app(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(TokenRecord, Option<AppRecord>)>, StoreError> {
        self.tokens.get(hash).await
    }

    async fn hints(&self) -> Result<Vec<Hint>, StoreError> {
        match self.heard.take().await {
            Some(Received::Payloads(texts)) => {
                Ok(texts.iter().flat_map(|text| hints::decode(text)).collect())
            }
            Some(Received::TooMany) => Ok(vec![Hint::Everything]),
            None => Err(unavailable("the line to the leader broke")),
        }
    }

    fn close(&self) {
        self.shared.driving.abort();
    }
}
