//! Encrypted connections.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connections to servers whose certificate one of the file signed. The error says what is wrong
/// with the file.
pub(crate) fn connector(authorities: &Path) -> Result<MakeRustlsConnect, String> {
    let wrong = |reason: String| format!("sslrootcert {}: {reason}", authorities.display());
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(authorities)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(error.to_string()))?;
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// What to do about a certificate that was refused for a reason, where the reason does not say it.
pub(crate) fn advice(reason: &str) -> &'static str {
    if reason.contains("CaUsedAsEndEntity") {
        "; the server's own certificate is one of an authority, as openssl req -x509 makes it: make \
         one with -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:HOST and \
         name it as sslrootcert, or have it signed by an authority"
    } else {
        ""
    }
}
