//! Certificates for servers that speak TLS.

use std::{fs, io, sync::OnceLock};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::TempDir;

/// An authority, a certificate of a server for `localhost` and 127.0.0.1, and one of a client
///
/// The files are `ca.pem`, `server.pem`, `server.key`, `client.pem` and `client.key`.
#[derive(Debug)]
pub struct Certificates {
    dir: TempDir,
}

impl Certificates {
    /// Those of this process.
    ///
    /// # Panics
    /// When they cannot be made or stored.
    pub fn get() -> &'static Self {
        static MADE: OnceLock<Certificates> = OnceLock::new();
        MADE.get_or_init(|| {
            Self::make().unwrap_or_else(|e| panic!("cannot make certificates: {e}"))
        })
    }

    fn make() -> io::Result<Self> {
        let dir = TempDir::new()?;
        let save = |name: &str, pem: String| fs::write(dir.path().join(name), pem);
        let mut authority = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
        authority.distinguished_name.push(DnType::CommonName, "an authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        save("ca.pem", authority.self_signed(&key).map_err(io::Error::other)?.pem())?;
        let issuer = Issuer::new(authority, key);
        for (name, hosts) in [("server", ["localhost", "127.0.0.1"]), ("client", ["app", "app2"])] {
            let key = KeyPair::generate().map_err(io::Error::other)?;
            let params = CertificateParams::new(hosts.map(str::to_owned));
            let mut params = params.map_err(io::Error::other)?;
            params.distinguished_name.push(DnType::CommonName, name);
            let certificate = params.signed_by(&key, &issuer).map_err(io::Error::other)?;
            save(&format!("{name}.pem"), certificate.pem())?;
            save(&format!("{name}.key"), key.serialize_pem())?;
        }
        Ok(Self { dir })
    }

    /// The path of one of the files.
    pub fn path(&self, file: &str) -> String {
        self.dir.path().join(file).display().to_string()
    }

    /// The settings of a server with the certificate, which asks clients for none.
    pub fn settings(&self) -> Vec<[String; 2]> {
        let file = |name: &str, file: &str| [name.to_owned(), self.path(file)];
        vec![
            file("tls-ca-cert-file", "ca.pem"),
            file("tls-cert-file", "server.pem"),
            file("tls-key-file", "server.key"),
            ["tls-auth-clients".to_owned(), "no".to_owned()],
        ]
    }
}
