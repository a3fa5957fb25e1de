//! Whether a store is sound: the file, each document, and the history of each Page.

use std::path::Path;

use rusqlite::{Connection, Row};
use settings_store::{StoreError, document, unsigned};

use super::open;
use crate::error::of_read;
use crate::rows;
use crate::schema;

/// The most findings that are listed; a store with more is lost anyway.
const MOST_FINDINGS: usize = 100;

/// What a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Pages, without the removed ones.
    pub pages: u64,
    /// Entries of the history of all Pages.
    pub history_entries: u64,
    /// Apps.
    pub apps: u64,
    /// Access tokens, the revoked and expired ones too.
    pub tokens: u64,
}

/// What an examination came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// What the store holds.
    pub contents: Contents,
    /// What is wrong with it, a line each; at most 100. Empty: the store is sound.
    pub findings: Vec<String>,
}

/// Reads all of a store, as it is at one moment, also beside a running server.
pub fn examine(path: &Path) -> Result<Examination, StoreError> {
    examine_connection(&open(path)?.connection)
}

pub(super) fn examine_connection(connection: &Connection) -> Result<Examination, StoreError> {
    let mut examination = Examination::default();
    let read = |sql: &str| connection.execute_batch(sql);
    // One transaction, so that all parts are looked at as of the same moment.
    read("BEGIN").map_err(|error| of_read(&error))?;
    let examined = examination.run(connection);
    let ended = read("COMMIT");
    match examined.and(ended) {
        Ok(()) => Ok(examination),
        // Damage that ends the examination is a finding as well, and the last one.
        Err(error) => match of_read(&error) {
            StoreError::Corrupt { what } => {
                examination.find(what);
                Ok(examination)
            }
            error => Err(error),
        },
    }
}

/// What must not exist, as queries for the Page and the revision of each case.
const CHAINS: [(&str, &str); 4] = [
    (
        "the newest entry of its history is not that of its settings",
        "SELECT page.page_id, page.revision FROM page \
         LEFT JOIN history ON history.entry = page.newest_entry \
         WHERE (page.newest_entry IS NULL AND page.revision <> 0) \
         OR (page.newest_entry IS NOT NULL AND (history.page_id IS NOT page.page_id \
         OR history.revision IS NOT page.revision \
         OR (page.document IS NOT NULL AND history.document IS NOT page.document)))",
    ),
    (
        "the entry before it in the history is missing or another one",
        "SELECT entry.page_id, entry.revision FROM history AS entry \
         LEFT JOIN history AS previous ON previous.entry = entry.previous_entry \
         WHERE entry.previous_entry IS NOT NULL AND (previous.page_id IS NOT entry.page_id \
         OR previous.revision IS NOT entry.revision - 1)",
    ),
    (
        "its history begins with another revision than 1",
        "SELECT page_id, revision FROM history WHERE previous_entry IS NULL AND revision <> 1",
    ),
    (
        "there is a history, but no Page that it belongs to",
        "SELECT history.page_id, history.revision FROM history \
         LEFT JOIN page ON page.page_id = history.page_id \
         WHERE page.page_id IS NULL OR page.revision < history.revision",
    ),
];

impl Examination {
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.examine_file(connection)?;
        self.examine_documents(
            connection,
            "SELECT page_id, revision, document, checksum, 1 FROM page",
            "settings",
        )?;
        let checksum = if schema::version(connection)? >= schema::HISTORY_CHECKSUM_SINCE {
            "checksum"
        } else {
            "NULL"
        };
        self.examine_documents(
            connection,
            &format!("SELECT page_id, revision, document, {checksum}, 0 FROM history"),
            "an entry of the history",
        )?;
        for (finding, sql) in CHAINS {
            self.examine_chains(connection, finding, sql)?;
        }
        self.examine_numbers(connection)?;
        self.examine_access(connection)
    }

    fn find(&mut self, finding: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }

    fn examine_file(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement =
            connection.prepare(&format!("PRAGMA integrity_check({MOST_FINDINGS})"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let line: String = row.get(0)?;
            if line != "ok" {
                self.find(format!("the file: {line}"));
            }
        }
        Ok(())
    }

    /// Rows of a Page, a revision, a document, its checksum, and whether it must have one.
    fn examine_documents(
        &mut self,
        connection: &Connection,
        sql: &str,
        what: &str,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (page, revision) = page_and_revision(row)?;
            let place = format!("Page {page}, revision {revision}: {what}");
            let text: Option<String> = row.get(2)?;
            let sum: Option<u32> = row.get(3)?;
            let must_have_sum: bool = row.get(4)?;
            let expected = text.as_deref().map(rows::checksum);
            if sum != expected && (sum.is_some() || must_have_sum) {
                self.find(format!("{place} does not have its checksum"));
            } else if let Some(text) = text
                && let Err(error) = document::decode(&text)
            {
                self.find(format!("{place}: {error}"));
            }
        }
        Ok(())
    }

    fn examine_chains(
        &mut self,
        connection: &Connection,
        finding: &str,
        sql: &str,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (page, revision) = page_and_revision(row)?;
            self.find(format!("Page {page}, revision {revision}: {finding}"));
        }
        Ok(())
    }

    /// Each chain is whole, so it has as many entries as its Page has revisions; were there more
    /// entries than that, some would belong to no chain.
    fn examine_numbers(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let number = |sql: &str| -> rusqlite::Result<u64> {
            connection.query_row(sql, [], |row| row.get(0).map(unsigned))
        };
        self.contents = Contents {
            pages: number("SELECT count(*) FROM page WHERE removed = 0")?,
            history_entries: number("SELECT count(*) FROM history")?,
            apps: number("SELECT count(*) FROM app")?,
            tokens: number("SELECT count(*) FROM token")?,
        };
        let revisions = number("SELECT coalesce(sum(revision), 0) FROM page")?;
        let entries = self.contents.history_entries;
        if revisions != entries {
            self.find(format!(
                "the Pages have {revisions} revisions in all, but there are {entries} entries of history"
            ));
        }
        Ok(())
    }

    fn examine_access(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(
            "SELECT token_id, scopes, length(hash), \
             app_id IS NOT NULL AND app_id NOT IN (SELECT app_id FROM app) FROM token",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let token = unsigned(row.get(0)?);
            let scopes: String = row.get(1)?;
            let hash_bytes: i64 = row.get(2)?;
            let app_missing: bool = row.get(3)?;
            if serde_json::from_str::<Vec<String>>(&scopes).is_err() {
                self.find(format!("token {token}: its scopes cannot be read"));
            }
            if hash_bytes != 32 {
                self.find(format!(
                    "token {token}: its hash is {hash_bytes} bytes long"
                ));
            }
            if app_missing {
                self.find(format!("token {token}: its app does not exist"));
            }
        }
        let orphans: i64 = connection.query_row(
            "SELECT count(*) FROM token_page WHERE token_id NOT IN (SELECT token_id FROM token)",
            [],
            |row| row.get(0),
        )?;
        if orphans > 0 {
            self.find(format!(
                "{orphans} Pages are covered by tokens that do not exist"
            ));
        }
        Ok(())
    }
}

fn page_and_revision(row: &Row<'_>) -> rusqlite::Result<(u64, u64)> {
    Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
}
