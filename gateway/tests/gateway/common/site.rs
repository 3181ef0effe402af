//! A folder with a configuration and all that it names.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    SanType,
};
use redmux_gateway::{ConfigError, Loaded, load_config};
use redmux_test_support::TempDir;

/// The secret of the tests' JWTs.
pub(crate) const SECRET: &str = "a secret of thirty-two bytes, or more";

/// Certificates, keys and secrets as a configuration names them
pub(crate) struct Site {
    dir: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
    pub(crate) ca_pem: String,
    pub(crate) client_cert_pem: String,
    pub(crate) client_key_pem: String,
    pub(crate) stranger_cert_pem: String,
    pub(crate) stranger_key_pem: String,
}

impl Site {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let authority = authority("tests");
        let server = issue(&authority, &["localhost", "127.0.0.1"], &[]);
        let client = issue(&authority, &["job.internal"], &["spiffe://tests/job"]);
        let stranger = issue(&self::authority("elsewhere"), &["job.internal"], &[]);
        let site = Self {
            ca_pem: authority.pem(),
            client_cert_pem: client.0.clone(),
            client_key_pem: client.1.clone(),
            stranger_cert_pem: stranger.0,
            stranger_key_pem: stranger.1,
            dir,
            authority,
        };
        let jwks = include_str!("../../data/jwks.json");
        let ca = site.ca_pem.clone();
        for (file, text) in [
            ("tls/fullchain.pem", server.0.as_str()),
            ("tls/key.pem", &server.1),
            ("tls/gateway.pem", &client.0),
            ("tls/gateway-key.pem", &client.1),
            ("tls/clients-ca.pem", &ca),
            ("tls/redis-ca.pem", &ca),
            ("secrets/shop-password", "shop-secret\n"),
            ("secrets/jwt", SECRET),
            ("console/index.html", ""),
            ("console/redmux/src/index.js", ""),
            ("console/redmux/pkg/redmux_wasm_bg.wasm", ""),
            ("jwks.json", jwks),
        ] {
            site.write(file, text);
        }
        fs::create_dir_all(site.path("site")).unwrap();
        site
    }

    /// A client's certificate that ends soon, and its key.
    pub(crate) fn short_lived(&self, left: Duration) -> (String, String) {
        issue_until(&self.authority, &["job.internal"], &[], Some(SystemTime::now() + left))
    }

    /// A server's certificate that has ended, and its key.
    pub(crate) fn expired(&self) -> (String, String) {
        issue_until(
            &self.authority,
            &["localhost"],
            &[],
            Some(SystemTime::now() - Duration::from_secs(60)),
        )
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn load(&self, text: &str) -> Result<Loaded, ConfigError> {
        self.write("gateway.toml", text);
        load_config(&self.path("gateway.toml"))
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issue(
    authority: &CertifiedIssuer<'static, KeyPair>,
    names: &[&str],
    uris: &[&str],
) -> (String, String) {
    issue_until(authority, names, uris, None)
}

fn issue_until(
    authority: &CertifiedIssuer<'static, KeyPair>,
    names: &[&str],
    uris: &[&str],
    end: Option<SystemTime>,
) -> (String, String) {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    if let Some(end) = end {
        params.not_after = end.into();
    }
    for uri in uris {
        params.subject_alt_names.push(SanType::URI((*uri).try_into().unwrap()));
    }
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}
