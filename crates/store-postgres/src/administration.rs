//! Everything but the settings: Pages, apps, tokens. Rare, so each in a statement or a
//! transaction of its own.

use std::time::Duration;

use call_settings::PageId;
use deadpool_postgres::{GenericClient, Object};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use settings_store::{
    Added, AppRecord, HistoryEntry, NameChanges, NewPage, Revision, StoreError, TokenHash,
    TokenKey, TokenRecord, signed, unsigned,
};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use crate::calling::Callings;
use crate::error::{self, Fate, unavailable};
use crate::name_index;
use crate::rows;
use crate::sessions::{self, PAUSE, Sessions, TRY_TIME, WRITE_TIME};
use crate::writes::Attempt;

/// How often a change is decided anew when others change the same Pages meanwhile.
pub(crate) const MOST_ROUNDS: usize = 20;

/// How long an import of many Pages may take.
pub(crate) const IMPORT_TIME: Duration = Duration::from_mins(2);

/// Something that is done at once or not at all.
pub(crate) trait Change: Sync {
    type Output;

    /// How long one try may take.
    const TIME: Duration = TRY_TIME;

    fn run(&self, session: &mut Object)
    -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// Runs a change, again only while it certainly has not happened.
pub(crate) async fn change<C: Change>(
    sessions: &Sessions,
    work: C,
) -> Result<C::Output, StoreError> {
    let deadline = Instant::now() + WRITE_TIME;
    let mut is_prepared_again = false;
    loop {
        let error = match sessions.take().await {
            Err(error) => error,
            Ok(mut session) => match timeout(C::TIME, work.run(&mut session)).await {
                Ok(Ok(value)) => {
                    session.release();
                    return Ok(value);
                }
                Ok(Err(error)) => {
                    sessions::settle(session, &error);
                    match Fate::of(&error) {
                        Fate::Outdated if !is_prepared_again => {
                            is_prepared_again = true;
                            sessions.forget_prepared_changes();
                            continue;
                        }
                        Fate::Refused | Fate::ContentRefused | Fate::Outdated => {
                            return Err(error::of_statement(&error));
                        }
                        Fate::Unknown => return Err(unknown(error::described(&error))),
                        Fate::NotDone | Fate::NotDoneHere => error::of_statement(&error),
                    }
                }
                // The session is dropped: its connection comes back when the database has answered.
                Err(_elapsed) => {
                    return Err(unknown("the database does not answer".to_owned()));
                }
            },
        };
        if Instant::now() + PAUSE >= deadline {
            return Err(error);
        }
        sleep(PAUSE).await;
    }
}

fn unknown(reason: String) -> StoreError {
    StoreError::OutcomeUnknown { reason }
}

/// Runs a change of one statement; the rows that it returns.
async fn statement(
    sessions: &Sessions,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreError> {
    change(sessions, Statement { sql, parameters }).await
}

/// A single statement.
struct Statement<'a> {
    sql: &'a str,
    parameters: &'a [&'a (dyn ToSql + Sync)],
}

impl Change for Statement<'_> {
    type Output = Vec<Row>;

    async fn run(&self, session: &mut Object) -> Result<Vec<Row>, Error> {
        let statement = session.prepare_cached(self.sql).await?;
        session.query(&statement, self.parameters).await
    }
}

/// Adds a Page, or brings a removed one back.
pub(crate) async fn add_page(sessions: &Sessions, page: &NewPage) -> Result<Added, StoreError> {
    // The inner query sees what was there before the statement.
    const ADD: &str = "
INSERT INTO page (page_id, name, revision, previous_revision, removed)
VALUES ($1, $2, 0, 0, false)
ON CONFLICT (page_id) DO UPDATE SET name = coalesce(excluded.name, page.name), removed = false
RETURNING (SELECT NOT before.removed FROM page AS before WHERE before.page_id = $1)";
    let rows = change(sessions, AddPage { sql: ADD, page }).await?;
    let was_there = rows
        .first()
        .map(|row| rows::get::<Option<bool>>(row, 0))
        .transpose()?
        .flatten();
    Ok(match was_there {
        Some(true) => Added::AlreadyThere,
        Some(false) | None => Added::New,
    })
}

/// The addition of a Page.
struct AddPage<'a> {
    sql: &'a str,
    page: &'a NewPage,
}

impl Change for AddPage<'_> {
    type Output = Vec<Row>;

    async fn run(&self, session: &mut Object) -> Result<Vec<Row>, Error> {
        let Self { sql, page } = self;
        let transaction = session.transaction().await?;
        let add = transaction.prepare_cached(sql).await?;
        let rows = transaction
            .query(&add, &[&signed(page.page_id.get()), &page.name])
            .await?;
        let mut names = NameChanges::default();
        if let Some(name) = &page.name {
            names.set(page.page_id, Some(name));
        }
        name_index::apply(&transaction, names).await?;
        transaction.commit().await?;
        Ok(rows)
    }
}

/// Removes a Page; its row stays for the revision. Returns the tokens that covered it by name;
/// `None`: there is no such Page.
pub(crate) async fn remove_page(
    sessions: &Sessions,
    page_id: PageId,
    at: Timestamp,
) -> Result<Option<Vec<TokenHash>>, StoreError> {
    let rows = change(sessions, RemovePage { page_id, at }).await??;
    rows.map(|rows| rows.iter().map(rows::token_hash).collect())
        .transpose()
}

struct RemovePage {
    page_id: PageId,
    at: Timestamp,
}

impl Change for RemovePage {
    /// The tokens that covered it; `None`: there is no such Page.
    type Output = Result<Option<Vec<Row>>, StoreError>;

    async fn run(&self, session: &mut Object) -> Result<Self::Output, Error> {
        // Locked, so that no update can overtake it, however many there are.
        const FIND: &str =
            "SELECT revision FROM page WHERE page_id = $1 AND NOT removed FOR UPDATE";
        const REMOVE: &str = "
WITH written AS (
    UPDATE page SET name = NULL, revision = $2, previous_revision = $3, document = NULL,
        checksum = NULL, removed = true, eligible = true, engaged_users = NULL
    WHERE page_id = $1
    RETURNING page_id
)
INSERT INTO history (page_id, revision, changed_ms, trace_id, write_id)
SELECT page_id, $2, $4, '', 0 FROM written";
        let page_id = signed(self.page_id.get());
        let transaction = session.transaction().await?;
        let find = transaction.prepare_cached(FIND).await?;
        let Some(row) = transaction.query_opt(&find, &[&page_id]).await? else {
            transaction.rollback().await?;
            return Ok(Ok(None));
        };
        let found: i64 = row.try_get(0)?;
        let Some(next) = Revision::new(unsigned(found)).next() else {
            transaction.rollback().await?;
            return Ok(Err(StoreError::no_revision_left(self.page_id)));
        };
        let next = signed(next.get());
        let remove = transaction.prepare_cached(REMOVE).await?;
        let at = self.at.as_millisecond();
        transaction
            .execute(&remove, &[&page_id, &next, &found, &at])
            .await?;
        let tokens = uncover(&transaction, &[self.page_id]).await?;
        let mut names = NameChanges::default();
        names.set(self.page_id, None);
        name_index::apply(&transaction, names).await?;
        transaction.commit().await?;
        Ok(Ok(Some(tokens)))
    }
}

/// Takes Pages out of the coverage of every token that names them, and returns these tokens.
async fn uncover(transaction: &impl GenericClient, page_ids: &[PageId]) -> Result<Vec<Row>, Error> {
    const UNCOVER: &str = "
UPDATE token SET pages = (
    SELECT '[' || coalesce(string_agg(page.id, ','), '') || ']'
    FROM json_array_elements_text(CAST(token.pages AS json)) AS page (id)
    WHERE page.id <> ALL($1)
)
WHERE pages IS NOT NULL AND EXISTS (
    SELECT 1 FROM json_array_elements_text(CAST(token.pages AS json)) AS page (id)
    WHERE page.id = ANY($1)
)
RETURNING token_id, hash";
    let ids: Vec<String> = page_ids.iter().map(ToString::to_string).collect();
    let statement = transaction.prepare_cached(UNCOVER).await?;
    transaction.query(&statement, &[&ids]).await
}

pub(crate) fn overtaken() -> StoreError {
    unavailable("others change the same Pages all the time")
}

/// Adds an app, or replaces the one with the same id.
pub(crate) async fn put_app(sessions: &Sessions, app: &AppRecord) -> Result<(), StoreError> {
    const PUT: &str = "
INSERT INTO app (app_id, name, secret, require_proof, created_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (app_id) DO UPDATE SET name = excluded.name, secret = excluded.secret,
    require_proof = excluded.require_proof, created_ms = excluded.created_ms";
    let created_ms = app.created_at.as_millisecond();
    let secret = app.secret.expose_secret();
    statement(
        sessions,
        PUT,
        &[
            &signed(app.app_id.get()),
            &app.name,
            &secret,
            &app.require_proof,
            &created_ms,
        ],
    )
    .await
    .map(|_no_rows| ())
}

/// Adds a token, or replaces those with the same hash or id; the hashes of those.
pub(crate) async fn put_token(
    sessions: &Sessions,
    token: &TokenRecord,
) -> Result<Vec<TokenHash>, StoreError> {
    let rows = change(sessions, PutToken(token)).await?;
    rows.iter().map(rows::token_hash).collect()
}

struct PutToken<'a>(&'a TokenRecord);

impl Change for PutToken<'_> {
    type Output = Vec<Row>;

    async fn run(&self, session: &mut Object) -> Result<Vec<Row>, Error> {
        const DELETE: &str = "
DELETE FROM token WHERE hash = $1 OR token_id = $2 RETURNING token_id, hash, revoked_ms";
        const INSERT: &str = "
INSERT INTO token (token_id, hash, app_id, pages, scopes, issued_ms, expires_ms, revoked_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let Self(token) = self;
        let token_id = signed(token.token_id.get());
        let hash = &token.hash.as_bytes()[..];
        let scopes = serde_json::to_string(&token.scopes).expect("an array of texts");
        let transaction = session.transaction().await?;
        let delete = transaction.prepare_cached(DELETE).await?;
        let replaced = transaction.query(&delete, &[&hash, &token_id]).await?;
        let mut earliest: Option<i64> = None;
        for row in &replaced {
            let revoked: Option<i64> = row.try_get(2)?;
            earliest = earliest.into_iter().chain(revoked).min();
        }
        let revoked_ms = earliest.or(token.revoked_at.map(Timestamp::as_millisecond));
        let insert = transaction.prepare_cached(INSERT).await?;
        transaction
            .execute(
                &insert,
                &[
                    &token_id,
                    &hash,
                    &token.app_id.map(|id| signed(id.get())),
                    &rows::pages_text(&token.coverage),
                    &scopes,
                    &token.issued_at.as_millisecond(),
                    &token.expires_at.map(Timestamp::as_millisecond),
                    &revoked_ms,
                ],
            )
            .await?;
        transaction.commit().await?;
        Ok(replaced)
    }
}

/// Revokes a token; its hash where there is one.
pub(crate) async fn revoke_token(
    sessions: &Sessions,
    key: TokenKey,
    at: Timestamp,
) -> Result<Option<TokenHash>, StoreError> {
    const REVOKE: &str = "
UPDATE token SET revoked_ms = coalesce(revoked_ms, $3) WHERE token_id = $1 OR hash = $2
RETURNING token_id, hash";
    let (id, hash) = match &key {
        TokenKey::Id(id) => (Some(signed(id.get())), None),
        TokenKey::Hash(hash) => (None, Some(&hash.as_bytes()[..])),
    };
    let rows = statement(sessions, REVOKE, &[&id, &hash, &at.as_millisecond()]).await?;
    rows.first().map(rows::token_hash).transpose()
}

/// All of an attempt or nothing of it; whether it is stored.
pub(crate) struct StoreAll {
    pub(crate) attempt: Attempt,
    /// Those among its Pages that are to be removed ones, signed.
    pub(crate) removed: Vec<i64>,
    /// Those that were removed meanwhile, even if they were added again: former names and tokens
    /// are not theirs.
    pub(crate) ended: Vec<PageId>,
    /// What is stated about calling on those of its Pages where that changes.
    pub(crate) callings: Callings,
    /// The names that change.
    pub(crate) names: NameChanges,
}

impl StoreAll {
    /// What an attempt alone stores.
    pub(crate) fn of(attempt: Attempt) -> Self {
        Self {
            attempt,
            removed: Vec::new(),
            ended: Vec::new(),
            callings: Callings::default(),
            names: NameChanges::default(),
        }
    }

    /// Whether all of it is stored; otherwise somebody else was faster and nothing is.
    pub(crate) async fn store(self, sessions: &Sessions) -> Result<bool, StoreError> {
        change(sessions, self).await
    }
}

impl Change for StoreAll {
    type Output = bool;

    const TIME: Duration = IMPORT_TIME;

    async fn run(&self, session: &mut Object) -> Result<bool, Error> {
        const REMOVE: &str = "UPDATE page SET removed = true, name = NULL WHERE page_id = ANY($1)";
        const FORGET_NAMES: &str = "UPDATE page SET name = NULL WHERE page_id = ANY($1)";
        let transaction = session.transaction().await?;
        if !self.ended.is_empty() {
            let ids: Vec<i64> = self.ended.iter().map(|id| signed(id.get())).collect();
            let forget = transaction.prepare_cached(FORGET_NAMES).await?;
            transaction.execute(&forget, &[&ids]).await?;
            uncover(&transaction, &self.ended).await?;
        }
        let stored = self.attempt.store(&transaction).await?;
        if stored.len() < self.attempt.page_count() {
            transaction.rollback().await?;
            return Ok(false);
        }
        self.callings.store(&transaction).await?;
        if !self.removed.is_empty() {
            let remove = transaction.prepare_cached(REMOVE).await?;
            transaction.execute(&remove, &[&self.removed]).await?;
        }
        name_index::apply(&transaction, self.names.clone()).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// The history of a Page since its newest removal, newest first.
pub(crate) async fn history(
    sessions: &Sessions,
    page_id: PageId,
    before: Option<Revision>,
    limit: usize,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let sql = format!(
        "SELECT {} FROM history WHERE page_id = $1 AND ($2::bigint IS NULL OR revision < $2) \
         AND revision > (SELECT coalesce(max(revision), 0) FROM history \
         WHERE page_id = $1 AND document IS NULL) ORDER BY revision DESC LIMIT $3",
        rows::HISTORY_COLUMNS
    );
    let before = before.map(|revision| signed(revision.get()));
    // One more, for what the last of them started from.
    let count = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let rows = sessions
        .search(&sql, &[&signed(page_id.get()), &before, &count])
        .await?;
    let mut entries: Vec<HistoryEntry> = Vec::with_capacity(rows.len());
    for row in &rows {
        let entry = rows::history_entry(row)?;
        if let Some(later) = entries.last_mut() {
            later.before.clone_from(&entry.after);
        }
        entries.push(entry);
    }
    entries.truncate(limit);
    Ok(entries)
}
