//! Whether a store is sound: the file, the schema, each document, the history of each Page, and
//! what every other column holds.

mod names;
mod rules;

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode};
use settings_store::{StoreError, document, unsigned};

use super::open_to_examine;
use crate::error::of_read;
use crate::rows;
use crate::schema;

/// The version of the schema from which on names have an index.
const NAME_INDEX_SINCE: i64 = 5;

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
    match open_to_examine(path) {
        Ok(source) => examine_connection(&source.connection),
        // Damage that SQLite finds when it opens the file.
        Err(StoreError::Corrupt { what }) => Ok(Examination {
            findings: vec![what],
            ..Examination::default()
        }),
        Err(error) => Err(error),
    }
}

pub(super) fn examine_connection(connection: &Connection) -> Result<Examination, StoreError> {
    let mut examination = Examination::default();
    let read = |sql: &str| connection.execute_batch(sql);
    // One transaction, so that all parts are looked at as of the same moment.
    read("BEGIN").map_err(|error| of_read(&error))?;
    let examined = examination.run(connection);
    let ended = read("COMMIT").map_err(|error| of_read(&error));
    match examined.and(ended) {
        Err(StoreError::Corrupt { what }) => examination.find(what),
        other => other?,
    }
    Ok(examination)
}

/// Whether an error of a read says that the store is damaged, rather than that it cannot be read
/// now.
fn is_damage(error: &rusqlite::Error) -> bool {
    !matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::DiskFull
        )
    )
}

impl Examination {
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let examined = self.examine_file(connection);
        self.take(examined)?;
        let examined = self.examine_schema(connection);
        self.take(examined)?;
        // With another schema, it has been found already that columns are missing.
        let has_schema = self.findings.is_empty();
        let version = schema::version(connection).map_err(|error| of_read(&error))?;
        let checksum = if version == 1 { "NULL" } else { "checksum" };
        for (sql, what) in [
            (
                "SELECT page_id, revision, document, checksum, name, 1 FROM page".to_owned(),
                "settings",
            ),
            (
                format!("SELECT page_id, revision, document, {checksum}, trace_id, 0 FROM history"),
                "an entry of the history",
            ),
        ] {
            let examined = self.examine_documents(connection, &sql, what);
            self.take(examined)?;
        }
        for sql in [
            "SELECT printf('app %llu', app_id), name FROM app",
            "SELECT printf('app %llu', app_id), secret FROM app",
            "SELECT printf('token %llu', token_id), scopes FROM token",
        ] {
            let examined = self.examine_texts(connection, sql);
            self.take(examined)?;
        }
        for rule in rules::rules(version) {
            let examined = self.examine_rule(connection, &rule);
            if has_schema || examined.is_ok() {
                self.take(examined)?;
            }
        }
        if version >= NAME_INDEX_SINCE {
            let examined = names::examine(connection, |finding| {
                self.find(finding);
                self.findings.len() < MOST_FINDINGS
            });
            if has_schema || examined.is_ok() {
                self.take(examined)?;
            }
        }
        let counted = self.count(connection);
        self.take(counted)
    }

    /// Damage that ends a part of the examination is a finding as well; the other parts go on.
    fn take(&mut self, examined: rusqlite::Result<()>) -> Result<(), StoreError> {
        match examined {
            Ok(()) => Ok(()),
            Err(error) if is_damage(&error) => {
                self.find(match error {
                    rusqlite::Error::SqlInputError { msg, .. } => msg,
                    error => error.to_string(),
                });
                Ok(())
            }
            Err(error) => Err(of_read(&error)),
        }
    }

    fn find(&mut self, finding: String) {
        if self.findings.len() < MOST_FINDINGS && !self.findings.contains(&finding) {
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

    /// The schema is the one that the migrations up to its version make.
    fn examine_schema(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if !schema::has_our_id(connection)? {
            self.find("the file does not have the application id of a store".to_owned());
        }
        let version = schema::version(connection)?;
        let Some(expected) = schema::objects_of_version(version)? else {
            self.find(format!("the schema has the version {version}"));
            return Ok(());
        };
        let found = schema::objects(connection)?;
        for ((kind, name), sql) in &expected {
            match found.get(&(kind.clone(), name.clone())) {
                None => self.find(format!("the {kind} {name} is missing")),
                Some(found) if found != sql => self.find(format!(
                    "the {kind} {name} is not as the schema version {version} has it"
                )),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Rows of a Page, a revision, a document, its checksum, another text, and whether there must
    /// be a checksum.
    fn examine_documents(
        &mut self,
        connection: &Connection,
        sql: &str,
        what: &str,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (page, revision) = (unsigned(row.get(0)?), unsigned(row.get(1)?));
            let place = format!("Page {page}, revision {revision}: {what}");
            let (text, other) = (readable(row.get_ref(2)?), readable(row.get_ref(4)?));
            let sum: Option<i64> = row.get(3)?;
            let must_have_sum: bool = row.get(5)?;
            let (Ok(text), Ok(_)) = (text, other) else {
                self.find(format!("{place} has a text that is no UTF-8"));
                continue;
            };
            let expected = text.map(rows::checksum).map(i64::from);
            if sum != expected && (sum.is_some() || must_have_sum) {
                self.find(format!("{place} does not have its checksum"));
            } else if let Some(text) = text
                && let Err(error) = document::decode(text)
            {
                self.find(format!("{place}: {error}"));
            }
        }
        Ok(())
    }

    /// Rows of a subject and a text.
    fn examine_texts(&mut self, connection: &Connection, sql: &str) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if readable(row.get_ref(1)?).is_err() {
                let subject: String = row.get(0)?;
                self.find(format!("{subject} has a text that is no UTF-8"));
            }
        }
        Ok(())
    }

    fn examine_rule(&mut self, connection: &Connection, rule: &str) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(rule)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.find(row.get(0)?);
        }
        Ok(())
    }

    fn count(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let number = |sql: &str| -> rusqlite::Result<u64> {
            connection.query_row(sql, [], |row| row.get(0).map(unsigned))
        };
        self.contents = Contents {
            pages: number("SELECT count(*) FROM page WHERE removed = 0")?,
            history_entries: number("SELECT count(*) FROM history")?,
            apps: number("SELECT count(*) FROM app")?,
            tokens: number("SELECT count(*) FROM token")?,
        };
        Ok(())
    }
}

/// The value is no text that can be read.
struct NotText;

/// A text or NULL.
fn readable(value: ValueRef<'_>) -> Result<Option<&str>, NotText> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes)
            .map(Some)
            .map_err(|_invalid| NotText),
        _ => Err(NotText),
    }
}
