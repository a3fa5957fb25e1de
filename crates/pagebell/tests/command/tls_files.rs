//! Certificates and keys that are renewed, expired or open to others.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::CertificateDer;

use crate::process::{Place, Server};
use crate::start_and_stop::retry;
use crate::tls::{ask, new_certificate, options};

const USED_WITHIN: Duration = Duration::from_secs(20);

fn serve(place: &Place) -> Server {
    let arguments = options(place);
    place.serve(&arguments.each_ref().map(String::as_str))
}

fn is_used(server: &Server, certificate: &CertificateDer<'static>) -> bool {
    retry(USED_WITHIN, || ask(server, certificate, "/healthz").is_ok())
}

/// Writes a certificate that has expired, with its key.
fn expired_certificate(place: &Place) {
    let mut parameters = CertificateParams::new(vec!["pagebell.test".to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(2019, 1, 1);
    parameters.not_after = date_time_ymd(2020, 2, 29);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    fs::write(place.path().join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(place.path().join("certificate.pem"), certificate.pem()).unwrap();
}

fn give_key(place: &Place, mode: u32) {
    fs::set_permissions(place.path().join("key.pem"), Permissions::from_mode(mode)).unwrap();
}

fn stop(server: Server) -> String {
    server.signal("TERM");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0), "{log}");
    log
}

#[test]
fn a_renewed_pair_with_the_old_times_is_noticed() {
    let place = Place::new();
    let first = new_certificate(&place);
    let files = ["certificate.pem", "key.pem"].map(|name| place.path().join(name));
    let times = files
        .each_ref()
        .map(|file| fs::metadata(file).unwrap().modified().unwrap());
    let server = serve(&place);
    assert!(is_used(&server, &first));
    let second = new_certificate(&place);
    for (file, time) in files.iter().zip(times) {
        let file = File::options().write(true).open(file).unwrap();
        file.set_modified(time).unwrap();
    }
    assert!(is_used(&server, &second), "the renewed pair is not used");
}

#[test]
fn a_hangup_has_certificate_and_key_read_again() {
    let place = Place::new();
    let certificate = new_certificate(&place);
    give_key(&place, 0o600);
    let server = serve(&place);
    for _ in 0..3 {
        server.signal("HUP");
        assert!(is_used(&server, &certificate), "SIGHUP ends nothing");
    }
    expired_certificate(&place);
    give_key(&place, 0o644);
    server.signal("HUP");
    assert!(
        retry(USED_WITHIN, || ask(&server, &certificate, "/healthz")
            .is_err()),
        "the other pair is used"
    );
    let log = stop(server);
    assert!(
        log.contains("SIGHUP: reading certificate and key again"),
        "{log}"
    );
    assert!(log.contains("certificate and key were read again"), "{log}");
    assert!(log.contains("a certificate has expired"), "{log}");
    assert!(log.contains("2020-02-29T00:00:00Z"), "{log}");
    assert!(log.contains("other users may read the key"), "{log}");
}

#[test]
fn what_is_wrong_with_a_pair_is_said_at_the_start() {
    let place = Place::new();
    expired_certificate(&place);
    for (mode, is_open) in [(0o600, false), (0o640, false), (0o644, true), (0o666, true)] {
        give_key(&place, mode);
        let log = stop(serve(&place));
        assert!(log.contains("a certificate has expired"), "{log}");
        assert_eq!(
            log.contains("other users may read the key"),
            is_open,
            "{mode:o}: {log}"
        );
    }
    new_certificate(&place);
    give_key(&place, 0o600);
    let log = stop(serve(&place));
    assert!(!log.contains("WARN"), "{log}");
}
