//! JSON Web Tokens.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header,
    errors::ErrorKind,
    jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::{Denied, ring_provider};
use crate::log::event;

/// An issuer whose tokens are accepted
#[derive(Debug)]
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    pub(crate) leeway: Duration,
    /// Tokens that are valid for longer are refused.
    pub(crate) max_lifetime: Option<Duration>,
    /// The `typ` that tokens must have; `None` accepts JWTs and access tokens.
    pub(crate) typ: Option<String>,
    pub(crate) keys: Keys,
    pub(crate) role: Role,
    pub(crate) subject_claim: String,
}

/// The keys that signatures are verified with
pub(crate) enum Keys {
    One(Box<DecodingKey>),
    File(JwksFile),
}

/// How to find the principal of a token
#[derive(Debug, Clone)]
pub(crate) enum Role {
    Fixed(String),
    /// The principal that this claim names, if it is one of these.
    Claim {
        claim: String,
        among: Vec<String>,
    },
}

/// Keys that cannot be used, and why
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct IssuerError(String);

/// What a valid token says
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) principal: String,
    pub(super) subject: Option<String>,
    pub(super) expires: SystemTime,
}

/// Why a token is not valid
#[derive(Debug)]
pub(super) enum Unverified {
    /// Another algorithm than this issuer's: the token may be another issuer's.
    OtherAlgorithm,
    Because(Denied),
}

/// The longest token that is parsed, in bytes.
const MAX_TOKEN: usize = 8 << 10;
/// The shortest time between two looks at a file of keys.
const LOOK_EVERY: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 5000 });
/// The shortest secret that is safe with HMAC-SHA-256, in bytes.
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
        // RFC 7515: a critical header that is not understood makes the token invalid.
        if header.crit.is_some() {
            return Err(because("the token has critical headers, which are not known here"));
        }
        if !self.takes_type(header.typ.as_deref()) {
            return Err(because("the token is of another type"));
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
            Role::Claim { claim, among } => text(claim)
                .ok_or_else(|| because("the claim that names the principal is missing"))
                .and_then(|name| match among.contains(&name) {
                    true => Ok(name),
                    false => Err(because("the issuer may not name this principal")),
                })?,
        };
        let expires = claims
            .get("exp")
            .and_then(Value::as_f64)
            .filter(|seconds| (0.0..1e11).contains(seconds))
            .ok_or_else(|| because("the token's time of expiry is malformed"))?;
        if let Some(most) = self.max_lifetime {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let now = now.as_secs_f64();
            let issued = claims.get("iat").and_then(Value::as_f64).map_or(now, |iat| iat.min(now));
            if expires - issued > (most + self.leeway).as_secs_f64() {
                return Err(because("the token is valid for longer than max_lifetime"));
            }
        }
        Ok(Claims {
            principal,
            subject: text(&self.subject_claim),
            expires: SystemTime::UNIX_EPOCH + Duration::from_secs_f64(expires) + self.leeway,
        })
    }
}

impl Issuer {
    /// Returns the principals that tokens of this issuer may name.
    pub(crate) fn principals(&self) -> impl Iterator<Item = &String> {
        match &self.role {
            Role::Fixed(name) => std::slice::from_ref(name).iter(),
            Role::Claim { among, .. } => among.iter(),
        }
    }

    /// Returns whether tokens of this type are accepted; a media type may omit `application/`.
    fn takes_type(&self, typ: Option<&str>) -> bool {
        let of = |text: &str| {
            let text = text.to_ascii_lowercase();
            text.strip_prefix("application/").map(str::to_owned).unwrap_or(text)
        };
        match (&self.typ, typ) {
            (None, None) => true,
            (None, Some(typ)) => matches!(of(typ).as_str(), "jwt" | "at+jwt"),
            (Some(wanted), typ) => typ.is_some_and(|typ| of(typ) == of(wanted)),
        }
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
    /// Keys from a shared secret, for HS256 to HS512.
    pub(crate) fn secret(bytes: &[u8]) -> Result<Self, IssuerError> {
        let secret = bytes.trim_ascii();
        if secret.len() < MIN_SECRET {
            return Err(IssuerError(format!("a secret must have {MIN_SECRET} bytes or more")));
        }
        Ok(Self::One(Box::new(DecodingKey::from_secret(secret))))
    }

    /// Keys from a public key in PEM.
    pub(crate) fn public(pem: &[u8], algorithms: &[Algorithm]) -> Result<Self, IssuerError> {
        let key = match algorithms.first().map(|algorithm| algorithm.family()) {
            Some(AlgorithmFamily::Rsa) => DecodingKey::from_rsa_pem(pem),
            Some(AlgorithmFamily::Ec) => DecodingKey::from_ec_pem(pem),
            Some(AlgorithmFamily::Ed) => DecodingKey::from_ed_pem(pem),
            _ => {
                return Err(IssuerError(
                    "HS algorithms need a secret, not a public key".to_owned(),
                ));
            }
        };
        let wrong = |_| IssuerError("there is no public key of this kind in PEM".to_owned());
        Ok(Self::One(Box::new(key.map_err(wrong)?)))
    }

    /// Keys from a file (JWKS), which is read again when it changes.
    pub(crate) fn file(path: &Path, algorithms: &[Algorithm]) -> Result<Self, IssuerError> {
        let (keys, changed) = read(path, algorithms)?;
        let keys = Arc::new(keys);
        let loaded = Loaded { keys, changed, looked: Instant::now(), number: next_number() };
        let (path, algorithms) = (path.to_owned(), algorithms.to_owned());
        Ok(Self::File(JwksFile { path, algorithms, loaded: Mutex::new(loaded) }))
    }

    /// Returns the number of the reading of the keys that is in use.
    pub(super) fn number(&self) -> u64 {
        match self {
            Self::One(_) => 0,
            Self::File(file) => file.keys().1,
        }
    }

    fn find(&self, algorithm: Algorithm, kid: Option<&str>) -> Option<DecodingKey> {
        match self {
            Self::One(key) => (key.family() == algorithm.family()).then(|| (**key).clone()),
            Self::File(file) => {
                let (keys, _) = file.keys();
                let mut fitting = keys.keys.iter().filter(|key| {
                    fits(key, algorithm) && (kid.is_none() || kid == key.common.key_id.as_deref())
                });
                let key = fitting.next()?;
                // Without a key id in the token, only one key may fit.
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
    signs && named && family && !is_weak(key)
}

/// Returns whether the key is a secret that is short enough to be guessed.
fn is_weak(key: &Jwk) -> bool {
    let AlgorithmParameters::OctetKey(secret) = &key.algorithm else { return false };
    URL_SAFE_NO_PAD.decode(&secret.value).is_ok_and(|secret| secret.len() < MIN_SECRET)
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
    algorithms: Vec<Algorithm>,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    keys: Arc<JwkSet>,
    changed: Option<SystemTime>,
    looked: Instant,
    number: u64,
}

/// Returns a new number for a reading of a file of keys; never 0.
fn next_number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Relaxed)
}

impl JwksFile {
    /// Returns the keys, at most a few seconds old, and the number of their reading. If the file is
    /// broken now, these are the keys that were read before.
    fn keys(&self) -> (Arc<JwkSet>, u64) {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.looked.elapsed() >= LOOK_EVERY {
            loaded.looked = Instant::now();
            let changed = fs::metadata(&self.path).and_then(|file| file.modified()).ok();
            if changed != loaded.changed {
                match read(&self.path, &self.algorithms) {
                    Ok((keys, changed)) => {
                        event("jwks-read", format_args!("keys={}", keys.keys.len()));
                        (loaded.keys, loaded.changed) = (Arc::new(keys), changed);
                        loaded.number = next_number();
                    }
                    Err(error) => {
                        event("jwks-failed", format_args!("error={:?}", error.to_string()));
                    }
                }
            }
        }
        (loaded.keys.clone(), loaded.number)
    }
}

fn read(
    path: &Path,
    algorithms: &[Algorithm],
) -> Result<(JwkSet, Option<SystemTime>), IssuerError> {
    let failed = |what: String| IssuerError(format!("{}: {what}", path.display()));
    let changed = fs::metadata(path).and_then(|file| file.modified()).ok();
    let text = fs::read(path).map_err(|error| failed(error.to_string()))?;
    let keys: JwkSet = serde_json::from_slice(&text)
        .map_err(|error| failed(format!("no JWKS (line {})", error.line())))?;
    let hmac = algorithms.iter().any(|algorithm| algorithm.family() == AlgorithmFamily::Hmac);
    if let Some(key) = keys.keys.iter().find(|key| hmac && is_weak(key)) {
        let name = key.common.key_id.as_deref().unwrap_or("without a kid");
        return Err(failed(format!("the key {name:?} has less than {MIN_SECRET} bytes")));
    }
    let usable = |key: &Jwk| algorithms.iter().any(|algorithm| fits(key, *algorithm));
    if !keys.keys.iter().any(usable) {
        return Err(failed("it has no key for these algorithms".to_owned()));
    }
    Ok((keys, changed))
}
