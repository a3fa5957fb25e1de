//! Damage is planted in every table and column, and each kind of it is found.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use call_settings::{PageId, SettingsUpdate};
use jiff::Timestamp;
use rusqlite::Connection;
use settings_store::{Author, SettingsStore, SettingsWrite};
use store_sqlite::{Role, SqliteStore, back_up, examine};
use tempfile::TempDir;

/// A table and a column, SQL that damages it, and what the finding says. The column `*` is the table.
const DAMAGE: &[(&str, &str, &str, &str)] = &[
    (
        "page",
        "page_id",
        "UPDATE page SET page_id = 7 WHERE page_id = 1001",
        "no Page that it belongs to",
    ),
    (
        "page",
        "name",
        "UPDATE page SET name = CAST(x'ff' AS TEXT) WHERE page_id = 1001",
        "Page 1001, revision 3: settings has a text that is no UTF-8",
    ),
    (
        "page",
        "name",
        "UPDATE page SET name = 'back' WHERE page_id = 1003",
        "Page 1003: it was removed, but has a name",
    ),
    (
        "page",
        "revision",
        "UPDATE page SET revision = 4 WHERE page_id = 1001",
        "Page 1001, revision 4: the newest entry",
    ),
    (
        "page",
        "document",
        "UPDATE page SET document = replace(document, 'true', 'false') WHERE page_id = 1001",
        "Page 1001, revision 3: settings does not have its checksum",
    ),
    (
        "page",
        "document",
        "UPDATE page SET document = NULL WHERE page_id = 1001",
        "Page 1001, revision 3: settings does not have its checksum",
    ),
    (
        "page",
        "document",
        "UPDATE page SET document = NULL, checksum = NULL WHERE page_id = 1001",
        "Page 1001, revision 3: the newest entry of its history is not that of its settings",
    ),
    (
        "page",
        "checksum",
        "UPDATE page SET checksum = 1 WHERE page_id = 1001",
        "Page 1001, revision 3: settings does not have its checksum",
    ),
    (
        "page",
        "checksum",
        "UPDATE page SET checksum = -1 WHERE page_id = 1001",
        "Page 1001, revision 3: settings does not have its checksum",
    ),
    (
        "page",
        "removed",
        "UPDATE page SET removed = 2 WHERE page_id = 1001",
        "Page 1001: removed is 2",
    ),
    (
        "page",
        "removed",
        "UPDATE page SET removed = 1 WHERE page_id = 1001",
        "Page 1001: it was removed, but has a name or settings",
    ),
    (
        "page",
        "newest_entry",
        "UPDATE page SET newest_entry = 2 WHERE page_id = 1001",
        "Page 1001, revision 3: the newest entry",
    ),
    (
        "page",
        "newest_entry",
        "UPDATE page SET newest_entry = NULL WHERE page_id = 1001",
        "Page 1001, revision 3: the newest entry",
    ),
    (
        "page",
        "*",
        "DELETE FROM page WHERE page_id = 1003",
        "Page 1003, revision 2: there is a history",
    ),
    ("page", "*", "DROP TABLE page", "the table page is missing"),
    (
        "history",
        "entry",
        "UPDATE history SET entry = 99 WHERE entry = 2",
        "Page 1001, revision 3: the entry before it",
    ),
    (
        "history",
        "previous_entry",
        "UPDATE history SET previous_entry = 4 WHERE entry = 2",
        "Page 1001, revision 2: the entry before it",
    ),
    (
        "history",
        "previous_entry",
        "UPDATE history SET previous_entry = NULL WHERE entry = 2",
        "begins with another revision",
    ),
    (
        "history",
        "page_id",
        "UPDATE history SET page_id = 1002 WHERE entry = 2",
        "Page 1001, revision 3: the entry before it",
    ),
    (
        "history",
        "revision",
        "UPDATE history SET revision = 7 WHERE entry = 2",
        "Page 1001, revision 7: the entry before it",
    ),
    (
        "history",
        "document",
        "UPDATE history SET document = '{}' WHERE entry = 1",
        "Page 1001, revision 1: an entry of the history does not have its checksum",
    ),
    (
        "history",
        "document",
        "UPDATE history SET document = NULL, checksum = NULL WHERE entry = 1",
        "Page 1001, revision 1: an entry of the history has lost its settings",
    ),
    (
        "history",
        "token_id",
        "UPDATE history SET token_id = 404 WHERE entry = 1",
        "Page 1001, revision 1: the token of its author does not exist",
    ),
    (
        "history",
        "app_id",
        "UPDATE history SET app_id = 404 WHERE entry = 1",
        "Page 1001, revision 1: the app of its author does not exist",
    ),
    (
        "history",
        "changed_ms",
        "UPDATE history SET changed_ms = 9000000000000000 WHERE entry = 1",
        "Page 1001, revision 1: changed_ms is out of range",
    ),
    (
        "history",
        "trace_id",
        "UPDATE history SET trace_id = CAST(x'c0' AS TEXT) WHERE entry = 1",
        "Page 1001, revision 1: an entry of the history has a text that is no UTF-8",
    ),
    (
        "history",
        "checksum",
        "UPDATE history SET checksum = 1 WHERE entry = 1",
        "Page 1001, revision 1: an entry of the history does not have its checksum",
    ),
    (
        "history",
        "*",
        "DELETE FROM history WHERE entry = 2",
        "Page 1001, revision 3",
    ),
    (
        "history",
        "*",
        "DELETE FROM history WHERE entry = 3",
        "Page 1001, revision 3",
    ),
    (
        "history",
        "*",
        "INSERT INTO history SELECT 800, previous_entry, page_id, revision, document, token_id, app_id, changed_ms, trace_id, checksum FROM history WHERE entry = 3",
        "revisions in all",
    ),
    (
        "history",
        "*",
        "DROP TABLE history",
        "the table history is missing",
    ),
    (
        "app",
        "app_id",
        "UPDATE app SET app_id = 7",
        "its app does not exist",
    ),
    (
        "app",
        "name",
        "UPDATE app SET name = CAST(x'ff' AS TEXT)",
        "has a text that is no UTF-8",
    ),
    (
        "app",
        "secret",
        "UPDATE app SET secret = 'short'",
        "its secret is not 32 hexadecimal digits",
    ),
    (
        "app",
        "require_proof",
        "UPDATE app SET require_proof = 2",
        "require_proof is 2",
    ),
    (
        "app",
        "created_ms",
        "UPDATE app SET created_ms = -9000000000000000",
        "created_ms is out of range",
    ),
    ("app", "*", "DELETE FROM app", "its app does not exist"),
    ("app", "*", "DROP TABLE app", "the table app is missing"),
    (
        "token",
        "token_id",
        "UPDATE token SET token_id = 7 WHERE expires_ms IS NOT NULL",
        "which does not exist",
    ),
    (
        "token",
        "hash",
        "UPDATE token SET hash = x'00' WHERE all_pages = 1",
        "its hash is 1 bytes long",
    ),
    (
        "token",
        "app_id",
        "UPDATE token SET app_id = 404",
        "its app does not exist",
    ),
    (
        "token",
        "all_pages",
        "UPDATE token SET all_pages = 2",
        "all_pages is 2",
    ),
    (
        "token",
        "all_pages",
        "UPDATE token SET all_pages = 1",
        "it covers all Pages and the Page",
    ),
    (
        "token",
        "scopes",
        "UPDATE token SET scopes = 'all'",
        "its scopes cannot be read",
    ),
    (
        "token",
        "scopes",
        "UPDATE token SET scopes = '[1]'",
        "its scopes cannot be read",
    ),
    (
        "token",
        "issued_ms",
        "UPDATE token SET issued_ms = 9000000000000000",
        "issued_ms is out of range",
    ),
    (
        "token",
        "expires_ms",
        "UPDATE token SET expires_ms = 9000000000000000",
        "expires_ms is out of range",
    ),
    (
        "token",
        "revoked_ms",
        "UPDATE token SET revoked_ms = 9000000000000000",
        "revoked_ms is out of range",
    ),
    ("token", "*", "DELETE FROM token", "which does not exist"),
    (
        "token",
        "*",
        "DROP TABLE token",
        "the table token is missing",
    ),
    (
        "token_page",
        "token_id",
        "UPDATE token_page SET token_id = 77",
        "the token 77, which does not exist",
    ),
    (
        "token_page",
        "page_id",
        "UPDATE OR REPLACE token_page SET page_id = 1001, token_id = (SELECT token_id FROM token WHERE all_pages = 1)",
        "it covers all Pages and the Page 1001",
    ),
    (
        "token_page",
        "*",
        "INSERT INTO token_page VALUES (77, 1001)",
        "the token 77, which does not exist",
    ),
    (
        "token_page",
        "*",
        "DROP TABLE token_page",
        "the table token_page is missing",
    ),
    (
        "change",
        "sequence",
        "UPDATE change SET sequence = 99 WHERE sequence = 2",
        "change 99: it is newer than the newest",
    ),
    (
        "change",
        "page_id",
        "UPDATE change SET page_id = 404 WHERE sequence = 2",
        "change 2: its Page does not exist",
    ),
    (
        "change",
        "app_id",
        "UPDATE change SET app_id = 404 WHERE sequence = 1",
        "change 1: its app does not exist",
    ),
    (
        "change",
        "token_hash",
        "UPDATE change SET token_hash = x'00' WHERE sequence = 6",
        "the hash of its token is 1 bytes long",
    ),
    (
        "change",
        "token_hash",
        "UPDATE change SET token_hash = zeroblob(32) WHERE sequence = 2",
        "change 2: it names more than one thing",
    ),
    (
        "change",
        "*",
        "DROP TABLE change",
        "the table change is missing",
    ),
    (
        "sqlite_sequence",
        "name",
        "UPDATE sqlite_sequence SET name = 'other'",
        "the sequence of the table other",
    ),
    (
        "sqlite_sequence",
        "seq",
        "UPDATE sqlite_sequence SET seq = 3",
        "it is newer than the newest",
    ),
    (
        "sqlite_sequence",
        "seq",
        "UPDATE sqlite_sequence SET seq = 'many'",
        "the sequence of changes is no number",
    ),
    (
        "sqlite_sequence",
        "*",
        "DELETE FROM sqlite_sequence",
        "it is newer than the newest",
    ),
];

/// Damage of the marks, of which Page 1002 has one at its revision 64.
const OF_MARKS: &[(&str, &str, &str, &str)] = &[
    (
        "mark",
        "page_id",
        "UPDATE mark SET page_id = 1001",
        "Page 1001, revision 64: a mark of the history names another entry",
    ),
    (
        "mark",
        "revision",
        "UPDATE mark SET revision = 128",
        "Page 1002, revision 64: the entry of the history lacks its mark",
    ),
    (
        "mark",
        "entry",
        "UPDATE mark SET entry = 3",
        "Page 1002, revision 64: a mark of the history names another entry",
    ),
    (
        "mark",
        "*",
        "DELETE FROM mark",
        "Page 1002, revision 64: the entry of the history lacks its mark",
    ),
    (
        "mark",
        "*",
        "INSERT INTO mark SELECT page_id, 3, entry FROM mark",
        "Page 1002, revision 3: a mark of the history names another entry",
    ),
    ("mark", "*", "DROP TABLE mark", "the table mark is missing"),
];

/// Damage of the header and of the schema.
const OF_THE_WHOLE: &[(&str, &str)] = &[
    ("PRAGMA user_version = 0", "the schema has the version 0"),
    ("PRAGMA user_version = -1", "the schema has the version -1"),
    (
        "PRAGMA user_version = 1",
        "is not as the schema version 1 has it",
    ),
    (
        "PRAGMA application_id = 0",
        "does not have the application id of a store",
    ),
    (
        "PRAGMA application_id = 7",
        "does not have the application id of a store",
    ),
    (
        "ALTER TABLE page DROP COLUMN checksum",
        "the table page is not as",
    ),
    (
        "ALTER TABLE app RENAME COLUMN secret TO key",
        "the table app is not as",
    ),
    (
        "DROP TABLE token; CREATE TABLE token (token_id INTEGER, hash BLOB, app_id INTEGER, all_pages \
      INTEGER, scopes TEXT, issued_ms INTEGER, expires_ms INTEGER, revoked_ms INTEGER)",
        "the table token is not as",
    ),
];

/// A store of the newest schema with something in every table.
async fn sound_store() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores/schema-2.db");
    fs::copy(original, &path).unwrap();
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    for number in 0..70 {
        let write = SettingsWrite {
            page_id: PageId::new(1002),
            update: SettingsUpdate {
                audio_enabled: Some(number % 2 == 1),
                ..SettingsUpdate::default()
            },
            defaults: Arc::default(),
            expected_revision: None,
            create_page: false,
            author: Author::default(),
            at: Timestamp::UNIX_EPOCH,
            trace_id: String::new(),
        };
        store.update_settings(write).await.unwrap();
    }
    store.close().await;
    execute(&path, "UPDATE token SET app_id = (SELECT app_id FROM app)");
    assert_eq!(examine(&path).unwrap().findings, [""; 0]);
    (folder, path)
}

fn execute(path: &Path, sql: &str) {
    Connection::open(path)
        .unwrap()
        .execute_batch(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The tables of a store with their columns.
fn columns(path: &Path) -> Vec<(String, String)> {
    Connection::open(path)
        .unwrap()
        .prepare(
            "SELECT object.name, column.name FROM sqlite_schema AS object, \
             pragma_table_info(object.name) AS column WHERE object.type = 'table'",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn expect(path: &Path, damage: &str, finding: &str) {
    let findings = examine(path).unwrap().findings;
    assert!(
        findings.iter().any(|found| found.contains(finding)),
        "{damage}: {findings:?}"
    );
    let copy = path.with_extension("copy");
    back_up(path, &copy).expect_err(damage);
    assert!(!copy.exists(), "{damage}: a damaged store makes no backup");
}

/// Makes a change to a copy of a store, and removes the copy at the end.
fn damaged(store: &Path, damage: impl FnOnce(&Path), check: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.db");
    fs::copy(store, &path).unwrap();
    damage(&path);
    check(&path);
}

#[tokio::test]
async fn damage_is_planted_in_every_column_and_found() {
    let (_folder, store) = sound_store().await;
    let columns = columns(&store);
    let tables: BTreeSet<&str> = columns.iter().map(|(table, _)| table.as_str()).collect();
    let is_planted = |table: &str, column: &str| {
        DAMAGE
            .iter()
            .chain(OF_MARKS)
            .any(|damage| (damage.0, damage.1) == (table, column))
    };
    for (table, column) in &columns {
        assert!(is_planted(table, column), "{table}.{column} has no damage");
    }
    for table in tables {
        assert!(is_planted(table, "*"), "{table} has no damage");
    }
    for (_, _, damage, finding) in DAMAGE.iter().chain(OF_MARKS) {
        damaged(
            &store,
            |path| execute(path, damage),
            |path| expect(path, damage, finding),
        );
    }
}

#[tokio::test]
async fn damage_of_the_header_and_of_the_schema_is_found() {
    let (_folder, store) = sound_store().await;
    for (damage, finding) in OF_THE_WHOLE {
        damaged(
            &store,
            |path| execute(path, damage),
            |path| expect(path, damage, finding),
        );
    }
}

/// What a program that does not know the types of the schema could have written.
#[tokio::test]
async fn a_value_of_a_wrong_type_is_found_in_every_column() {
    let (_folder, store) = sound_store().await;
    let schema = |path: &Path, from: &str, to: &str| {
        let sql = format!(
            "PRAGMA writable_schema = ON; \
             UPDATE sqlite_schema SET sql = replace(sql, '{from}', '{to}') WHERE type = 'table'"
        );
        execute(path, &sql);
    };
    for (table, column) in columns(&store) {
        // SQLite's own table has no types, and a row's number cannot be anything else.
        let is_number_of_row = matches!(
            (table.as_str(), column.as_str()),
            ("page", "page_id") | ("history", "entry") | ("app", "app_id") | ("change", "sequence")
        ) || (table == "token" && column == "token_id");
        if table == "sqlite_sequence" || is_number_of_row {
            continue;
        }
        let value = if column.ends_with("hash") {
            "'text'"
        } else {
            "x'00'"
        };
        let damage = format!("UPDATE OR REPLACE {table} SET {column} = {value}");
        damaged(
            &store,
            |path| {
                schema(path, ") STRICT", ") /*RICT*/");
                execute(path, &damage);
                schema(path, ") /*RICT*/", ") STRICT");
            },
            |path| expect(path, &damage, &format!("{table}.{column}")),
        );
    }
}

#[tokio::test]
async fn an_index_that_lacks_a_row_is_found() {
    let (_folder, store) = sound_store().await;
    let connection = Connection::open(&store).unwrap();
    let root = |name: &str| -> i64 {
        connection
            .query_row(
                "SELECT rootpage FROM sqlite_schema WHERE name = ?1",
                [name],
                |row| row.get(0),
            )
            .unwrap()
    };
    let (index, empty) = (root("sqlite_autoindex_token_1"), root("token"));
    drop(connection);
    damaged(
        &store,
        |path| {
            let sql = format!(
                "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = {empty} \
                 WHERE rootpage = {index}"
            );
            execute(path, &sql);
        },
        |path| {
            let findings = examine(path).unwrap().findings;
            assert!(!findings.is_empty());
        },
    );
}

#[test]
fn a_store_mixed_with_the_wal_of_another_one_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores/schema-2.db");
    fs::copy(&original, &path).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    // The roots of two tables are exchanged.
    let (first, second) = (bytes[4096..8192].to_vec(), bytes[8192..12288].to_vec());
    bytes[4096..8192].copy_from_slice(&second);
    bytes[8192..12288].copy_from_slice(&first);
    fs::write(&path, bytes).unwrap();
    assert!(!examine(&path).unwrap().findings.is_empty());
}
