//! The log of what was changed outside of the settings, by which processes hear of each other.

use call_settings::PageId;
use rusqlite::{Connection, params};
use settings_store::{AppId, Invalidation, TokenHash, signed, unsigned};

/// How many changes the log keeps. A server that missed more drops all of its copies.
const KEPT: i64 = 10_000;

/// Appends to the log, within the transaction of the change itself.
pub(crate) fn append(connection: &Connection, what: Invalidation) -> rusqlite::Result<()> {
    let (page_id, app_id, hash) = match what {
        Invalidation::Page(page_id) => (Some(signed(page_id.get())), None, None),
        Invalidation::App(app_id) => (None, Some(signed(app_id.get())), None),
        Invalidation::Token(hash) => (None, None, Some(*hash.as_bytes())),
        Invalidation::Everything => (None, None, None),
    };
    connection
        .prepare_cached("INSERT INTO change (page_id, app_id, token_hash) VALUES (?1, ?2, ?3)")?
        .execute(params![page_id, app_id, hash])?;
    let newest = connection.last_insert_rowid();
    connection
        .prepare_cached("DELETE FROM change WHERE sequence <= ?1")?
        .execute([newest - KEPT])?;
    Ok(())
}

/// Follows the log of other processes.
#[derive(Debug)]
pub(crate) struct Follower {
    seen: i64,
    data_version: i64,
}

impl Follower {
    /// Starts at the present end of the log.
    pub(crate) fn start(connection: &Connection) -> rusqlite::Result<Self> {
        let data_version = data_version(connection)?;
        Ok(Self {
            seen: newest(connection)?,
            data_version,
        })
    }

    /// What was changed since the last look. It costs next to nothing while nobody else writes:
    /// SQLite's `data_version` moves only with commits of other connections.
    pub(crate) fn look(&mut self, connection: &Connection) -> rusqlite::Result<Vec<Invalidation>> {
        let version = data_version(connection)?;
        if version == self.data_version {
            return Ok(Vec::new());
        }
        self.data_version = version;
        let oldest: Option<i64> =
            connection.query_row("SELECT min(sequence) FROM change", [], |row| row.get(0))?;
        let missed = oldest.is_some_and(|oldest| oldest > self.seen + 1);
        let mut statement = connection.prepare_cached(
            "SELECT sequence, page_id, app_id, token_hash FROM change WHERE sequence > ?1 \
             ORDER BY sequence",
        )?;
        let mut rows = statement.query([self.seen])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            self.seen = row.get(0)?;
            let page_id: Option<i64> = row.get(1)?;
            let app_id: Option<i64> = row.get(2)?;
            let hash: Option<[u8; 32]> = row.get(3)?;
            changes.push(match (page_id, app_id, hash) {
                (Some(id), _, _) => Invalidation::Page(PageId::new(unsigned(id))),
                (_, Some(id), _) => Invalidation::App(AppId::new(unsigned(id))),
                (_, _, Some(hash)) => Invalidation::Token(TokenHash::from_bytes(hash)),
                _ => Invalidation::Everything,
            });
        }
        if missed {
            return Ok(vec![Invalidation::Everything]);
        }
        Ok(changes)
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0))
}

fn newest(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(sequence), 0) FROM change", [], |row| {
        row.get(0)
    })
}
