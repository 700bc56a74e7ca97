//! What can go wrong with keys and with the audit.

use std::sync::Arc;

use crate::domain::{AuditError, AuditHead, Holder, KeyRefusal, Kind};
use crate::store::StoreError;
use crate::vault::VaultError;

/// A key could not be made or is not good, or the audit could not be kept or is broken. Never holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// No key reads like this, or its secret is another: which of them is not said.
    #[error("the key is not known")]
    UnknownKey,
    /// The secret is right, and the key is not good now.
    #[error("key {} cannot be used: {why}", .holder.key.id)]
    NotGood {
        /// Whose key it is.
        holder: Box<Holder>,
        /// What speaks against it.
        why: KeyRefusal,
    },
    /// A key cannot be made like this.
    #[error("such a key cannot be made: {0}")]
    Terms(String),
    /// The pepper on record is none.
    #[error("the pepper of keys is damaged: restore a backup, or keys have to be made anew")]
    Pepper,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    NoRandom(String),
    /// What happened could not be written into the audit.
    #[error("what was done could not be written into the audit")]
    NotAudited(#[source] Arc<StoreError>),
    /// An entry of the audit cannot be made: a defect.
    #[error(transparent)]
    Entry(#[from] AuditError),
    /// The audit ended with its process.
    #[error("the audit takes no more entries: Sigyl is ending")]
    Ending,
    /// The chain of the audit is broken.
    #[error("the audit is broken: {0}")]
    Broken(#[from] ChainFault),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The vault failed.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
}

/// Where a chain stops to be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainFault {
    /// An entry was changed, or one before it removed or put in.
    #[error("entry {number} was changed, or does not follow on the one before it")]
    Entry {
        /// The place where another entry was expected.
        number: u64,
    },
    /// Entries at the end are missing.
    #[error("it ends at entry {found}, and should go on to {expected}")]
    CutOff {
        /// The last entry there is.
        found: u64,
        /// The last entry there should be.
        expected: u64,
    },
    /// The whole chain is another than the one that was kept an end of.
    #[error("entry {} is not the one whose hash was kept", .kept.number)]
    Another {
        /// The end that was kept.
        kept: AuditHead,
    },
}

impl AccessError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::UnknownKey | Self::NotGood { .. } => Kind::Denied,
            Self::Terms(_) => Kind::Invalid,
            Self::NoRandom(_) | Self::Ending => Kind::Unavailable,
            Self::Pepper | Self::Entry(_) => Kind::Internal,
            // What the check was asked for, and no failure of the check.
            Self::Broken(_) => Kind::Conflict,
            Self::NotAudited(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Vault(error) => error.kind(),
        }
    }

    /// Returns the stable code of this failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey | Self::NotGood { .. } => "E1001",
            Self::Terms(_) => "E1008",
            Self::Broken(_) => "E1007",
            Self::Pepper => "E0704",
            Self::NoRandom(_) | Self::Ending | Self::NotAudited(_) | Self::Store(_) => "E0703",
            Self::Vault(_) => "E0801",
            Self::Entry(_) => "E0999",
        }
    }
}
