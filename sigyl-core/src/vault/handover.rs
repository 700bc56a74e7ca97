//! One master key takes over from another: each is sealed under the other and on record, so that whichever is at hand
//! after a crash opens both, until everything is sealed under the new one.

use zeroize::Zeroizing;

use crate::domain::Timestamp;
use crate::store::Handover;

use super::VaultError;
use super::master_key::{KEY_SIZE, MasterKey};
use super::sealed::{decrypt, encrypt};

/// Seals two keys under each other.
pub(super) fn begin(from: &MasterKey, to: &MasterKey, now: Timestamp) -> Result<Handover, VaultError> {
    Ok(Handover {
        from: from.id().to_string(),
        to: to.id().to_string(),
        from_under_to: seal(to, from)?,
        to_under_from: seal(from, to)?,
        began: now,
    })
}

/// Opens the other key with the one at hand, which is one of the two; returns the new one and the old one.
pub(super) fn open(
    handover: &Handover,
    at_hand: MasterKey,
) -> Result<Option<(MasterKey, MasterKey)>, VaultError> {
    let id = at_hand.id().to_string();
    if id == handover.to {
        let from = unseal(&at_hand, &handover.from_under_to, &handover.from)?;
        return Ok(Some((at_hand, from)));
    }
    if id == handover.from {
        let to = unseal(&at_hand, &handover.to_under_from, &handover.to)?;
        return Ok(Some((to, at_hand)));
    }
    Ok(None)
}

fn bound_to(under: &str, sealed: &str) -> Vec<u8> {
    format!("sigyl master key {sealed} under {under}").into_bytes()
}

fn seal(under: &MasterKey, key: &MasterKey) -> Result<Vec<u8>, VaultError> {
    let bound = bound_to(&under.id().to_string(), &key.id().to_string());
    encrypt(under.bytes(), key.bytes(), &bound)?.ok_or(VaultError::Handover)
}

fn unseal(under: &MasterKey, sealed: &[u8], id: &str) -> Result<MasterKey, VaultError> {
    let opened = decrypt(under.bytes(), sealed, &bound_to(&under.id().to_string(), id)).map(Zeroizing::new);
    let whole = opened.and_then(|bytes| <[u8; KEY_SIZE]>::try_from(bytes.as_slice()).ok());
    whole.map(Zeroizing::new).map(MasterKey::of).ok_or(VaultError::Handover)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_key_opens_the_other_and_no_third_does() {
        let [old, new, third] = [(); 3].map(|()| MasterKey::random().unwrap());
        let handover = begin(&old, &new, Timestamp::EPOCH).unwrap();
        for at_hand in [&old, &new] {
            let (to, from) = open(&handover, at_hand.clone()).unwrap().unwrap();
            assert_eq!((to.bytes(), from.bytes()), (new.bytes(), old.bytes()));
        }
        assert!(open(&handover, third).unwrap().is_none());
        let mut changed = handover.clone();
        changed.from_under_to[20] ^= 1;
        assert!(matches!(open(&changed, new.clone()), Err(VaultError::Handover)));
        let swapped = Handover { from_under_to: handover.to_under_from.clone(), ..handover };
        assert!(matches!(open(&swapped, new), Err(VaultError::Handover)));
    }
}
