//! TLS by a certificate and a key in files, which are read again when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How often the files are looked at.
const WATCH_EVERY: Duration = Duration::from_secs(2);

/// Where certificate and key are.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate and the ones above it, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM.
    #[error("the TLS file {file} cannot be read: {reason}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// Certificate and key do not go together.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The present certificate.
#[derive(Debug)]
pub(super) struct Tls {
    files: TlsFiles,
    configuration: ArcSwap<ServerConfig>,
}

type Changed = [Option<SystemTime>; 2];

impl Tls {
    pub(super) fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let configuration = ArcSwap::from(read(&files)?);
        Ok(Arc::new(Self {
            files,
            configuration,
        }))
    }

    /// The configuration for the next connection.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.configuration.load_full()
    }

    /// Reads the files again whenever they change. Files that cannot be used, such as a certificate
    /// whose key has yet to be written, leave the present configuration as it is.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut seen = self.changed();
        let mut every = tokio::time::interval(WATCH_EVERY);
        loop {
            every.tick().await;
            let now = self.changed();
            if now == seen {
                continue;
            }
            match read(&self.files) {
                Ok(configuration) => {
                    seen = now;
                    self.configuration.store(configuration);
                    tracing::info!("certificate and key were read again");
                }
                Err(error) => tracing::warn!(%error, "the changed TLS files are not used"),
            }
        }
    }

    fn changed(&self) -> Changed {
        [&self.files.certificate, &self.files.key]
            .map(|file| std::fs::metadata(file).and_then(|it| it.modified()).ok())
    }
}

/// Whether a key is encrypted, in PKCS #8 or in OpenSSL's former way.
fn is_encrypted(key: &Path) -> bool {
    std::fs::read_to_string(key).is_ok_and(|text| {
        text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || text.contains("Proc-Type: 4,ENCRYPTED")
    })
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |error: rustls::pki_types::pem::Error| TlsError::File {
            file,
            reason: error.to_string(),
        }
    };
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(failed(&files.certificate))?;
    if certificates.is_empty() {
        return Err(TlsError::File {
            file: files.certificate.clone(),
            reason: "there is no certificate in it".to_owned(),
        });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| {
        if !is_encrypted(&files.key) {
            return failed(&files.key)(error);
        }
        TlsError::File {
            file: files.key.clone(),
            reason: "the key is encrypted; decrypt it with `openssl pkey -in KEY -out DECRYPTED`, \
                     readable for the server's user only"
                .to_owned(),
        }
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(configuration))
}
