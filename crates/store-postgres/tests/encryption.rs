//! Encrypted connections, and what they refuse.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use settings_store::SettingsStore;
use store_postgres::{Coherence, Location, PostgresStore};
use temporary_postgres::{Cluster, Setup};

/// An authority, and a certificate with its key that it signed for a name.
struct Signed {
    authority: String,
    certificate: String,
    key: String,
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
    std::fs::write(&password, "hunter2\n").unwrap();
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
