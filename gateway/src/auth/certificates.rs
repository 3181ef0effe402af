//! Principals that prove who they are with a TLS client certificate.

use std::fmt;

use futures_rustls::pki_types::CertificateDer;

use super::tokens::{from_hex, sha256};
use crate::config::values::from_text;

/// What identifies a certificate
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum CertificateId {
    /// A DNS name among the subject's alternative names.
    Dns(String),
    /// A URI among the subject's alternative names, as in SPIFFE.
    Uri(String),
    /// The hash of the whole certificate.
    Sha256([u8; 32]),
}

impl CertificateId {
    fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':').filter(|(_, id)| !id.is_empty())?;
        match kind {
            "dns" => Some(Self::Dns(id.to_ascii_lowercase())),
            "uri" => Some(Self::Uri(id.to_owned())),
            "sha256" => from_hex(&id.replace(':', "")).map(Self::Sha256),
            _ => None,
        }
    }
}

from_text!(CertificateId, "dns:NAME, uri:URI or sha256:HEX", CertificateId::parse);

impl fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
            Self::Sha256(_) => f.write_str("sha256:…"),
        }
    }
}

/// Returns everything that identifies this certificate.
pub(super) fn ids(der: &[u8]) -> Vec<CertificateId> {
    let mut ids = vec![CertificateId::Sha256(sha256(der))];
    let der = CertificateDer::from(der);
    if let Ok(certificate) = webpki::EndEntityCert::try_from(&der) {
        // A name with a wildcard identifies nobody.
        let names = certificate.valid_dns_names().filter(|name| !name.contains('*'));
        ids.extend(names.map(|name| CertificateId::Dns(name.to_ascii_lowercase())));
        ids.extend(certificate.valid_uri_names().map(|uri| CertificateId::Uri(uri.to_owned())));
    }
    ids
}
