//! TLS by a certificate and a key in files, which are read again when they change.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::Notify;

use super::certificate_validity::Validity;
use crate::Surroundings;

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

/// The permissions of users that are neither the file's owner nor in its group.
const OTHERS: u32 = 0o007;

/// The present certificate.
#[derive(Debug)]
pub(super) struct Tls {
    files: TlsFiles,
    configuration: ArcSwap<ServerConfig>,
    surroundings: Surroundings,
    reload: Arc<Notify>,
}

/// Has a server read certificate and key again.
#[derive(Clone, Debug)]
pub struct TlsReload(Arc<Notify>);

impl TlsReload {
    /// Reads the files again, soon, whether they have changed or not.
    pub fn request(&self) {
        self.0.notify_one();
    }
}

/// What tells a file from what it was: a copy may keep the time of its content, but it is another
/// file, or the time at which its entry was changed is another one.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    fn of(file: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(file).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// What was read from the files.
struct Pair {
    configuration: Arc<ServerConfig>,
    validities: Vec<Option<Validity>>,
}

impl Tls {
    pub(super) fn load(files: TlsFiles, surroundings: Surroundings) -> Result<Arc<Self>, TlsError> {
        let pair = read(&files)?;
        let tls = Self {
            files,
            configuration: ArcSwap::from(Arc::clone(&pair.configuration)),
            surroundings,
            reload: Arc::default(),
        };
        tls.warn(&pair);
        Ok(Arc::new(tls))
    }

    /// What has the files read again.
    pub(super) fn reload(&self) -> TlsReload {
        TlsReload(Arc::clone(&self.reload))
    }

    /// The configuration for the next connection.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.configuration.load_full()
    }

    /// Reads the files again whenever they change, and when it is asked to. Files that cannot be used, such as a certificate
    /// whose key has yet to be written, leave the present configuration as it is.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut seen = self.identities();
        let mut every = tokio::time::interval(WATCH_EVERY);
        loop {
            let is_asked = tokio::select! {
                () = self.reload.notified() => true,
                _ = every.tick() => false,
            };
            let now = self.identities();
            if now == seen && !is_asked {
                continue;
            }
            match read(&self.files) {
                Ok(pair) => {
                    seen = now;
                    self.warn(&pair);
                    self.configuration.store(pair.configuration);
                    tracing::info!("certificate and key were read again");
                }
                Err(error) => tracing::warn!(%error, "the TLS files are not used as they are now"),
            }
        }
    }

    fn identities(&self) -> [Option<Identity>; 2] {
        [&self.files.certificate, &self.files.key].map(|file| Identity::of(file))
    }

    /// Warns of what is used though it should not be: clients refuse a certificate at the wrong
    /// time, and whoever reads the key can pass for this server.
    fn warn(&self, pair: &Pair) {
        let now = self.surroundings.machine_time();
        let file = self.files.certificate.display();
        for (validity, position) in pair.validities.iter().zip(1..) {
            match validity {
                Some(validity) if validity.not_after < now => tracing::warn!(
                    %file,
                    position,
                    expired = %validity.not_after,
                    "a certificate has expired; clients refuse it until it is renewed"
                ),
                Some(validity) if validity.not_before > now => tracing::warn!(
                    %file,
                    position,
                    valid_from = %validity.not_before,
                    "a certificate is not valid yet; clients refuse it, or the clock is wrong"
                ),
                _ => {}
            }
        }
        let mode = std::fs::metadata(&self.files.key).map_or(0, |metadata| metadata.mode());
        if mode & OTHERS != 0 {
            tracing::warn!(
                file = %self.files.key.display(),
                mode = format!("{:04o}", mode & 0o7777),
                "other users may read the key of the certificate; chmod 600 it"
            );
        }
    }
}

/// Whether a key is encrypted, in PKCS #8 or in OpenSSL's former way.
fn is_encrypted(key: &Path) -> bool {
    std::fs::read_to_string(key).is_ok_and(|text| {
        text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || text.contains("Proc-Type: 4,ENCRYPTED")
    })
}

fn read(files: &TlsFiles) -> Result<Pair, TlsError> {
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
    let validities = certificates
        .iter()
        .map(|certificate| Validity::of_certificate(certificate))
        .collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Pair {
        configuration: Arc::new(configuration),
        validities,
    })
}
