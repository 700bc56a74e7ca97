//! The key that signs statements, sealed by the vault and kept in the store.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

use crate::domain::{SecretName, SecretValue, ServerName, Timestamp};
use crate::store::{Change, Store};
use crate::vault::Vault;

use super::{AttestError, PublicKey};

/// Bytes of the seed of an Ed25519 key.
const SEED: usize = 32;

/// An Ed25519 key that signs: silent in `Debug`.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.id())
    }
}

impl SigningKey {
    /// Opens the key of a store; nothing where there is none.
    pub async fn find(store: &dyn Store, vault: &Vault) -> Result<Option<Self>, AttestError> {
        let Some(sealed) = store.signing_key().await? else { return Ok(None) };
        Self::read(&vault.reveal(&sealed)?).map(Some)
    }

    /// Opens the key of a store, or makes and keeps one where there is none.
    pub async fn ensure(store: &dyn Store, vault: &Vault, now: Timestamp) -> Result<Self, AttestError> {
        if let Some(key) = Self::find(store, vault).await? {
            return Ok(key);
        }
        let seed = random()?;
        let value = SecretValue::new(STANDARD.encode(*seed));
        let sealed = vault.seal(&ServerName::own(), &SecretName::signing_key(), &value, now)?;
        let key = Self::of(&*seed)?;
        store.apply(Change::PutSigningKey(sealed)).await?;
        Ok(key)
    }

    /// Makes a key that is on no record.
    pub fn random() -> Result<Self, AttestError> {
        Self::of(&*random()?)
    }

    /// Returns the key that checks what this one signs.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs bytes.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    fn read(value: &SecretValue) -> Result<Self, AttestError> {
        let bytes = Zeroizing::new(STANDARD.decode(value.reveal()).map_err(|_| AttestError::Key)?);
        Self::of(&bytes)
    }

    fn of(seed: &[u8]) -> Result<Self, AttestError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| AttestError::Key)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| AttestError::Key)?;
        Ok(Self { pair, public: PublicKey::from_bytes(public) })
    }
}

fn random() -> Result<Zeroizing<[u8; SEED]>, AttestError> {
    let mut seed = Zeroizing::new([0; SEED]);
    getrandom::fill(seed.as_mut_slice()).map_err(|error| AttestError::NoRandom(error.to_string()))?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_seed_is_refused_and_no_key_is_shown() {
        for text in ["", "!", "AAAA"] {
            assert!(matches!(SigningKey::read(&SecretValue::new(text)), Err(AttestError::Key)), "{text:?}");
        }
        let seed = STANDARD.encode([7; SEED]);
        let key = SigningKey::read(&SecretValue::new(seed.clone())).unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public().id()));
        assert!(!format!("{key:?}").contains(&seed));
    }

    #[test]
    fn a_key_verifies_what_it_signed_and_no_other_does() {
        let (one, other) = (SigningKey::random().unwrap(), SigningKey::random().unwrap());
        let signature = one.sign(b"said");
        assert!(one.public().verifies(b"said", &signature));
        assert!(!other.public().verifies(b"said", &signature));
    }
}
