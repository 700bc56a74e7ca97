//! What names an archive that somebody sent to be released.

use serde::{Deserialize, Serialize};

#[cfg(feature = "runtime")]
use super::Digest;
use super::text::checked_text;

/// Names an archive by its digest and by who sent it: `HEX.OWNER`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UploadId(Box<str>);

/// Text that names no upload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this names no upload: it has 64 and 16 of 0-9 and a-f with a dot between")]
pub struct UploadIdError;

/// Characters of a digest, and of what stands for an owner.
const LENGTHS: [usize; 2] = [64, 16];

impl UploadId {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, UploadIdError> {
        let parts: Vec<_> = text.split('.').collect();
        let is_hex =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let fits = parts.len() == 2
            && parts.iter().zip(LENGTHS).all(|(part, length)| part.len() == length && is_hex(part));
        if fits { Ok(Self(text.into())) } else { Err(UploadIdError) }
    }

    /// Names an archive; `owner` is what [`Self::owner_of`] made.
    #[cfg(feature = "runtime")]
    pub(crate) fn new(digest: Digest, owner: &str) -> Self {
        Self(format!("{}.{owner}", digest.hex()).into())
    }

    /// Tells whether `owner`, an account, sent it.
    #[cfg(feature = "runtime")]
    pub(crate) fn is_of(&self, owner: &str) -> bool {
        self.0.rsplit('.').next() == Some(&*Self::owner_of(owner))
    }

    /// Returns what stands for an account in a name: nobody learns from it who that is.
    #[cfg(feature = "runtime")]
    pub(crate) fn owner_of(account: &str) -> String {
        let mut hex = Digest::of(format!("upload\0{account}").as_bytes()).hex();
        hex.truncate(LENGTHS[1]);
        hex
    }
}

checked_text!(UploadId, UploadIdError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_one_file_and_nowhere_else() {
        let hex = "0a".repeat(32);
        assert!(UploadId::parse(&format!("{hex}.0123456789abcdef")).is_ok());
        for text in [
            String::new(),
            hex.clone(),
            format!("{hex}.0123"),
            format!("{hex}./123456789abcdef"),
            format!("{hex}.0123456789ABCDEF"),
        ] {
            assert!(UploadId::parse(&text).is_err(), "{text}");
        }
    }
}
