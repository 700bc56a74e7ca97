//! The pepper: the secret under which keys are hashed, sealed by the vault and kept in the store.
//!
//! Who reads the store, or a backup of it, can neither use a key nor try secrets against its hash without the master
//! key.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::{KeyHash, KeyId, SecretName, SecretValue, ServerName, Timestamp};
use crate::store::{Change, Store};
use crate::vault::Vault;

use super::AccessError;

/// As long as a block of the hash, so that none of it is lost.
const SIZE: usize = 64;

/// The secret under which keys are hashed: silent in `Debug`, wiped when dropped.
pub struct Pepper(Zeroizing<[u8; SIZE]>);

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

impl Pepper {
    /// Opens the pepper of a store, or makes and keeps one where there is none.
    pub async fn ensure(store: &dyn Store, vault: &Vault, now: Timestamp) -> Result<Self, AccessError> {
        if let Some(sealed) = store.pepper().await? {
            return Self::read(&vault.reveal(&sealed)?);
        }
        let pepper = Self::random()?;
        let value = SecretValue::new(STANDARD.encode(*pepper.0));
        let sealed = vault.seal(&ServerName::own(), &SecretName::pepper(), &value, now)?;
        store.apply(Change::PutPepper(sealed)).await?;
        Ok(pepper)
    }

    /// Makes a pepper that is on no record.
    pub fn random() -> Result<Self, AccessError> {
        let mut bytes = Zeroizing::new([0; SIZE]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|error| AccessError::NoRandom(error.to_string()))?;
        Ok(Self(bytes))
    }

    /// Hashes the secret of a key.
    pub fn hash(&self, id: &KeyId, secret: &str) -> KeyHash {
        KeyHash::new(self.mac(id, secret).finalize().into_bytes().into())
    }

    /// Tells in constant time whether a secret is the one that was hashed for this key.
    pub fn verifies(&self, id: &KeyId, secret: &str, hash: &KeyHash) -> bool {
        self.mac(id, secret).verify_slice(hash.as_bytes()).is_ok()
    }

    fn mac(&self, id: &KeyId, secret: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&(*self.0).into());
        for part in ["sigyl api key 1", id.as_str(), secret] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac
    }

    fn read(value: &SecretValue) -> Result<Self, AccessError> {
        let bytes = Zeroizing::new(STANDARD.decode(value.reveal()).map_err(|_| AccessError::Pepper)?);
        let mut pepper = Zeroizing::new([0; SIZE]);
        if bytes.len() != SIZE {
            return Err(AccessError::Pepper);
        }
        pepper.copy_from_slice(&bytes);
        Ok(Self(pepper))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::fixture::key_id;

    #[test]
    fn a_hash_is_good_for_its_key_and_pepper_alone() {
        let (pepper, id) = (Pepper::random().unwrap(), key_id("key0000000000000"));
        let hash = pepper.hash(&id, "secret");
        assert!(pepper.verifies(&id, "secret", &hash));
        assert!(!pepper.verifies(&id, "secre", &hash));
        assert!(!pepper.verifies(&key_id("key0000000000001"), "secret", &hash));
        assert!(!Pepper::random().unwrap().verifies(&id, "secret", &hash));
    }

    #[test]
    fn the_hash_is_the_hmac_that_others_compute() {
        let pepper = Pepper(Zeroizing::new([7; SIZE]));
        let hash = pepper.hash(&key_id("key0000000000000"), "secret");
        // python3: hmac.new(b"\x07"*64, b"sigyl api key 1\0key0000000000000\0secret\0", "sha256").hexdigest()
        let hex = crate::domain::Digest::from_bytes(*hash.as_bytes()).hex();
        assert_eq!(hex, "7d81ba64529cbf82e626bae0ca0cfc09c7f8239e014ce18eb1951477bcc0288e");
    }

    #[test]
    fn what_is_no_pepper_is_refused_and_none_is_shown() {
        for text in ["", "!", "AAAA"] {
            assert!(matches!(Pepper::read(&SecretValue::new(text)), Err(AccessError::Pepper)), "{text:?}");
        }
        assert_eq!(format!("{:?}", Pepper(Zeroizing::new([7; SIZE]))), "Pepper(…)");
    }
}
