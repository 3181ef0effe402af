//! TLS towards clients.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_rustls::{
    TlsAcceptor,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    rustls::{
        ClientConfig, Error, RootCertStore, ServerConfig, crypto::ring,
        server::WebPkiClientVerifier,
    },
};

use crate::files::named;

/// The listener's certificate, and the authorities of clients' certificates
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListenTls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// The authorities of clients' certificates.
    pub(crate) client_ca: Option<PathBuf>,
    /// Whether a client must show a certificate.
    pub(crate) client_required: bool,
}

impl ListenTls {
    /// Reads the files.
    ///
    /// # Errors
    /// The text names the file and says what is wrong with it.
    pub(crate) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|error| invalid(path, error))?;
                }
                let mut verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                if !self.client_required {
                    verifier = verifier.allow_unauthenticated();
                }
                let verifier = verifier.build().map_err(|error| invalid(path, error))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = private_key(&self.key)?;
        let mut config = builder
            .with_single_cert(certificates(&self.certificate)?, key)
            .map_err(|error| mismatch(&self.certificate, &self.key, &error))?;
        // A WebSocket is HTTP/1.1.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Checks the files that a connection to a server needs.
///
/// # Errors
/// The text names the file and says what is wrong with it.
pub(crate) fn check_towards_server(
    ca: Option<&Path>,
    own: Option<(&Path, &Path)>,
) -> io::Result<()> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| invalid(path, error))?;
        }
    }
    let Some((certificate, key)) = own else { return Ok(()) };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots);
    let made = builder.with_client_auth_cert(certificates(certificate)?, private_key(key)?);
    made.map(drop).map_err(|error| mismatch(certificate, key, &error))
}

fn private_key(path: &Path) -> io::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(&read(path)?)
        .map_err(|_| invalid(path, "there is no private key in PEM"))
}

fn mismatch(certificate: &Path, key: &Path, error: &Error) -> io::Error {
    match error {
        Error::InconsistentKeys(_) => {
            invalid(key, format!("it is not the key of {}", certificate.display()))
        }
        _ => invalid(certificate, error),
    }
}

pub(crate) fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    match CertificateDer::pem_slice_iter(&read(path)?).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(invalid(path, "there is no certificate in PEM")),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|error| named(path, &error))
}

fn invalid(path: &Path, what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{}: {what}", path.display()))
}
