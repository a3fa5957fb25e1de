//! TLS by files that change.

use std::fs;
use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rcgen::CertifiedKey;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::process::{Place, Reply, Server, pagebell, read_reply};
use crate::start_and_stop::retry;

/// Writes a new certificate and key, and returns the certificate.
pub(crate) fn new_certificate(place: &Place) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["pagebell.test".to_owned()]).unwrap();
    fs::write(place.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
    fs::write(place.path().join("certificate.pem"), cert.pem()).unwrap();
    cert.der().clone()
}

/// The options of a server with the certificate and key of this place.
pub(crate) fn options(place: &Place) -> [String; 4] {
    let file = |name: &str| place.path().join(name).display().to_string();
    [
        "--tls-certificate".to_owned(),
        file("certificate.pem"),
        "--tls-key".to_owned(),
        file("key.pem"),
    ]
}

/// A TLS session that is yet to begin, of a client that trusts this certificate alone.
pub(crate) fn client(trusted: &CertificateDer<'static>) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("pagebell.test").unwrap();
    ClientConnection::new(Arc::new(configuration), name).unwrap()
}

/// Asks over TLS, trusting this certificate alone.
pub(crate) fn ask(
    server: &Server,
    trusted: &CertificateDer<'static>,
    path: &str,
) -> std::io::Result<Reply> {
    let stream = TcpStream::connect(server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut stream = StreamOwned::new(client(trusted), stream);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: pagebell.test\r\n\r\n")?;
    read_reply(&mut BufReader::new(stream))
}

#[test]
fn a_new_certificate_is_used_without_a_restart() {
    let place = Place::new();
    let first = new_certificate(&place);
    let file = |name: &str| place.path().join(name).display().to_string();
    let (certificate, key) = (file("certificate.pem"), file("key.pem"));
    let mut server = place.serve(&[
        "--dev",
        "--tls-certificate",
        &certificate,
        "--tls-key",
        &key,
    ]);
    let token = server.token();
    assert!(server.line().contains("https://"), "the curl line uses TLS");
    let path = format!("/1234567890/messenger_call_settings?access_token={token}");
    assert_eq!(ask(&server, &first, &path).unwrap().status, 200);

    let second = new_certificate(&place);
    let used = retry(Duration::from_secs(10), || {
        ask(&server, &second, &path).is_ok()
    });
    assert!(used, "the new certificate is not used");
    assert!(ask(&server, &first, &path).is_err(), "the old one still is");

    fs::write(&certificate, "broken").unwrap();
    retry(Duration::from_secs(3), || false);
    assert!(
        ask(&server, &second, &path).is_ok(),
        "a broken file must change nothing"
    );
}

#[test]
fn plain_http_is_not_answered_and_the_server_lives_on() {
    let place = Place::new();
    let trusted = new_certificate(&place);
    let file = |name: &str| place.path().join(name).display().to_string();
    let server = place.serve(&[
        "--tls-certificate",
        &file("certificate.pem"),
        "--tls-key",
        &file("key.pem"),
    ]);
    let mut connection = server.connect();
    assert!(connection.ask("GET", "/healthz", "", "").is_err());
    assert_eq!(ask(&server, &trusted, "/healthz").unwrap().status, 200);
}

#[test]
fn an_encrypted_key_is_called_encrypted() {
    let place = Place::new();
    new_certificate(&place);
    let key = place.path().join("key.pem");
    for text in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n\
         MIIB\n-----END RSA PRIVATE KEY-----\n",
    ] {
        fs::write(&key, text).unwrap();
        let output = pagebell()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--store", &place.store(), "--tls-certificate"])
            .arg(place.path().join("certificate.pem"))
            .arg("--tls-key")
            .arg(&key)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            errors.contains("the key is encrypted") && errors.contains("openssl pkey"),
            "{errors}"
        );
    }
}
