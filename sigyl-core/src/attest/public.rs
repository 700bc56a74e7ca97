//! The key that others check statements with.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::domain::Digest;

use super::AttestError;

/// What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410).
const HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Bytes of the text of a key at most, with what may stand around it.
const MOST: usize = 4 << 10;
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// An Ed25519 key that checks signatures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

impl PublicKey {
    /// Takes the bytes of a key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the PEM of a key.
    pub fn parse(text: &str) -> Result<Self, AttestError> {
        let body = text.get(..MOST.min(text.len())).filter(|_| text.len() <= MOST);
        let body = body.and_then(|text| text.split_once(BEGIN)?.1.split_once(END)).map(|(body, _)| body);
        let body: String = body.ok_or(AttestError::NotAKey)?.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(|_| AttestError::NotAKey)?;
        let key = der.strip_prefix(&HEAD).and_then(|key| <[u8; 32]>::try_from(key).ok());
        key.map(Self).ok_or(AttestError::NotAKey)
    }

    /// Writes it as PEM, as openssl and cosign read it.
    pub fn pem(&self) -> String {
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(self.der()))
    }

    /// Returns what identifies it: the SHA-256 of its SubjectPublicKeyInfo.
    pub fn id(&self) -> Digest {
        Digest::of(&self.der())
    }

    /// Tells whether it verifies a signature.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }

    fn der(&self) -> Vec<u8> {
        [HEAD.as_slice(), &self.0].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first key of RFC 8032, 7.1.
    const KNOWN: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn known() -> PublicKey {
        PublicKey::from_bytes(*Digest::parse(KNOWN).unwrap().as_bytes())
    }

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let key = known();
        assert_eq!(PublicKey::parse(&key.pem()).unwrap(), key);
        assert_eq!(
            PublicKey::parse(&format!("# of ada\n{}\n", key.pem().replace('\n', "\r\n"))).unwrap(),
            key
        );
        // openssl pkey -pubin -outform DER | sha256sum
        assert_eq!(
            key.pem().lines().nth(1),
            Some("MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
        );
    }

    #[test]
    fn what_is_no_key_of_this_kind_is_refused() {
        let key = known().pem();
        for text in [
            String::new(),
            key.replace("PUBLIC", "PRIVATE"),
            key.replace("MCow", "MCox"),
            key.replace("HURo=", "HURo"),
            key.replace("MCowBQYDK2Vw", ""),
            format!("{key}{}", " ".repeat(MOST)),
        ] {
            assert!(matches!(PublicKey::parse(&text), Err(AttestError::NotAKey)), "{text}");
        }
    }

    #[test]
    fn the_empty_message_of_the_standard_is_verified() {
        let hex = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
        let signature: Vec<u8> =
            (0..64).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
        assert!(known().verifies(b"", &signature));
        assert!(!known().verifies(b"a", &signature));
        assert!(!known().verifies(b"", &signature[..63]));
    }
}
