//! Copies of stores, the examination of stores, and stores of earlier programs.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::path::{Path, PathBuf};

use call_settings::PageId;
use jiff::Timestamp;
use rusqlite::Connection;
use settings_store::{Coverage, Revision, SettingsStore, TokenHash, TokenRecord};
use store_sqlite::{Contents, Role, SqliteStore, back_up, examine, restore};
use tempfile::TempDir;

/// A store that the program of each schema wrote. One is added with each migration.
fn earlier_stores() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
        .collect();
    files.sort();
    files
}

/// What each of these stores holds.
const CONTENTS: Contents = Contents {
    pages: 3,
    history_entries: 7,
    apps: 1,
    tokens: 3,
};

fn at() -> Timestamp {
    Timestamp::from_millisecond(1_764_000_000_123).unwrap()
}

/// The files of a folder with this text in their names.
fn names_with(folder: &Path, text: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(text))
        .collect();
    names.sort();
    names
}

fn copy_of(store: &Path, folder: &TempDir) -> PathBuf {
    let copy = folder.path().join("pagebell.db");
    std::fs::copy(store, &copy).unwrap();
    copy
}

fn execute(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

fn schema_of(path: &Path) -> usize {
    let version: u16 = Connection::open(path)
        .unwrap()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    usize::from(version)
}

/// The schema that this program makes.
async fn newest_schema() -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    SqliteStore::open(&path, Role::Server)
        .unwrap()
        .close()
        .await;
    schema_of(&path)
}

#[tokio::test]
async fn stores_of_every_schema_are_upgraded_and_keep_everything() {
    let stores = earlier_stores();
    let newest = newest_schema().await;
    assert_eq!(stores.len(), newest, "a store for each schema");
    for (index, earlier) in stores.iter().enumerate() {
        assert_eq!(schema_of(earlier), index + 1, "{}", earlier.display());
        let folder = tempfile::tempdir().unwrap();
        let path = copy_of(earlier, &folder);
        let examination = examine(&path).unwrap();
        assert_eq!(examination.findings, [""; 0]);
        assert_eq!(
            schema_of(&path),
            index + 1,
            "an examination upgrades nothing"
        );

        let store = SqliteStore::open(&path, Role::Server).unwrap();
        let read = async |page| store.page(PageId::new(page)).await.unwrap();
        let bakery = read(1001).await.unwrap();
        assert_eq!(bakery.name.as_deref(), Some("Bakery"));
        assert_eq!(bakery.revision, Revision::new(3));
        let stated = bakery.calling;
        let expected = match index + 1 {
            1..4 => (true, None),
            _ => (false, Some(1500)),
        };
        assert_eq!((stated.eligible, stated.engaged_users), expected);
        let hours = bakery.settings.unwrap().call_hours.unwrap();
        assert_eq!(hours.timezone_id().name(), "Europe/Paris");
        assert!(read(u64::MAX).await.is_some());
        assert_eq!(read(1003).await, None, "it was removed");
        let history = store.history(PageId::new(1003), None, 9).await.unwrap();
        assert_eq!(history, [], "it belongs to the life that ended");
        let before = Some(PageId::new(1002));
        let whole = store.whole_pages(before, 1).await.unwrap();
        assert_eq!(whole[0].history.len(), 2);
        let tokens = store.tokens().await.unwrap();
        let covers = |token: &TokenRecord| {
            token.coverage != Coverage::AllPages && token.coverage.covers(PageId::new(1003))
        };
        assert!(!tokens.iter().any(covers), "it opens to no former token");
        let token = store
            .token(TokenHash::of("the token of schema 1"))
            .await
            .unwrap()
            .unwrap();
        assert!(token.revoked_at.is_none());
        store.close().await;

        assert_eq!(schema_of(&path), newest);
        let examination = examine(&path).unwrap();
        assert_eq!(examination.findings, [""; 0]);
        assert_eq!(examination.contents, CONTENTS);
    }
}

#[tokio::test]
async fn a_flipped_bit_of_a_history_entry_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy_of(&earlier_stores()[0], &folder);
    SqliteStore::open(&path, Role::Server)
        .unwrap()
        .close()
        .await;
    execute(&path, "UPDATE history SET checksum = 1 WHERE entry = 1");
    let findings = examine(&path).unwrap().findings;
    assert_eq!(
        findings,
        ["Page 1001, revision 1: an entry of the history does not have its checksum"]
    );
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    let error = store
        .history(PageId::new(1001), None, 9)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("revision 1"), "{error}");
    store.close().await;
}

#[test]
fn damage_of_the_file_itself_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy_of(&earlier_stores()[0], &folder);
    let mut bytes = std::fs::read(&path).unwrap();
    // The second database page is the root of the first table.
    bytes[4096..4096 + 64].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    match examine(&path) {
        Ok(examination) => assert!(!examination.findings.is_empty()),
        Err(error) => assert!(error.to_string().contains("damaged"), "{error}"),
    }
}

#[test]
fn a_backup_never_takes_the_place_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy_of(&earlier_stores()[0], &folder);
    let copy = folder.path().join("copy.db");
    std::fs::write(&copy, "precious").unwrap();
    let error = back_up(&path, &copy).unwrap_err().to_string();
    assert!(error.contains("exists already"), "{error}");
    assert_eq!(std::fs::read(&copy).unwrap(), b"precious");
}

#[tokio::test]
async fn a_store_is_replaced_only_when_asked_to_and_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let original = copy_of(&earlier_stores()[0], &folder);
    let copy = folder.path().join("copy.db");
    assert_eq!(back_up(&original, &copy).unwrap(), CONTENTS);
    assert_eq!(
        std::fs::metadata(&copy).unwrap().permissions(),
        std::os::unix::fs::PermissionsExt::from_mode(0o100_600)
    );

    let store = folder.path().join("store.db");
    SqliteStore::open(&store, Role::Server)
        .unwrap()
        .close()
        .await;
    let error = restore(&copy, &store, false, at()).unwrap_err().to_string();
    assert!(error.contains("--replace"), "{error}");
    let restored = restore(&copy, &store, true, at()).unwrap();
    assert_eq!(restored.contents, CONTENTS);
    let aside = restored.kept.unwrap();
    assert_eq!(examine(&store).unwrap().contents, CONTENTS);
    assert_eq!(examine(&aside).unwrap().contents, Contents::default());
}

#[tokio::test]
async fn a_store_that_a_server_uses_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy_of(&earlier_stores()[0], &folder);
    let copy = folder.path().join("copy.db");
    let server = SqliteStore::open(&path, Role::Server).unwrap();
    back_up(&path, &copy).unwrap();
    let error = restore(&copy, &path, true, at()).unwrap_err().to_string();
    assert!(error.contains("another server uses"), "{error}");
    assert_eq!(names_with(folder.path(), "replaced"), [""; 0]);
    server.close().await;
}

/// The log of the earlier store must not be taken for that of the new one.
#[test]
fn a_log_that_was_left_behind_goes_with_its_store() {
    let folder = tempfile::tempdir().unwrap();
    let original = copy_of(&earlier_stores()[0], &folder);
    let copy = folder.path().join("copy.db");
    back_up(&original, &copy).unwrap();

    // A store as it lies there after its process was killed: with a log beside it.
    let lively = folder.path().join("lively.db");
    std::fs::copy(&original, &lively).unwrap();
    let connection = Connection::open(&lively).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; \
             UPDATE page SET name = 'of the earlier store';",
        )
        .unwrap();
    let killed = folder.path().join("killed.db");
    for suffix in ["", "-wal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        std::fs::copy(with(&lively), with(&killed)).unwrap();
    }
    let aside = restore(&copy, &killed, true, at()).unwrap().kept.unwrap();
    let name = |path: &Path| -> String {
        Connection::open(path)
            .unwrap()
            .query_row("SELECT name FROM page WHERE page_id = 1001", [], |row| {
                row.get(0)
            })
            .unwrap()
    };
    assert_eq!(name(&killed), "Bakery");
    assert_eq!(name(&aside), "of the earlier store");
}
