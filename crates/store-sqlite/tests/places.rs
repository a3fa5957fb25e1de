//! Links, names and permissions of a store's file, and restores in every place.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use call_settings::PageId;
use jiff::Timestamp;
use rusqlite::Connection;
use settings_store::{NewPage, SettingsStore, StoreError, TokenHash, TokenId, TokenKey};
use store_sqlite::{Revocations, Role, SqliteStore, back_up, examine, restore};
use tempfile::TempDir;

fn at() -> Timestamp {
    Timestamp::from_millisecond(1_764_000_000_123).unwrap()
}

/// A folder with a store, and a backup that was made of it before it got another name for a Page.
struct Places {
    folder: TempDir,
    store: PathBuf,
    backup: PathBuf,
}

const EARLIER: &str = "of the earlier store";

impl Places {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("pagebell.db");
        let backup = folder.path().join("backup.db");
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores/schema-1.db");
        fs::copy(original, &store).unwrap();
        fs::set_permissions(&store, Permissions::from_mode(0o600)).unwrap();
        back_up(&store, &backup).unwrap();
        let sql = format!("UPDATE page SET name = '{EARLIER}' WHERE page_id = 1001");
        Connection::open(&store).unwrap().execute(&sql, []).unwrap();
        Self {
            folder,
            store,
            backup,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn page_name(path: &Path) -> String {
    Connection::open(path)
        .unwrap()
        .query_row("SELECT name FROM page WHERE page_id = 1001", [], |row| {
            row.get(0)
        })
        .unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

async fn open_and_close(path: &Path) -> Result<(), StoreError> {
    let store = SqliteStore::open(path, Role::Server)?;
    store.close().await;
    Ok(())
}

#[test]
fn a_wal_without_its_store_is_no_part_of_what_is_restored() {
    let places = Places::new();
    // A killed process leaves the WAL; then somebody removes the store itself.
    let lively = Connection::open(&places.store).unwrap();
    lively
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; \
             UPDATE page SET name = 'from the WAL';",
        )
        .unwrap();
    let killed = places.path("killed.db");
    for suffix in ["-wal", "-shm"] {
        let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        fs::copy(with(&places.store), with(&killed)).unwrap();
    }
    let restored = restore(&places.backup, &killed, false, at()).unwrap();
    assert_eq!(page_name(&killed), "Bakery");
    assert_eq!(examine(&killed).unwrap().findings, [""; 0]);
    assert_eq!(restored.kept, None);
    assert_eq!(
        restored.kept_wal.unwrap(),
        places.path("killed.db.replaced-20251124T160000Z-wal")
    );
    assert_eq!(restored.revocations, Revocations::Unknown);
}

#[test]
fn a_restore_goes_to_the_target_of_a_link() {
    let places = Places::new();
    let data = places.path("data");
    fs::create_dir(&data).unwrap();
    let real = data.join("real.db");
    fs::rename(&places.store, &real).unwrap();
    let link = places.path("link.db");
    symlink("data/real.db", &link).unwrap();

    let restored = restore(&places.backup, &link, true, at()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(page_name(&real), "Bakery");
    let kept = restored.kept.unwrap();
    assert_eq!(kept.parent().unwrap(), data.canonicalize().unwrap());
    assert!(!fs::symlink_metadata(&kept).unwrap().is_symlink());
    assert_eq!(page_name(&kept), EARLIER);

    let dangling = places.path("dangling.db");
    symlink("data/new.db", &dangling).unwrap();
    restore(&places.backup, &dangling, false, at()).unwrap();
    assert!(fs::symlink_metadata(&dangling).unwrap().is_symlink());
    assert_eq!(page_name(&data.join("new.db")), "Bakery");
}

#[test]
fn two_restores_in_one_second_keep_both_stores() {
    let places = Places::new();
    let first = restore(&places.backup, &places.store, true, at()).unwrap();
    let second = restore(&places.backup, &places.store, true, at()).unwrap();
    assert_eq!(page_name(&first.kept.unwrap()), EARLIER);
    assert_eq!(page_name(&second.kept.unwrap()), "Bakery");
}

#[test]
fn a_failed_restore_leaves_no_file() {
    let places = Places::new();
    // A folder in the place of the store cannot be replaced by a file.
    let folder = places.path("folder.db");
    fs::create_dir(&folder).unwrap();
    let before = places.names();
    restore(&places.backup, &folder, true, at()).unwrap_err();
    fs::write(&places.backup, "no backup").unwrap();
    restore(&places.backup, &places.store, true, at()).unwrap_err();
    let mut after = places.names();
    after.retain(|name| name != "folder.db.lock");
    assert_eq!(after, before);
    assert_eq!(page_name(&places.store), EARLIER);
}

#[test]
fn a_backup_to_a_dangling_link_leaves_no_file() {
    let places = Places::new();
    let link = places.path("dangling.db");
    symlink("nowhere.db", &link).unwrap();
    let error = back_up(&places.store, &link).unwrap_err().to_string();
    assert!(error.contains("exists already"), "{error}");
    assert!(!places.path("dangling.db.partial").exists());
    assert!(!places.path("nowhere.db").exists());
}

#[tokio::test]
async fn a_store_that_a_command_uses_is_not_replaced() {
    let places = Places::new();
    let command = SqliteStore::open(&places.store, Role::Administration).unwrap();
    let error = restore(&places.backup, &places.store, true, at()).unwrap_err();
    assert!(error.to_string().contains("command"), "{error}");
    // What the command says is stored is in the store.
    let page = NewPage {
        page_id: PageId::new(7),
        name: None,
        at: at(),
    };
    command.add_page(page).await.unwrap();
    command.close().await;
    drop(command);
    let store = SqliteStore::open(&places.store, Role::Server).unwrap();
    assert!(store.page(PageId::new(7)).await.unwrap().is_some());
    store.close().await;
}

#[tokio::test]
async fn tokens_that_were_revoked_since_the_backup_stay_revoked() {
    let places = Places::new();
    let hash = TokenHash::of("the token of schema 1");
    let command = SqliteStore::open(&places.store, Role::Administration).unwrap();
    assert!(
        command
            .revoke_token(TokenKey::Hash(hash), at())
            .await
            .unwrap()
    );
    let unknown = TokenKey::Id(TokenId::new(404));
    assert!(!command.revoke_token(unknown, at()).await.unwrap());
    command.close().await;
    drop(command);

    let restored = restore(&places.backup, &places.store, true, at()).unwrap();
    // The upgrade of the earlier store has taken a removed Page out of a token.
    let carried = Revocations::Carried {
        tokens: 1,
        coverages: 1,
    };
    assert_eq!(restored.revocations, carried);
    let store = SqliteStore::open(&places.store, Role::Server).unwrap();
    let token = store.token(hash).await.unwrap().unwrap();
    assert_eq!(token.revoked_at, Some(at()));
    store.close().await;
}

#[tokio::test]
async fn a_wal_without_its_store_is_not_deleted() {
    let places = Places::new();
    let missing = places.path("missing.db");
    let wal = places.path("missing.db-wal");
    fs::write(&wal, "what was committed last").unwrap();
    for role in [Role::Server, Role::Administration] {
        let refused = SqliteStore::open(&missing, role).unwrap_err().to_string();
        assert!(refused.contains("write-ahead log"), "{refused}");
    }
    assert_eq!(fs::read_to_string(&wal).unwrap(), "what was committed last");
    assert!(!missing.exists());
    fs::write(&wal, "").unwrap();
    open_and_close(&missing).await.unwrap();
}

#[tokio::test]
async fn a_store_through_a_link_to_nothing_is_private_and_has_one_server() {
    let places = Places::new();
    fs::create_dir(places.path("data")).unwrap();
    let link = places.path("link.db");
    symlink("data/real.db", &link).unwrap();
    let real = places.path("data/real.db");
    let server = SqliteStore::open(&link, Role::Server).unwrap();
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let file = PathBuf::from(format!("{}{suffix}", real.display()));
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    for path in [&link, &real] {
        let refused = SqliteStore::open(path, Role::Server);
        assert!(
            matches!(refused, Err(StoreError::InUse { .. })),
            "{refused:?}"
        );
    }
    server.close().await;
    drop(server);
    open_and_close(&real).await.unwrap();
}

#[tokio::test]
async fn a_store_with_a_second_name_is_refused_and_its_server_goes_on() {
    let places = Places::new();
    let server = SqliteStore::open(&places.store, Role::Server).unwrap();
    let second = places.path("second.db");
    fs::hard_link(&places.store, &second).unwrap();
    for role in [Role::Server, Role::Administration] {
        let error = SqliteStore::open(&second, role).unwrap_err().to_string();
        assert!(error.contains("hard links"), "{error}");
    }
    assert!(examine(&second).is_err());
    let page = NewPage {
        page_id: PageId::new(7),
        name: None,
        at: at(),
    };
    server.add_page(page).await.unwrap();
    server.close().await;
}

#[tokio::test]
async fn a_refused_start_creates_and_changes_nothing() {
    let places = Places::new();
    fs::write(places.path("passwd"), "root:x:0:0:root:/root:/bin/bash\n").unwrap();
    let foreign = places.path("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE other (number INTEGER)")
        .unwrap();
    symlink("circle.db", places.path("circle.db")).unwrap();
    let before = places.names();
    let bytes = fs::read(&foreign).unwrap();
    for (name, reason) in [
        ("passwd", "no SQLite file"),
        ("foreign.db", "another program"),
        ("circle.db", "circle"),
        ("nowhere/pagebell.db", "create it"),
    ] {
        for role in [Role::Server, Role::Administration] {
            let refused = SqliteStore::open(&places.path(name), role).unwrap_err();
            assert!(refused.to_string().contains(reason), "{refused}");
        }
    }
    assert_eq!(places.names(), before);
    assert_eq!(fs::read(&foreign).unwrap(), bytes);
}

#[tokio::test]
async fn others_cannot_take_the_lock() {
    let places = Places::new();
    let lock = places.path("pagebell.db.lock");
    fs::remove_file(&lock).unwrap();
    fs::write(&lock, "").unwrap();
    fs::set_permissions(&lock, Permissions::from_mode(0o666)).unwrap();
    open_and_close(&places.store).await.unwrap();
    assert_eq!(mode(&lock), 0o600);
}

#[test]
fn a_restored_store_belongs_to_the_owner_of_the_earlier_one() {
    use std::os::unix::fs::{MetadataExt, chown};
    const NOBODY: u32 = 65_534;
    let places = Places::new();
    // Only root may give a file away.
    if fs::metadata(&places.store).unwrap().uid() == 0 {
        chown(&places.store, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let owner = fs::metadata(&places.store).unwrap().uid();
    restore(&places.backup, &places.store, true, at()).unwrap();
    assert_eq!(fs::metadata(&places.store).unwrap().uid(), owner);
    assert_eq!(mode(&places.store), 0o600);
}

/// A file that goes away under the store takes no more updates, which nobody would find.
#[tokio::test]
async fn a_removed_or_replaced_file_is_noticed_and_takes_no_updates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagebell.db");
    let elsewhere = folder.path().join("elsewhere.db");
    let store = SqliteStore::open(&path, Role::Server).unwrap();
    store.check().await.unwrap();
    let page = |number: u64| NewPage {
        page_id: PageId::new(number),
        name: None,
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    store.add_page(page(1)).await.unwrap();
    std::fs::rename(&path, &elsewhere).unwrap();
    for _ in 0..2 {
        let error = store.check().await.unwrap_err().to_string();
        assert!(error.contains("removed or replaced"), "{error}");
        let error = store.add_page(page(2)).await.unwrap_err().to_string();
        assert!(error.contains("updates are refused"), "{error}");
        // The second time, another file has its name.
        std::fs::write(&path, "").unwrap();
    }
    assert!(store.page(PageId::new(1)).await.unwrap().is_some());
    std::fs::rename(&elsewhere, &path).unwrap();
    store.check().await.unwrap();
    store.add_page(page(2)).await.unwrap();
}
