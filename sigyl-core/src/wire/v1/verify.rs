//! What is signed of releases, and what a check of it came to.

use serde::{Deserialize, Serialize};

use crate::domain::{Attested, Chain, Digest};

/// The key that checks what an instance signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKeyView {
    /// What identifies it: the SHA-256 of its SubjectPublicKeyInfo.
    pub key: Digest,
    /// The key, as PEM.
    pub pem: String,
}

/// What a check of what serves came to, with all that it can be repeated from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The links.
    pub chain: Chain,
    /// Where clients reach the server now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The key of the instance, as PEM.
    pub public_key: String,
    /// What was signed.
    pub attested: Attested,
}
