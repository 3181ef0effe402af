//! The cryptography of JWTs with ring, which the gateway contains for TLS anyway.

use std::sync::Once;

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
};
use ring::{
    hmac,
    signature::{self as keys, RsaPublicKeyComponents, UnparsedPublicKey},
};

/// Makes `jsonwebtoken` use this provider in the whole process.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    // A provider that the process has installed before does as well.
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: sign_nothing,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

fn sign_nothing(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

struct Verifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    // A public key must never be used as the secret of an HMAC.
    if algorithm.family() != key.family() {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    Ok(Box::new(Verifier { algorithm: *algorithm, key: key.clone() }))
}

impl JwtVerifier for Verifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl signature::Verifier<Vec<u8>> for Verifier {
    fn verify(&self, message: &[u8], sign: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let failed = |_| signature::Error::new();
        if self.algorithm.family() == AlgorithmFamily::Rsa {
            let parameters = match self.algorithm {
                Algorithm::RS256 => &keys::RSA_PKCS1_2048_8192_SHA256,
                Algorithm::RS384 => &keys::RSA_PKCS1_2048_8192_SHA384,
                Algorithm::RS512 => &keys::RSA_PKCS1_2048_8192_SHA512,
                Algorithm::PS256 => &keys::RSA_PSS_2048_8192_SHA256,
                Algorithm::PS384 => &keys::RSA_PSS_2048_8192_SHA384,
                Algorithm::PS512 => &keys::RSA_PSS_2048_8192_SHA512,
                _ => return Err(signature::Error::new()),
            };
            return match self.key.kind() {
                DecodingKeyKind::RsaModulusExponent { n, e } => RsaPublicKeyComponents { n, e }
                    .verify(parameters, message, sign)
                    .map_err(failed),
                DecodingKeyKind::SecretOrDer(der) => {
                    UnparsedPublicKey::new(parameters, der).verify(message, sign).map_err(failed)
                }
            };
        }
        let key = self.key.try_get_as_bytes().map_err(|_| signature::Error::new())?;
        let hmac = |kind| hmac::verify(&hmac::Key::new(kind, key), message, sign).map_err(failed);
        let public = |kind: &'static dyn keys::VerificationAlgorithm| {
            UnparsedPublicKey::new(kind, key).verify(message, sign).map_err(failed)
        };
        match self.algorithm {
            Algorithm::HS256 => hmac(hmac::HMAC_SHA256),
            Algorithm::HS384 => hmac(hmac::HMAC_SHA384),
            Algorithm::HS512 => hmac(hmac::HMAC_SHA512),
            Algorithm::ES256 => public(&keys::ECDSA_P256_SHA256_FIXED),
            Algorithm::ES384 => public(&keys::ECDSA_P384_SHA384_FIXED),
            Algorithm::EdDSA => public(&keys::ED25519),
            _ => Err(signature::Error::new()),
        }
    }
}
