//! Encrypted connections, and what they refuse.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use call_settings::{CallSettings, PageId, SettingsUpdate};
use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use settings_store::{Author, KeepCopies, SettingsStore, SettingsWrite, WriteOutcome};
use store_postgres::{Coherence, Location, PostgresStore};
use temporary_postgres::{Cluster, Setup};

/// An authority, and a certificate with its key that it signed for a name.
struct Signed {
    authority: String,
    certificate: String,
    key: String,
}

/// A certificate for a name that is its own authority, and says of itself whether it is one.
fn self_signed(name: &str, is_ca: IsCa) -> Signed {
    let key = KeyPair::generate().unwrap();
    let mut certificate = CertificateParams::new(vec![name.to_owned()]).unwrap();
    certificate.is_ca = is_ca;
    let certificate = certificate.self_signed(&key).unwrap().pem();
    Signed {
        authority: certificate.clone(),
        certificate,
        key: key.serialize_pem(),
    }
}

fn signed(name: &str) -> Signed {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    Signed {
        authority: authority.pem(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// A cluster that offers encryption with this certificate.
fn cluster(signed: &Signed) -> Cluster {
    let cluster = Cluster::start(Setup {
        tcp: true,
        ..Setup::default()
    })
    .unwrap();
    present(&cluster, signed);
    cluster
        .query("postgres", "ALTER SYSTEM SET ssl = on")
        .unwrap();
    cluster
        .query(
            "postgres",
            "CREATE ROLE pagebell LOGIN PASSWORD 'hunter2' SUPERUSER",
        )
        .unwrap();
    let rules = "local all postgres trust\nhostssl all pagebell 127.0.0.1/32 scram-sha-256\n";
    std::fs::write(cluster.folder().join("data/pg_hba.conf"), rules).unwrap();
    cluster
        .query("postgres", "SELECT pg_reload_conf()")
        .unwrap();
    cluster
}

/// Has the cluster show this certificate to the next connections, once it reads its configuration.
fn present(cluster: &Cluster, signed: &Signed) {
    let files = [
        (
            "ssl_cert_file",
            cluster.write_private("certificate.pem", &signed.certificate),
        ),
        (
            "ssl_key_file",
            cluster.write_private("key.pem", &signed.key),
        ),
    ];
    for (setting, path) in files {
        let path = path.unwrap();
        let sql = format!("ALTER SYSTEM SET {setting} = '{}'", path.display());
        cluster.query("postgres", &sql).unwrap();
    }
}

/// Writes a file that only its owner may use.
fn write_secret(path: &Path, content: &str) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// Ends every connection of the store.
fn end_connections(cluster: &Cluster) {
    let sql = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
               WHERE usename = 'pagebell'";
    assert_ne!(cluster.query("postgres", sql).unwrap(), "0");
}

fn location(cluster: &Cluster, host: &str, password: &str, parameters: &str) -> Location {
    let port = cluster.port();
    format!("postgres://pagebell{password}@{host}:{port}/postgres{parameters}")
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_certificate_and_the_password_are_checked() {
    let own = signed("localhost");
    let cluster = cluster(&own);
    let authority = cluster.folder().join("authority.pem");
    let other = cluster.folder().join("other.pem");
    let password = cluster.folder().join("password");
    std::fs::write(&authority, &own.authority).unwrap();
    std::fs::write(&other, signed("localhost").authority).unwrap();
    write_secret(&password, "hunter2 \n\n");
    let encrypted = format!("?sslrootcert={}", authority.display());
    let from_file = format!("{encrypted}&passfile={}", password.display());

    for (password, parameters) in [(":hunter2", &encrypted), ("", &from_file)] {
        let location = location(&cluster, "localhost", password, parameters);
        let store = PostgresStore::open(&location, Coherence::Strict)
            .await
            .unwrap();
        store.check().await.unwrap();
        let sql = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                   WHERE usename = 'pagebell' AND NOT ssl";
        assert_eq!(cluster.query("postgres", sql).unwrap(), "0");
        store.close().await;
    }

    let unknown = format!("?sslrootcert={}", other.display());
    for (host, password, parameters, said) in [
        ("localhost", ":hunter2", &*unknown, "certificate"),
        ("127.0.0.1", ":hunter2", &*encrypted, "certificate"),
        (
            "localhost",
            ":hunter3",
            &*encrypted,
            "password authentication failed",
        ),
        ("localhost", ":hunter2", "?sslmode=disable", "pg_hba.conf"),
        ("localhost", "", "?sslrootcert=/nowhere.pem", "/nowhere.pem"),
    ] {
        let location = location(&cluster, host, password, parameters);
        let error = PostgresStore::open(&location, Coherence::Strict)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{parameters}: {error}");
        assert!(!error.contains("hunter"), "{error}");
    }
}

fn write(number: u64) -> SettingsWrite {
    SettingsWrite {
        page_id: PageId::new(7),
        update: SettingsUpdate {
            audio_enabled: Some(number.is_multiple_of(2)),
            ..SettingsUpdate::default()
        },
        defaults: Arc::new(CallSettings::default()),
        expected_revision: None,
        create_page: true,
        author: Author::default(),
        at: Timestamp::UNIX_EPOCH,
        trace_id: String::new(),
    }
}

/// Whether reads, updates and lines to the leader work over connections of their own.
async fn assert_works(store: &PostgresStore, number: u64) {
    store.check().await.unwrap();
    let outcome = store.update_settings(write(number)).await.unwrap();
    assert!(matches!(outcome, WriteOutcome::Stored(_)), "{outcome:?}");
    let KeepCopies::Bounded(keeping) = store.keep_copies() else {
        panic!("it was opened for copies");
    };
    let line = keeping.lines.open_line().await.unwrap();
    line.prove().await.unwrap();
    line.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_and_certificates_that_are_exchanged_count_for_the_next_connection() {
    let first = signed("localhost");
    let cluster = cluster(&first);
    let authority = cluster.folder().join("authority.pem");
    let password = cluster.folder().join("password");
    std::fs::write(&authority, &first.authority).unwrap();
    write_secret(&password, "hunter2");
    let parameters = format!(
        "?sslrootcert={}&passfile={}",
        authority.display(),
        password.display()
    );
    let location = location(&cluster, "localhost", "", &parameters);
    let bounded = Coherence::Bounded(std::time::Duration::from_secs(1));
    let store = PostgresStore::open(&location, bounded).await.unwrap();
    assert_works(&store, 1).await;

    cluster
        .query("postgres", "ALTER ROLE pagebell PASSWORD 'hunter3'")
        .unwrap();
    write_secret(&password, "hunter3\n");
    end_connections(&cluster);
    assert_works(&store, 2).await;

    let second = signed("localhost");
    present(&cluster, &second);
    cluster
        .query("postgres", "SELECT pg_reload_conf()")
        .unwrap();
    std::fs::write(
        &authority,
        format!("{}{}", first.authority, second.authority),
    )
    .unwrap();
    end_connections(&cluster);
    assert_works(&store, 3).await;

    // A file in the middle of its exchange, or one that others may read, stops nothing that works.
    write_secret(&password, "");
    std::fs::write(&authority, "").unwrap();
    end_connections(&cluster);
    assert_works(&store, 4).await;
    write_secret(&password, "hunter3");
    std::fs::set_permissions(&password, Permissions::from_mode(0o666)).unwrap();
    end_connections(&cluster);
    assert_works(&store, 5).await;
    store.close().await;
    let error = PostgresStore::open(&location, Coherence::Strict).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("chmod 600"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_signed_itself_is_accepted_or_refused_with_what_to_do() {
    let of_authority = IsCa::Ca(BasicConstraints::Unconstrained);
    for (is_ca, accepted) in [(of_authority, false), (IsCa::ExplicitNoCa, true)] {
        let own = self_signed("localhost", is_ca);
        let cluster = cluster(&own);
        let authority = cluster.folder().join("authority.pem");
        std::fs::write(&authority, &own.authority).unwrap();
        let parameters = format!("?sslrootcert={}", authority.display());
        let location = location(&cluster, "localhost", ":hunter2", &parameters);
        match PostgresStore::open(&location, Coherence::Strict).await {
            Ok(store) => {
                assert!(accepted);
                store.close().await;
            }
            Err(error) => {
                let error = error.to_string();
                assert!(!accepted && error.contains("CA:FALSE"), "{error}");
            }
        }
    }
}
