//! Static tokens, of which only hashes are kept.
//!
//! The hash is SHA-256 and no password hash such as Argon2: tokens are random with 128 bits or
//! more, so guessing them is hopeless at any speed, and a slow hash would let strangers spend
//! this machine's time and memory with each handshake.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};
use subtle::ConstantTimeEq;

/// The hash of a static token, as configurations hold it: `sha256:` and 64 hex digits
///
/// ```
/// use redmux_gateway::{TokenHash, new_token};
///
/// let token = new_token()?;
/// let hash = TokenHash::of(&token)?;
/// assert_eq!(hash.to_string().parse(), Ok(hash));
/// // What a person thinks up is too easily guessed.
/// assert!(TokenHash::of("correct horse").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash([u8; 32]);

/// What is wrong with a token or a hash
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// A hash is written differently.
    #[error("expected sha256: and 64 hex digits, as `redmux-gateway hash-token` prints them")]
    NotAHash,
    /// The token could be guessed.
    #[error(
        "a token must be random and of 22 characters or more (128 bits): \
         `redmux-gateway hash-token --new` makes one"
    )]
    TooShort,
    /// A token holds what a header cannot carry.
    #[error("a token is made of visible ASCII characters")]
    NotVisible,
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    NoEntropy,
}

impl TokenHash {
    /// Returns the hash of a token.
    ///
    /// # Errors
    /// The token is too short to be random enough, or has characters that are not visible ASCII.
    pub fn of(token: &str) -> Result<Self, TokenError> {
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::NotVisible);
        }
        let mut different: Vec<u8> = token.bytes().collect();
        different.sort_unstable();
        different.dedup();
        if token.len() < 22 || different.len() < 8 {
            return Err(TokenError::TooShort);
        }
        Ok(Self(sha256(token.as_bytes())))
    }
}

impl FromStr for TokenHash {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let digits = text.strip_prefix("sha256:").ok_or(TokenError::NotAHash)?;
        from_hex(digits).map(Self).ok_or(TokenError::NotAHash)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Returns a new token: 256 random bits in base64url.
///
/// # Errors
/// The system gives no random numbers.
pub fn new_token() -> Result<String, TokenError> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| TokenError::NoEntropy)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Finds the hash of a token and the name of its principal. Every hash is compared, each in
/// constant time.
pub(super) fn find<'t>(
    tokens: &'t [(TokenHash, String)],
    token: &str,
) -> Option<(&'t TokenHash, &'t String)> {
    let hash = sha256(token.as_bytes());
    let mut found = None;
    for (known, name) in tokens {
        if bool::from(known.0.ct_eq(&hash)) {
            found = Some((known, name));
        }
    }
    found
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

pub(super) fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
