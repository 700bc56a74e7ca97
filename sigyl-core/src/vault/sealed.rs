//! The sealed form, AES-256-GCM throughout. A value is sealed under a data key of its own, and that under the master key:
//! `version byte · key id · nonce · sealed data key · nonce · ciphertext`. Whose secret it is, and which, is bound into
//! both as associated data.
//!
//! The first form had no data key: `1 · key id · nonce · ciphertext`. It is read still, and written no more.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use zeroize::{Zeroize as _, Zeroizing};

use crate::domain::{SecretName, SecretValue, ServerName};

use super::VaultError;
use super::master_key::{KEY_SIZE, KeyId, MasterKey};
use super::ring::Ring;

/// The newest form.
const VERSION: u8 = 2;
/// The form without data keys.
const FIRST: u8 = 1;

const NONCE: usize = 12;
/// A data key, sealed.
const WRAPPED: usize = KEY_SIZE + 16;
/// Version and id of the master key.
const HEAD: usize = 1 + 8;

/// Whose secret it is, and which: bound into the seal. A secret's name holds no `/`, so the text is unambiguous.
pub(super) struct Place<'a> {
    pub(super) owner: &'a ServerName,
    pub(super) name: &'a SecretName,
}

impl Place<'_> {
    fn text(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// What a sealed data key is bound to: that it is one, under which master key, and its place.
    fn of_key(&self, head: &[u8]) -> Vec<u8> {
        [b"sigyl data key\0", head, self.text().as_bytes()].concat()
    }

    fn changed(&self) -> VaultError {
        VaultError::Changed { owner: self.owner.clone(), name: self.name.clone() }
    }

    fn too_long(&self) -> VaultError {
        VaultError::TooLong { owner: self.owner.clone(), name: self.name.clone() }
    }
}

/// A sealed secret in its parts.
struct Parts<'a> {
    version: u8,
    key: KeyId,
    /// Nonce and sealed data key; empty in the first form.
    wrapped: &'a [u8],
    /// Nonce and ciphertext.
    value: &'a [u8],
}

/// Seals a value under a fresh data key, and that under the master key.
pub(super) fn seal(key: &MasterKey, place: &Place<'_>, value: &SecretValue) -> Result<Vec<u8>, VaultError> {
    let own = MasterKey::random()?;
    let wrapped = wrap(key, place, &own)?;
    let value = encrypt(own.bytes(), value.reveal().as_bytes(), place.text().as_bytes())?;
    Ok([wrapped, value.ok_or_else(|| place.too_long())?].concat())
}

/// Opens what [`seal`] made for this very place, in whichever form.
pub(super) fn open(ring: &Ring, place: &Place<'_>, sealed: &[u8]) -> Result<SecretValue, VaultError> {
    let parts = parts(place, sealed)?;
    let master = master(ring, place, parts.key)?;
    let opened = if parts.version == FIRST {
        decrypt(master.bytes(), parts.value, place.text().as_bytes())
    } else {
        let own = unwrap(master, place, sealed, &parts)?;
        decrypt(own.bytes(), parts.value, place.text().as_bytes())
    };
    let value = String::from_utf8(opened.ok_or_else(|| place.changed())?);
    value.map(SecretValue::new).map_err(|error| {
        error.into_bytes().zeroize();
        place.changed()
    })
}

/// Tells whether it is sealed in the newest form under the key that seals now.
pub(super) fn is_current(ring: &Ring, sealed: &[u8]) -> bool {
    sealed.first() == Some(&VERSION) && sealed.get(1..HEAD) == Some(&ring.current().id().0)
}

/// Returns what identifies the master key that it is sealed under.
pub(super) fn key_of(sealed: &[u8]) -> Option<String> {
    sealed.get(1..)?.first_chunk().map(|id| KeyId(*id).to_string())
}

/// Seals anew, under the key that seals now, the data key alone; what is in the first form gets one.
pub(super) fn reseal(ring: &Ring, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let parts = parts(place, sealed)?;
    if parts.version == FIRST {
        return seal(ring.current(), place, &open(ring, place, sealed)?);
    }
    let own = unwrap(master(ring, place, parts.key)?, place, sealed, &parts)?;
    Ok([wrap(ring.current(), place, &own)?.as_slice(), parts.value].concat())
}

fn parts<'a>(place: &Place<'_>, sealed: &'a [u8]) -> Result<Parts<'a>, VaultError> {
    let version = match sealed.first() {
        Some(&version @ (FIRST | VERSION)) => version,
        Some(&found) if found > VERSION => {
            let (owner, name) = (place.owner.clone(), place.name.clone());
            return Err(VaultError::TooNew { owner, name, found, known: VERSION });
        }
        _ => return Err(place.changed()),
    };
    let (key, rest) = sealed[1..].split_first_chunk().ok_or_else(|| place.changed())?;
    let size = if version == FIRST { 0 } else { NONCE + WRAPPED };
    let (wrapped, value) = rest.split_at_checked(size).ok_or_else(|| place.changed())?;
    Ok(Parts { version, key: KeyId(*key), wrapped, value })
}

fn master<'a>(ring: &'a Ring, place: &Place<'_>, id: KeyId) -> Result<&'a MasterKey, VaultError> {
    ring.find(id).ok_or_else(|| VaultError::OtherKey {
        owner: place.owner.clone(),
        name: place.name.clone(),
        sealed: id.to_string(),
        ours: ring.current().id().to_string(),
    })
}

fn wrap(key: &MasterKey, place: &Place<'_>, own: &MasterKey) -> Result<Vec<u8>, VaultError> {
    let head = [&[VERSION], key.id().0.as_slice()].concat();
    let wrapped = encrypt(key.bytes(), own.bytes(), &place.of_key(&head))?;
    Ok([head, wrapped.ok_or_else(|| place.too_long())?].concat())
}

fn unwrap(
    master: &MasterKey,
    place: &Place<'_>,
    sealed: &[u8],
    parts: &Parts<'_>,
) -> Result<MasterKey, VaultError> {
    let head = sealed.get(..HEAD).unwrap_or_default();
    let bytes = decrypt(master.bytes(), parts.wrapped, &place.of_key(head)).map(Zeroizing::new);
    let whole = bytes.and_then(|bytes| <[u8; KEY_SIZE]>::try_from(bytes.as_slice()).ok());
    whole.map(Zeroizing::new).map(MasterKey::of).ok_or_else(|| place.changed())
}

/// Encrypts under a fresh nonce, which stands before what it returns; nothing when it is too long for the cipher.
pub(super) fn encrypt(
    key: &[u8; KEY_SIZE],
    text: &[u8],
    bound_to: &[u8],
) -> Result<Option<Vec<u8>>, VaultError> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|error| VaultError::NoRandom(error.to_string()))?;
    let done = Aes256Gcm::new(key.into()).encrypt(&nonce.into(), Payload { msg: text, aad: bound_to });
    Ok(done.ok().map(|ciphertext| [nonce.as_slice(), &ciphertext].concat()))
}

/// Decrypts what [`encrypt`] made with this key and for this.
pub(super) fn decrypt(key: &[u8; KEY_SIZE], sealed: &[u8], bound_to: &[u8]) -> Option<Vec<u8>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>()?;
    Aes256Gcm::new(key.into()).decrypt(&(*nonce).into(), Payload { msg: ciphertext, aad: bound_to }).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(owner: &str, name: &str) -> (ServerName, SecretName) {
        (ServerName::parse(owner).unwrap(), SecretName::parse(name).unwrap())
    }

    fn ring() -> Ring {
        Ring::of(MasterKey::random().unwrap())
    }

    /// Seals as Sigyl did before there were data keys.
    fn first_form(key: &MasterKey, place: &Place<'_>, value: &str) -> Vec<u8> {
        let value = encrypt(key.bytes(), value.as_bytes(), place.text().as_bytes()).unwrap().unwrap();
        [&[FIRST], key.id().0.as_slice(), &value].concat()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_sealed_opens_again(text in ".{0,200}") {
            let ring = ring();
            let (owner, name) = names("io.github.ada/clock", "API_KEY");
            let place = Place { owner: &owner, name: &name };
            let sealed = seal(ring.current(), &place, &SecretValue::new(text.clone())).unwrap();
            let opened = open(&ring, &place, &sealed).unwrap();
            prop_assert_eq!(opened.reveal(), &text);
            if text.len() >= 8 {
                prop_assert!(!sealed.windows(text.len()).any(|part| part == text.as_bytes()));
            }
        }

        #[test]
        fn any_flipped_bit_and_any_cut_fails(text in ".{0,40}", at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let ring = ring();
            let (owner, name) = names("clock", "API_KEY");
            let place = Place { owner: &owner, name: &name };
            for sealed in [
                seal(ring.current(), &place, &SecretValue::new(text.clone())).unwrap(),
                first_form(ring.current(), &place, &text),
            ] {
                let at = at.index(sealed.len());
                let mut wrong = sealed.clone();
                wrong[at] ^= 1_u8 << bit;
                prop_assert!(open(&ring, &place, &wrong).is_err());
                prop_assert!(open(&ring, &place, &sealed[..at]).is_err());
                prop_assert!(!is_current(&ring, &wrong) || reseal(&ring, &place, &wrong).is_err() || at >= HEAD + NONCE + WRAPPED);
            }
        }

        #[test]
        fn another_place_or_key_fails(owner in "[a-z]{1,9}", name in "[A-Z]{1,9}") {
            let ring = ring();
            let (ours, our_name) = names("clock0", "KEY_0");
            let place = Place { owner: &ours, name: &our_name };
            let sealed = seal(ring.current(), &place, &SecretValue::new("x")).unwrap();
            let (other, other_name) = names(&owner, &name);
            for wrong in [
                Place { owner: &other, name: &our_name },
                Place { owner: &ours, name: &other_name },
                Place { owner: &other, name: &other_name },
            ] {
                let refused = matches!(open(&ring, &wrong, &sealed), Err(VaultError::Changed { .. }));
                prop_assert!(refused);
            }
            let opened = open(&Ring::of(MasterKey::random().unwrap()), &place, &sealed);
            let refused = matches!(opened, Err(VaultError::OtherKey { .. }));
            prop_assert!(refused);
        }
    }

    #[test]
    fn two_seals_of_one_value_differ() {
        let ring = ring();
        let (owner, name) = names("clock", "API_KEY");
        let place = Place { owner: &owner, name: &name };
        let seals = [(); 2].map(|()| seal(ring.current(), &place, &SecretValue::new("x")).unwrap());
        assert_ne!(seals[0], seals[1]);
        let mut newer = seals[0].clone();
        newer[0] = 3;
        assert!(matches!(open(&ring, &place, &newer), Err(VaultError::TooNew { found: 3, .. })));
    }

    #[test]
    fn what_was_sealed_without_a_data_key_opens_still() {
        let ring = ring();
        let (owner, name) = names("clock", "API_KEY");
        let place = Place { owner: &owner, name: &name };
        let sealed = first_form(ring.current(), &place, "hunter2");
        assert_eq!(open(&ring, &place, &sealed).unwrap().reveal(), "hunter2");
        assert!(!is_current(&ring, &sealed));
        let again = reseal(&ring, &place, &sealed).unwrap();
        assert!(is_current(&ring, &again));
        assert_eq!(open(&ring, &place, &again).unwrap().reveal(), "hunter2");
    }

    #[test]
    fn under_a_new_key_only_the_data_key_is_sealed_anew() {
        let old = MasterKey::random().unwrap();
        let (owner, name) = names("clock", "API_KEY");
        let place = Place { owner: &owner, name: &name };
        let sealed = seal(&old, &place, &SecretValue::new("hunter2")).unwrap();
        let new = MasterKey::random().unwrap();
        let both = Ring::of(new.clone()).with(old.clone());
        assert!(!is_current(&both, &sealed));
        let again = reseal(&both, &place, &sealed).unwrap();
        let value = HEAD + NONCE + WRAPPED;
        assert_eq!(again[value..], sealed[value..]);
        assert_eq!(open(&Ring::of(new), &place, &again).unwrap().reveal(), "hunter2");
        let refused = open(&Ring::of(old), &place, &again);
        assert!(matches!(refused, Err(VaultError::OtherKey { .. })));
    }
}
