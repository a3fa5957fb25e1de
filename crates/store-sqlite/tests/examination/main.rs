//! Damage is planted in every table and column, and each kind of it is found.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod damage;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use call_settings::{PageId, SettingsUpdate};
use damage::{DAMAGE, OF_MARKS, OF_NAMES, OF_THE_WHOLE};
use jiff::Timestamp;
use rusqlite::Connection;
use settings_store::{Author, SettingsStore, SettingsWrite};
use store_sqlite::{Role, SqliteStore, back_up, examine};
use tempfile::TempDir;

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
            .chain(OF_NAMES)
            .any(|damage| (damage.0, damage.1) == (table, column))
    };
    for (table, column) in &columns {
        assert!(is_planted(table, column), "{table}.{column} has no damage");
    }
    for table in tables {
        assert!(is_planted(table, "*"), "{table} has no damage");
    }
    for (_, _, damage, finding) in DAMAGE.iter().chain(OF_MARKS).chain(OF_NAMES) {
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
            ("page", "page_id")
                | ("history", "entry")
                | ("app", "app_id")
                | ("change", "sequence")
                | ("name_segment", "first_id")
        ) || (table == "token" && column == "token_id");
        if table == "sqlite_sequence" || is_number_of_row {
            continue;
        }
        let is_bytes = column.ends_with("hash") || table == "name_segment";
        let value = if is_bytes { "'text'" } else { "x'00'" };
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
