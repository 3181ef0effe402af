//! Who a client is, and what that allows.

mod certificates;
mod jwt;
mod ring_provider;
mod tokens;

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

pub(crate) use certificates::CertificateId;
pub(crate) use jwt::{Issuer, Keys, Role};
pub use tokens::{TokenError, TokenHash, new_token};

use crate::{
    http::RequestHead,
    policy::{Policy, Rules},
    upstream::Upstream,
};

/// A program or a group of people that may connect
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) policy: Policy,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) login: Option<Login>,
}

/// How the gateway logs in to Redis for a principal
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Who may connect, and how they prove who they are
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    pub(crate) principals: BTreeMap<String, Arc<Principal>>,
    /// Whoever shows no credential.
    pub(crate) anonymous: Option<String>,
    pub(crate) tokens: Vec<(TokenHash, String)>,
    pub(crate) certificates: Vec<(CertificateId, String)>,
    pub(crate) issuers: Vec<Arc<Issuer>>,
    /// Tells pages why they are refused, by accepting and closing with 4401 or 4429.
    pub(crate) refuse_by_closing: bool,
}

/// What a client showed
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    Anonymous,
    Token(TokenHash),
    Jwt { issuer: String },
    Certificate(CertificateId),
}

impl Credential {
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Token(_) => "token",
            Self::Jwt { .. } => "jwt",
            Self::Certificate(_) => "certificate",
        }
    }
}

/// What a client may do for now
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) principal: Arc<Principal>,
    /// Whom a JWT is about.
    pub(crate) subject: Option<String>,
    /// Those of the principal, made out to the subject.
    pub(crate) rules: Rules,
    pub(crate) credential: Credential,
    pub(crate) expires: Option<SystemTime>,
}

impl Grant {
    /// The principal, or the subject as which it came.
    pub(crate) fn key(&self) -> String {
        match &self.subject {
            None => self.principal.name.clone(),
            Some(subject) => format!("{}/{subject}", self.principal.name),
        }
    }
}

/// A credential that is not accepted; the text is for logs, clients are not told
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denied(pub(crate) &'static str);

/// How a request may carry a credential
#[derive(Debug)]
pub(crate) enum Shown {
    /// A JWT or a token.
    Secret(String),
    /// The client's certificate, in DER.
    Certificate(Vec<u8>),
    Nothing,
}

/// The subprotocol that carries a credential begins with this.
const AUTH_PROTOCOL: &str = "auth.";

/// What a request shows.
///
/// # Errors
/// It shows more than one thing, or something that cannot be read.
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
    /// Whom a JWT or a token stands for.
    pub(crate) fn by_secret(&self, secret: &str) -> Result<Grant, Denied> {
        if let Some((hash, name)) = tokens::find(&self.tokens, secret) {
            return self.grant(name, Credential::Token(*hash), None, None);
        }
        if !jwt::looks_like_one(secret) || self.issuers.is_empty() {
            return Err(Denied("the token is unknown"));
        }
        let mut why = Denied("no issuer takes this algorithm");
        for issuer in &self.issuers {
            match issuer.verify(secret) {
                Ok(claims) => {
                    let credential = Credential::Jwt { issuer: issuer.name.clone() };
                    let expires = Some(claims.expires);
                    return self.grant(&claims.principal, credential, claims.subject, expires);
                }
                Err(jwt::Unverified::OtherAlgorithm) => {}
                Err(jwt::Unverified::Because(denied)) => why = denied,
            }
        }
        Err(why)
    }

    /// Whom a certificate stands for that the authorities of the listener vouch for.
    pub(crate) fn by_certificate(&self, der: &[u8]) -> Result<Grant, Denied> {
        let known = certificates::ids(der);
        let (id, name) = self
            .certificates
            .iter()
            .find(|(id, _)| known.contains(id))
            .ok_or(Denied("the certificate is no principal's"))?;
        self.grant(name, Credential::Certificate(id.clone()), None, None)
    }

    /// Whoever shows nothing, if that is enough.
    pub(crate) fn by_nothing(&self) -> Option<Grant> {
        let name = self.anonymous.as_deref()?;
        self.grant(name, Credential::Anonymous, None, None).ok()
    }

    /// What a grant is worth under this configuration, which may be newer.
    pub(crate) fn renew(&self, grant: &Grant) -> Result<Grant, Denied> {
        let name = &grant.principal.name;
        let still = match &grant.credential {
            Credential::Anonymous => self.anonymous.as_ref() == Some(name),
            Credential::Token(hash) => self.tokens.iter().any(|(h, n)| h == hash && n == name),
            Credential::Certificate(id) => {
                self.certificates.iter().any(|(i, n)| i == id && n == name)
            }
            Credential::Jwt { issuer } => self.issuers.iter().any(|i| i.name == *issuer),
        };
        if !still {
            return Err(Denied("the credential was withdrawn"));
        }
        self.grant(name, grant.credential.clone(), grant.subject.clone(), grant.expires)
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
        let rules = &principal.policy.rules;
        let rules = match (&subject, rules.wants_subject()) {
            (_, false) => rules.clone(),
            (Some(subject), true) => {
                rules.of_subject(subject).ok_or(Denied("the subject is no plain name"))?
            }
            (None, true) => return Err(Denied("the policy needs a subject, there is none")),
        };
        Ok(Grant { principal, subject, rules, credential, expires })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
