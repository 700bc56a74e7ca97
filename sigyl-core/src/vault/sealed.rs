//! The sealed form: `version byte · key id · nonce · ciphertext`, AES-256-GCM with `owner/name` as associated data.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use zeroize::Zeroize as _;

use crate::domain::{SecretName, SecretValue, ServerName};

use super::VaultError;
use super::master_key::{KeyId, MasterKey};

/// The newest form.
const VERSION: u8 = 1;

const NONCE: usize = 12;

/// Whose secret it is, and which: bound into the seal. A secret's name holds no `/`, so the text is unambiguous.
pub(super) struct Place<'a> {
    pub(super) owner: &'a ServerName,
    pub(super) name: &'a SecretName,
}

impl Place<'_> {
    fn text(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    fn changed(&self) -> VaultError {
        VaultError::Changed { owner: self.owner.clone(), name: self.name.clone() }
    }
}

/// Seals a value. Each seal has its own random nonce: one key is good for some four thousand million of them.
pub(super) fn seal(key: &MasterKey, place: &Place<'_>, value: &SecretValue) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|error| VaultError::NoRandom(error.to_string()))?;
    let text = place.text();
    let payload = Payload { msg: value.reveal().as_bytes(), aad: text.as_bytes() };
    let ciphertext = Aes256Gcm::new(key.bytes().into())
        .encrypt(&nonce.into(), payload)
        .map_err(|_| VaultError::TooLong { owner: place.owner.clone(), name: place.name.clone() })?;
    Ok([&[VERSION], key.id().0.as_slice(), &nonce, &ciphertext].concat())
}

/// Opens what [`seal`] made for this very place.
pub(super) fn open(key: &MasterKey, place: &Place<'_>, sealed: &[u8]) -> Result<SecretValue, VaultError> {
    let (owner, name) = (place.owner.clone(), place.name.clone());
    match sealed.first() {
        Some(&VERSION) => {}
        Some(&found) if found > VERSION => {
            return Err(VaultError::TooNew { owner, name, found, known: VERSION });
        }
        _ => return Err(place.changed()),
    }
    let (id, rest) = sealed[1..].split_first_chunk().ok_or_else(|| place.changed())?;
    if KeyId(*id) != key.id() {
        let (sealed, ours) = (KeyId(*id).to_string(), key.id().to_string());
        return Err(VaultError::OtherKey { owner, name, sealed, ours });
    }
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or_else(|| place.changed())?;
    let text = place.text();
    let payload = Payload { msg: ciphertext, aad: text.as_bytes() };
    let opened = Aes256Gcm::new(key.bytes().into()).decrypt(&(*nonce).into(), payload);
    let value = String::from_utf8(opened.map_err(|_| place.changed())?);
    value.map(SecretValue::new).map_err(|error| {
        error.into_bytes().zeroize();
        place.changed()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(owner: &str, name: &str) -> (ServerName, SecretName) {
        (ServerName::parse(owner).unwrap(), SecretName::parse(name).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_sealed_opens_again(text in ".{0,200}") {
            let key = MasterKey::random().unwrap();
            let (owner, name) = names("io.github.ada/clock", "API_KEY");
            let place = Place { owner: &owner, name: &name };
            let sealed = seal(&key, &place, &SecretValue::new(text.clone())).unwrap();
            let opened = open(&key, &place, &sealed).unwrap();
            prop_assert_eq!(opened.reveal(), &text);
            if text.len() >= 8 {
                prop_assert!(!sealed.windows(text.len()).any(|part| part == text.as_bytes()));
            }
        }

        #[test]
        fn any_flipped_bit_and_any_cut_fails(text in ".{0,40}", at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let key = MasterKey::random().unwrap();
            let (owner, name) = names("clock", "API_KEY");
            let place = Place { owner: &owner, name: &name };
            let sealed = seal(&key, &place, &SecretValue::new(text)).unwrap();
            let at = at.index(sealed.len());
            let mut wrong = sealed.clone();
            wrong[at] ^= 1_u8 << bit;
            prop_assert!(open(&key, &place, &wrong).is_err());
            prop_assert!(open(&key, &place, &sealed[..at]).is_err());
        }

        #[test]
        fn another_place_or_key_fails(owner in "[a-z]{1,9}", name in "[A-Z]{1,9}") {
            let key = MasterKey::random().unwrap();
            let (ours, our_name) = names("clock0", "KEY_0");
            let place = Place { owner: &ours, name: &our_name };
            let sealed = seal(&key, &place, &SecretValue::new("x")).unwrap();
            let (other, other_name) = names(&owner, &name);
            for wrong in [
                Place { owner: &other, name: &our_name },
                Place { owner: &ours, name: &other_name },
                Place { owner: &other, name: &other_name },
            ] {
                let refused = matches!(open(&key, &wrong, &sealed), Err(VaultError::Changed { .. }));
                prop_assert!(refused);
            }
            let opened = open(&MasterKey::random().unwrap(), &place, &sealed);
            let refused = matches!(opened, Err(VaultError::OtherKey { .. }));
            prop_assert!(refused);
        }
    }

    #[test]
    fn two_seals_of_one_value_differ() {
        let key = MasterKey::random().unwrap();
        let (owner, name) = names("clock", "API_KEY");
        let place = Place { owner: &owner, name: &name };
        let seals = [(); 2].map(|()| seal(&key, &place, &SecretValue::new("x")).unwrap());
        assert_ne!(seals[0], seals[1]);
        let mut newer = seals[0].clone();
        newer[0] = 2;
        assert!(matches!(open(&key, &place, &newer), Err(VaultError::TooNew { found: 2, .. })));
    }
}
