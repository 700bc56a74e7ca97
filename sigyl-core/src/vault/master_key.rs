//! The master key: 32 bytes that seal the data keys of secrets.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::VaultError;

pub(super) const KEY_SIZE: usize = 32;

/// Identifies a key without saying anything about it: the start of a digest of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyId(pub(super) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A key that seals: silent in `Debug`, wiped when dropped.
#[derive(Clone)]
pub(super) struct MasterKey {
    bytes: Zeroizing<[u8; KEY_SIZE]>,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

impl MasterKey {
    /// Makes a key that is nowhere else.
    pub(super) fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; KEY_SIZE]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|error| VaultError::NoRandom(error.to_string()))?;
        Ok(Self { bytes })
    }

    /// Takes bytes as they are.
    pub(super) fn of(bytes: Zeroizing<[u8; KEY_SIZE]>) -> Self {
        Self { bytes }
    }

    /// Takes what a file, a variable or a command holds: 32 bytes as they are, in base64, or in hexadecimal digits, with
    /// white space around them. Returns what is wrong with anything else; never any of it.
    pub(super) fn parse(given: &[u8]) -> Result<Self, String> {
        let whole = |bytes: &[u8]| <[u8; KEY_SIZE]>::try_from(bytes).ok().map(Zeroizing::new).map(Self::of);
        if let Some(key) = whole(given) {
            return Ok(key);
        }
        let text = given.trim_ascii();
        let mut bytes = match text.len() {
            64 => hex(text),
            43 | 44 => base64(text),
            _ => None,
        }
        .ok_or_else(|| {
            format!("it has {} bytes, and is neither {KEY_SIZE} bytes nor these in base64 or in hexadecimal digits", given.len())
        })?;
        let key = whole(&bytes);
        bytes.zeroize();
        key.ok_or_else(|| format!("what it says in base64 is not {KEY_SIZE} bytes"))
    }

    /// Returns the bytes.
    pub(super) fn bytes(&self) -> &[u8; KEY_SIZE] {
        &self.bytes
    }

    /// Returns what identifies this key.
    pub(super) fn id(&self) -> KeyId {
        let digest = Sha256::new().chain_update(b"sigyl master key id").chain_update(*self.bytes).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        KeyId(id)
    }
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.chunks(2).map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}

/// Reads base64 of either alphabet, with and without what fills it up.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok())
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn a_key_is_taken_as_bytes_or_text_and_nothing_else() {
        let key = MasterKey::of(Zeroizing::new([0xfb; KEY_SIZE]));
        let hex = "fb".repeat(KEY_SIZE);
        for text in
            [STANDARD.encode(key.bytes()), URL_SAFE_NO_PAD.encode(key.bytes()), hex.to_uppercase(), hex]
        {
            let read = MasterKey::parse(format!(" {text}\n").as_bytes()).unwrap();
            assert_eq!(read.bytes(), key.bytes());
        }
        assert_eq!(MasterKey::parse(key.bytes()).unwrap().bytes(), key.bytes());
        for wrong in ["", "hunter2", &"g".repeat(64), &"!".repeat(44), &"A".repeat(42)] {
            let why = MasterKey::parse(wrong.as_bytes()).unwrap_err();
            assert!(wrong.is_empty() || !why.contains(wrong), "{why}");
        }
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let key = MasterKey::of(Zeroizing::new([0xab; KEY_SIZE]));
        assert!(!format!("{key:?}").to_lowercase().contains("abab"));
    }
}
