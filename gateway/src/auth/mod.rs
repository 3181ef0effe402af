//! Authentication: which principal a client is, and what that principal may do.

mod certificates;
mod denied;
mod jwt;
mod ring_provider;
mod tokens;
mod validity;

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

pub(crate) use certificates::CertificateId;
pub(crate) use denied::Denied;
pub(crate) use jwt::{Issuer, Keys, Role};
pub(crate) use tokens::sha256;
pub use tokens::{TokenError, TokenHash, new_token};
pub(crate) use validity::validity;

use crate::{
    http::RequestHead,
    policy::{Policy, Rules},
    upstream::{Login, Upstream},
};

/// A program or a group of people that may connect
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) policy: Policy,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) login: Option<Login>,
}

/// The principals that may connect, and the credentials that prove them
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    pub(crate) principals: BTreeMap<String, Arc<Principal>>,
    /// The principal of clients without a credential.
    pub(crate) anonymous: Option<String>,
    pub(crate) tokens: Vec<(TokenHash, String)>,
    pub(crate) certificates: Vec<(CertificateId, String)>,
    pub(crate) issuers: Vec<Arc<Issuer>>,
    /// A hash of the authorities that client certificates are verified with.
    pub(crate) authorities: Option<[u8; 32]>,
    /// Accepts a WebSocket that is refused, and closes it with 4401 or 4429: a page cannot see the
    /// status of a refused upgrade.
    pub(crate) refuse_by_closing: bool,
    /// Distinguishes grants of this configuration from those of others.
    pub(crate) stamp: Arc<()>,
}

/// The credential that a client showed
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    Anonymous,
    Token(TokenHash),
    Jwt {
        /// The issuer's name in the configuration.
        issuer: String,
        token: Secret,
        /// The number of the reading of the issuer's keys that verified the token.
        keys: u64,
    },
    Certificate {
        id: CertificateId,
        /// The hash of the authorities that verified the certificate.
        authorities: Option<[u8; 32]>,
    },
}

/// A text that `Debug` does not show
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Arc<str>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Credential {
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Token(_) => "token",
            Self::Jwt { .. } => "jwt",
            Self::Certificate { .. } => "certificate",
        }
    }
}

/// What a client may do for now
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) principal: Arc<Principal>,
    /// The subject of a JWT.
    pub(crate) subject: Option<String>,
    /// The rules of the principal, with the subject's name filled in.
    pub(crate) rules: Rules,
    pub(crate) credential: Credential,
    pub(crate) expires: Option<SystemTime>,
    stamp: Arc<()>,
}

/// Why a client cannot keep its session
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The credential is no longer accepted.
    Withdrawn(&'static str),
    /// The client has to connect and show its credential again.
    Changed,
}

impl Grant {
    /// Returns the name that limits go by: the principal's, with the subject's if there is one.
    pub(crate) fn key(&self) -> String {
        match &self.subject {
            None => self.principal.name.clone(),
            Some(subject) => format!("{}/{subject}", self.principal.name),
        }
    }
}

/// The credential that a request carries
#[derive(Debug)]
pub(crate) enum Shown {
    /// A JWT or a token.
    Secret(String),
    /// The client's certificate, in DER.
    Certificate(Vec<u8>),
    Nothing,
}

/// The prefix of the subprotocol that carries a credential.
const AUTH_PROTOCOL: &str = "auth.";

/// Returns the credential that a request carries.
///
/// # Errors
/// There is more than one credential, or one that cannot be read.
pub(crate) fn shown(head: &RequestHead, certificate: Option<Vec<u8>>) -> Result<Shown, Denied> {
    let mut secrets = head.protocols.iter().filter_map(|offer| offer.strip_prefix(AUTH_PROTOCOL));
    let secret = match (secrets.next(), secrets.next(), &head.authorization) {
        (Some(encoded), None, None) => {
            let bytes = URL_SAFE_NO_PAD
                .decode(encoded)
                .map_err(|_| Denied("the subprotocol auth.… is not base64url without padding"))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| Denied("the subprotocol auth.… holds no text"))?;
            Some(text)
        }
        (None, None, Some(header)) => {
            let (scheme, secret) = header.split_once(' ').unwrap_or((header, ""));
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(Denied("the Authorization is not of the kind Bearer"));
            }
            Some(secret.trim().to_owned())
        }
        (None, None, None) => None,
        _ => return Err(Denied("there is more than one credential")),
    };
    Ok(match (secret, certificate) {
        (Some(secret), _) => Shown::Secret(secret),
        (None, Some(certificate)) => Shown::Certificate(certificate),
        (None, None) => Shown::Nothing,
    })
}

impl Access {
    /// Grants access for a JWT or a token.
    pub(crate) fn by_secret(&self, secret: &str) -> Result<Grant, Denied> {
        if let Some((hash, name)) = tokens::find(&self.tokens, secret) {
            return self.grant(name, Credential::Token(*hash), None, None);
        }
        if !jwt::looks_like_one(secret) || self.issuers.is_empty() {
            return Err(Denied("the token is unknown"));
        }
        let mut why = Denied("no issuer accepts this algorithm");
        for issuer in &self.issuers {
            // Taken before the check: keys that change meanwhile lead to another check.
            let keys = issuer.keys.number();
            match issuer.verify(secret) {
                Ok(claims) => {
                    let token = Secret(secret.into());
                    let credential = Credential::Jwt { issuer: issuer.name.clone(), token, keys };
                    let expires = Some(claims.expires);
                    return self.grant(&claims.principal, credential, claims.subject, expires);
                }
                Err(jwt::Unverified::OtherAlgorithm) => {}
                Err(jwt::Unverified::Because(denied)) => why = denied,
            }
        }
        Err(why)
    }

    /// Grants access for a certificate that an authority of the listener has signed.
    pub(crate) fn by_certificate(&self, der: &[u8]) -> Result<Grant, Denied> {
        let known = certificates::ids(der);
        let (id, name) = self
            .certificates
            .iter()
            .find(|(id, _)| known.contains(id))
            .ok_or(Denied("the certificate belongs to no principal"))?;
        let (_, end) = validity(der).ok_or(Denied("the certificate's end cannot be read"))?;
        let credential = Credential::Certificate { id: id.clone(), authorities: self.authorities };
        self.grant(name, credential, None, Some(end))
    }

    /// Grants access without a credential, if that is configured.
    pub(crate) fn by_nothing(&self) -> Option<Grant> {
        let name = self.anonymous.as_deref()?;
        self.grant(name, Credential::Anonymous, None, None).ok()
    }

    /// Checks a grant against this configuration, which may be newer. Returns the new grant, or
    /// `None` if nothing has changed.
    ///
    /// # Errors
    /// The client cannot keep its session.
    pub(crate) fn renew(&self, grant: &Grant) -> Result<Option<Grant>, Lost> {
        if Arc::ptr_eq(&grant.stamp, &self.stamp) && !self.has_other_keys(&grant.credential) {
            return Ok(None);
        }
        let name = &grant.principal.name;
        let renewed = match &grant.credential {
            // Verified again: the key, the issuer or its principals may have changed.
            Credential::Jwt { token, .. } => self.by_secret(&token.0),
            credential => {
                let still = match credential {
                    Credential::Token(hash) => {
                        self.tokens.iter().any(|(h, n)| h == hash && n == name)
                    }
                    Credential::Certificate { id, .. } => {
                        self.certificates.iter().any(|(i, n)| i == id && n == name)
                    }
                    _ => self.anonymous.as_ref() == Some(name),
                };
                match still {
                    false => Err(Denied("the credential was withdrawn")),
                    true => self.grant(name, credential.clone(), None, grant.expires),
                }
            }
        };
        let renewed = renewed.map_err(|Denied(why)| Lost::Withdrawn(why))?;
        let other_authorities = matches!(&renewed.credential,
            Credential::Certificate { authorities, .. } if *authorities != self.authorities);
        if renewed.key() != grant.key() || other_authorities {
            return Err(Lost::Changed);
        }
        Ok(Some(renewed))
    }

    /// Returns whether the keys of a JWT's issuer were read again since the token was verified.
    fn has_other_keys(&self, credential: &Credential) -> bool {
        let Credential::Jwt { issuer, keys, .. } = credential else { return false };
        self.issuers.iter().any(|i| i.name == *issuer && i.keys.number() != *keys)
    }

    fn grant(
        &self,
        name: &str,
        credential: Credential,
        subject: Option<String>,
        expires: Option<SystemTime>,
    ) -> Result<Grant, Denied> {
        let principal =
            self.principals.get(name).ok_or(Denied("there is no such principal"))?.clone();
        let mut rules = principal.policy.rules.clone();
        if rules.wants_issuer() {
            let Credential::Jwt { issuer, .. } = &credential else {
                return Err(Denied("the policy needs an issuer, and the credential has none"));
            };
            rules = rules.of_issuer(issuer).ok_or(Denied("the issuer's name is no plain name"))?;
        }
        let rules = match (&subject, rules.wants_subject()) {
            (_, false) => rules,
            (Some(subject), true) => {
                rules.of_subject(subject).ok_or(Denied("the subject is no plain name"))?
            }
            (None, true) => {
                return Err(Denied("the policy needs a subject, and the credential has none"));
            }
        };
        let stamp = self.stamp.clone();
        Ok(Grant { principal, subject, rules, credential, expires, stamp })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
