//! JSON Web Tokens.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header,
    errors::ErrorKind,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::{Denied, ring_provider};
use crate::log::event;

/// Whoever signs tokens that are accepted
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    pub(crate) leeway: Duration,
    pub(crate) keys: Keys,
    pub(crate) role: Role,
    pub(crate) subject_claim: String,
}

/// What signatures are verified with
pub(crate) enum Keys {
    One(Box<DecodingKey>),
    File(JwksFile),
}

/// Which principal a token stands for
#[derive(Debug, Clone)]
pub(crate) enum Role {
    Fixed(String),
    /// The one that this claim names.
    Claim(String),
}

/// Keys that cannot be used; the text says why
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct IssuerError(String);

/// What a good token says
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) principal: String,
    pub(super) subject: Option<String>,
    pub(super) expires: SystemTime,
}

/// Why a token is no good
#[derive(Debug)]
pub(super) enum Unverified {
    /// It may be another issuer's.
    OtherAlgorithm,
    Because(Denied),
}

/// Longer ones are not even looked at.
const MAX_TOKEN: usize = 8 << 10;
/// How often a file of keys is looked at, at most.
const LOOK_EVERY: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 5000 });
/// No shorter secret is safe with HMAC-SHA-256.
const MIN_SECRET: usize = 32;

pub(super) fn looks_like_one(text: &str) -> bool {
    text.len() <= MAX_TOKEN && text.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl Issuer {
    pub(super) fn verify(&self, token: &str) -> Result<Claims, Unverified> {
        ring_provider::install();
        let because = |text| Unverified::Because(Denied(text));
        let header = decode_header(token).map_err(|_| because("the token is malformed"))?;
        if !self.algorithms.contains(&header.alg) {
            return Err(Unverified::OtherAlgorithm);
        }
        let key = self
            .keys
            .find(header.alg, header.kid.as_deref())
            .ok_or_else(|| because("the token's key is unknown"))?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&self.audience);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        validation.leeway = self.leeway.as_secs();
        let claims = decode::<Map<String, Value>>(token, &key, &validation)
            .map_err(|error| because(reason_of(error.kind())))?
            .claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let principal = match &self.role {
            Role::Fixed(name) => name.clone(),
            Role::Claim(claim) => text(claim)
                .ok_or_else(|| because("the claim that names the principal is missing"))?,
        };
        let expires = claims
            .get("exp")
            .and_then(Value::as_f64)
            .filter(|seconds| (0.0..1e11).contains(seconds))
            .ok_or_else(|| because("the token's time of expiry is malformed"))?;
        Ok(Claims {
            principal,
            subject: text(&self.subject_claim),
            expires: SystemTime::UNIX_EPOCH + Duration::from_secs_f64(expires) + self.leeway,
        })
    }
}

fn reason_of(error: &ErrorKind) -> &'static str {
    match error {
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidIssuer => "the token is another issuer's",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks exp, iss or aud",
        _ => "the token is malformed",
    }
}

impl Keys {
    /// A shared secret, for HS256 to HS512.
    pub(crate) fn secret(bytes: &[u8]) -> Result<Self, IssuerError> {
        let secret = bytes.trim_ascii();
        if secret.len() < MIN_SECRET {
            return Err(IssuerError(format!("a secret must have {MIN_SECRET} bytes or more")));
        }
        Ok(Self::One(Box::new(DecodingKey::from_secret(secret))))
    }

    /// A public key in PEM.
    pub(crate) fn public(pem: &[u8], algorithms: &[Algorithm]) -> Result<Self, IssuerError> {
        let key = match algorithms.first().map(|algorithm| algorithm.family()) {
            Some(AlgorithmFamily::Rsa) => DecodingKey::from_rsa_pem(pem),
            Some(AlgorithmFamily::Ec) => DecodingKey::from_ec_pem(pem),
            Some(AlgorithmFamily::Ed) => DecodingKey::from_ed_pem(pem),
            _ => return Err(IssuerError("HS algorithms have a secret, no public key".to_owned())),
        };
        let wrong = |_| IssuerError("there is no public key of this kind in PEM".to_owned());
        Ok(Self::One(Box::new(key.map_err(wrong)?)))
    }

    /// A file of keys, read again when it changes.
    pub(crate) fn file(path: &Path) -> Result<Self, IssuerError> {
        let (keys, changed) = read(path)?;
        let loaded = Loaded { keys: Arc::new(keys), changed, looked: Instant::now() };
        Ok(Self::File(JwksFile { path: path.to_owned(), loaded: Mutex::new(loaded) }))
    }

    fn find(&self, algorithm: Algorithm, kid: Option<&str>) -> Option<DecodingKey> {
        match self {
            Self::One(key) => (key.family() == algorithm.family()).then(|| (**key).clone()),
            Self::File(file) => {
                let keys = file.keys();
                let mut fitting = keys.keys.iter().filter(|key| {
                    fits(key, algorithm) && (kid.is_none() || kid == key.common.key_id.as_deref())
                });
                let key = fitting.next()?;
                // Without a name it must be clear which one is meant.
                if fitting.next().is_some() {
                    return None;
                }
                let key = DecodingKey::from_jwk(key).ok()?;
                (key.family() == algorithm.family()).then_some(key)
            }
        }
    }
}

fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let signs = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
    let named = key.common.key_algorithm.as_ref().is_none_or(|named| {
        named.to_string().parse::<Algorithm>().is_ok_and(|named| named == algorithm)
    });
    let family = DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == algorithm.family());
    signs && named && family
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(_) => f.write_str("One(…)"),
            Self::File(file) => write!(f, "File({:?})", file.path),
        }
    }
}

/// A file of keys (JWKS)
pub(crate) struct JwksFile {
    path: PathBuf,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    keys: Arc<JwkSet>,
    changed: Option<SystemTime>,
    looked: Instant,
}

impl JwksFile {
    /// The keys as of a few seconds ago; those from before, if the file is broken now.
    fn keys(&self) -> Arc<JwkSet> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.looked.elapsed() >= LOOK_EVERY {
            loaded.looked = Instant::now();
            let changed = fs::metadata(&self.path).and_then(|file| file.modified()).ok();
            if changed != loaded.changed {
                match read(&self.path) {
                    Ok((keys, changed)) => {
                        event("jwks-read", format_args!("keys={}", keys.keys.len()));
                        (loaded.keys, loaded.changed) = (Arc::new(keys), changed);
                    }
                    Err(error) => {
                        event("jwks-failed", format_args!("error={:?}", error.to_string()));
                    }
                }
            }
        }
        loaded.keys.clone()
    }
}

fn read(path: &Path) -> Result<(JwkSet, Option<SystemTime>), IssuerError> {
    let failed = |what: String| IssuerError(format!("{}: {what}", path.display()));
    let changed = fs::metadata(path).and_then(|file| file.modified()).ok();
    let text = fs::read(path).map_err(|error| failed(error.to_string()))?;
    let keys: JwkSet = serde_json::from_slice(&text)
        .map_err(|error| failed(format!("no JWKS (line {})", error.line())))?;
    if !keys.keys.iter().any(|key| DecodingKey::from_jwk(key).is_ok()) {
        return Err(failed("there is no key in it that can be used".to_owned()));
    }
    Ok((keys, changed))
}
