//! The keys that a server signs with, as it publishes them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// Keys that are looked at.
const MOST: usize = 100;

/// A way of signing that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// Reads the name that a token gives; nothing else is a signature.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    material: Material,
}

/// Public keys for signatures.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

/// A key as it is published.
#[derive(Deserialize)]
pub(super) struct Published {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct PublishedSet {
    pub(super) keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Takes those of the published keys that signatures can be checked by; others are for other things.
    pub(super) fn of(published: PublishedSet) -> Self {
        let read = |value| Key::of(serde_json::from_value(value).ok()?);
        Self(published.keys.into_iter().take(MOST).filter_map(read).collect())
    }

    /// Tells whether it has a key of this name.
    pub(super) fn knows(&self, id: Option<&str>) -> bool {
        id.is_none_or(|id| self.0.iter().any(|key| key.id.as_deref() == Some(id)))
    }

    /// Tells whether one of the keys signed `message`: the one that is named, or the only one of its kind.
    pub(super) fn verifies(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let fits = |key: &&Key| key.algorithm() == algorithm && (id.is_none() || key.id.as_deref() == id);
        let mut fitting = self.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => key.verifies(message, signature),
            _ => false,
        }
    }
}

impl Key {
    fn of(published: Published) -> Option<Self> {
        let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        if published.used_for.is_some_and(|used_for| used_for != "sig") {
            return None;
        }
        let material = match (published.kty.as_str(), published.crv.as_deref()) {
            ("RSA", None) => Material::Rsa { n: bytes(published.n)?, e: bytes(published.e)? },
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes(published.x)?, bytes(published.y)?);
                if x.len() != 32 || y.len() != 32 {
                    return None;
                }
                Material::P256([&[4][..], &x, &y].concat())
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes(published.x)?),
            _ => return None,
        };
        let key = Self { id: published.kid, material };
        let agrees = published.alg.is_none_or(|alg| Algorithm::of(&alg) == Some(key.algorithm()));
        agrees.then_some(key)
    }

    fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::P256(_) => Algorithm::Es256,
            Material::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.material {
            Material::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
        };
        verified.is_ok()
    }
}
