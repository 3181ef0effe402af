//! TLS with rustls.
//!
//! The authorities are those of the system (rustls-native-certs) and not a list that is compiled
//! in: what an administrator trusts, or no longer trusts, holds without a new build.

#[cfg(not(feature = "tls"))]
mod imp {
    use std::io;

    use futures::io::{AsyncRead, AsyncWrite};
    use redmux_transport::{ByteStream, TlsOptions};

    pub(crate) async fn put_on<S>(_: S, _: &TlsOptions, _: &str) -> io::Result<Box<dyn ByteStream>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let message = "this program was built without the feature `tls`";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }
}

#[cfg(feature = "tls")]
mod imp {
    use std::{io, sync::Arc};

    use futures::io::{AsyncRead, AsyncWrite};
    use futures_rustls::{
        TlsConnector,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
        rustls::{
            CipherSuite, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
            SignatureScheme, SupportedProtocolVersion,
            client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
            crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
            version::{TLS12, TLS13},
        },
    };
    use redmux_transport::{ByteStream, Pem, TlsOptions, TlsVersions};

    use crate::tls_words::{InWords, handshake_in_words, hint};

    /// Sets up TLS on a stream; the server's certificate must be for `host`.
    pub(crate) async fn put_on<S>(
        stream: S,
        options: &TlsOptions,
        host: &str,
    ) -> io::Result<Box<dyn ByteStream>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let host = options.host.as_deref().unwrap_or(host).to_owned();
        let name = ServerName::try_from(host)
            .map_err(|_| invalid("the host is neither a DNS name nor an address".to_owned()))?;
        let config = prepare(options.clone()).await?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        Ok(Box::new(InWords(stream.map_err(handshake_in_words)?)))
    }

    /// Reads the files on a thread of its own: they must not hold up the executor.
    #[cfg(not(target_family = "wasm"))]
    async fn prepare(options: TlsOptions) -> io::Result<ClientConfig> {
        let (done, prepared) = futures::channel::oneshot::channel();
        std::thread::Builder::new().name("redmux-tls".to_owned()).spawn(move || {
            // If the dial was given up, the receiver is gone.
            let _ = done.send(config(&options));
        })?;
        prepared.await.map_err(io::Error::other)?
    }

    /// There is one thread only.
    #[cfg(target_family = "wasm")]
    async fn prepare(options: TlsOptions) -> io::Result<ClientConfig> {
        config(&options)
    }

    fn is_chacha20(suite: CipherSuite) -> bool {
        matches!(
            suite,
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
        )
    }

    /// The algorithms of ring.
    fn provider() -> CryptoProvider {
        let mut provider = ring::default_provider();
        if cfg!(target_family = "wasm") {
            // AES has no instructions there: ChaCha20 is up to four times as fast.
            provider.cipher_suites.sort_by_key(|suite| !is_chacha20(suite.suite()));
        }
        provider
    }

    fn config(options: &TlsOptions) -> io::Result<ClientConfig> {
        let provider = Arc::new(provider());
        let versions: &[&SupportedProtocolVersion] = match options.versions {
            TlsVersions::Tls12 => &[&TLS12],
            TlsVersions::Tls13 => &[&TLS13],
            _ => &[&TLS13, &TLS12],
        };
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .map_err(io::Error::other)?;
        let builder = if options.verify {
            builder.with_root_certificates(authorities(options)?)
        } else {
            let anybody = Arc::new(Anybody(provider));
            builder.dangerous().with_custom_certificate_verifier(anybody)
        };
        let (Some(certificate), Some(key)) = (&options.certificate, &options.key) else {
            return Ok(builder.with_no_client_auth());
        };
        let chain = certificates(certificate, "sslCert")?;
        let key = PrivateKeyDer::from_pem_slice(&bytes(key, "sslKey")?)
            .map_err(|_| invalid("sslKey: there is no private key in PEM".to_owned()))?;
        builder.with_client_auth_cert(chain, key).map_err(|error| match hint(&error) {
            Some(hint) => invalid(format!("sslCert and sslKey: {hint}")),
            None => invalid(format!("sslCert and sslKey: {error}")),
        })
    }

    fn authorities(options: &TlsOptions) -> io::Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        if let Some(ca) = &options.ca {
            for certificate in certificates(ca, "sslCa")? {
                roots.add(certificate).map_err(|error| invalid(format!("sslCa: {error}")))?;
            }
            return Ok(roots);
        }
        let why = trust_system(&mut roots);
        if roots.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("this system trusts no certificate authority (give one with sslCa){why}"),
            ));
        }
        Ok(roots)
    }

    /// Returns what went wrong, if the system has said so.
    #[cfg(not(target_os = "wasi"))]
    fn trust_system(roots: &mut RootCertStore) -> String {
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        system.errors.first().map(|error| format!(": {error}")).unwrap_or_default()
    }

    #[cfg(target_os = "wasi")]
    fn trust_system(_: &mut RootCertStore) -> String {
        ": a WASI component has no store of certificates".to_owned()
    }

    fn certificates(pem: &Pem, option: &str) -> io::Result<Vec<CertificateDer<'static>>> {
        let bytes = bytes(pem, option)?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        match found {
            Ok(found) if !found.is_empty() => Ok(found),
            _ => Err(invalid(format!("{option}: there is no certificate in PEM"))),
        }
    }

    fn bytes(pem: &Pem, option: &str) -> io::Result<Vec<u8>> {
        match pem {
            Pem::Text(text) => Ok(text.as_bytes().to_vec()),
            Pem::File(path) => std::fs::read(&**path).map_err(|error| {
                io::Error::new(error.kind(), format!("{option}: {path}: {error}"))
            }),
        }
    }

    fn invalid(message: String) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, message)
    }

    /// Accepts any certificate, as long as the server holds its key.
    #[derive(Debug)]
    struct Anybody(Arc<CryptoProvider>);

    impl ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(
                message,
                certificate,
                signed,
                &self.0.signature_verification_algorithms,
            )
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(
                message,
                certificate,
                signed,
                &self.0.signature_verification_algorithms,
            )
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}

pub(crate) use imp::put_on;
