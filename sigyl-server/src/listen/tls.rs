//! TLS: one certificate, read again when its files change.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::settings::TlsFiles;

/// The certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or holds something else.
    #[error("could not read the {what} for TLS in {path}")]
    Pem {
        /// What it should hold.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or are of no use for TLS.
    #[error("the certificate and the key for TLS cannot be used")]
    Unusable(#[source] rustls::Error),
    /// A file cannot be looked at.
    #[error("could not look at {path}")]
    Look {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// TLS with what its files held when they were last read.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
    seen: Mutex<[Stamp; 2]>,
}

/// What tells that a file is another one.
type Stamp = (SystemTime, u64);

impl Tls {
    /// Reads certificate and key.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let seen = stamps(&files)?;
        let current = RwLock::new(Arc::new(read(&files)?));
        Ok(Self { files, current, seen: Mutex::new(seen) })
    }

    /// Returns what shakes hands by the certificate of now.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Reads the files again when they changed; tells whether they did. What cannot be used leaves the certificate of
    /// before in place, and is tried again when the files change once more.
    pub(super) fn refresh(&self) -> Result<bool, TlsError> {
        let now = stamps(&self.files)?;
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return Ok(false);
            }
            *seen = now;
        }
        let config = Arc::new(read(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(true)
    }
}

fn stamps(files: &TlsFiles) -> Result<[Stamp; 2], TlsError> {
    let stamp = |path: &Path| {
        let about = std::fs::metadata(path).and_then(|about| Ok((about.modified()?, about.len())));
        about.map_err(|source| TlsError::Look { path: path.to_owned(), source })
    };
    Ok([stamp(&files.certificate)?, stamp(&files.key)?])
}

fn read(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let failed = |what, path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Pem { what, path, source }
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(failed("certificate", &files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(failed("key", &files.key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(TlsError::Unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
