//! Why something is not signed, or not believed.

use crate::domain::{Digest, Kind, StatementError};
use crate::store::StoreError;
use crate::vault::VaultError;

/// A statement could not be made, or is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttestError {
    /// The operating system gives no random numbers.
    #[error("no random numbers for a key: {0}")]
    NoRandom(String),
    /// There is no key: nothing was signed yet, or it was given up.
    #[error("there is no key that signs: it is made when a release takes over")]
    NoKey,
    /// The key on record is none.
    #[error("the key that signs statements is damaged: restore a backup")]
    Key,
    /// A text is no public key.
    #[error(
        "this is no public key: expected the PEM of an Ed25519 key, as `sigyl verify --print-key` prints it"
    )]
    NotAKey,
    /// Something is larger than any statement.
    #[error("it has more than {0} bytes, and no statement may have")]
    TooLarge(usize),
    /// A text is no envelope.
    #[error("this is no envelope of DSSE: {0}")]
    NotAnEnvelope(String),
    /// An envelope is not signed by the key.
    #[error("it is not signed by the key {key}{}", claimed(.key, .by))]
    NotSigned {
        /// The key that it was checked with.
        key: Digest,
        /// The keys that it says it is signed by.
        by: Vec<String>,
    },
    /// What an envelope holds is no statement.
    #[error("what is signed is no statement of a release: {0}")]
    NotAStatement(String),
    /// A statement cannot be written.
    #[error("the statement cannot be written")]
    Statement(#[from] StatementError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

fn claimed(key: &Digest, by: &[String]) -> String {
    if by.contains(&key.to_string()) {
        return ", though it says so: it was changed since".to_owned();
    }
    let named: Vec<&str> = by.iter().map(String::as_str).filter(|id| !id.is_empty()).collect();
    if named.is_empty() {
        String::new()
    } else {
        format!(", but, as it says itself, by {}", named.join(", "))
    }
}

impl AttestError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoRandom(_) => Kind::Unavailable,
            Self::Key | Self::Statement(_) => Kind::Internal,
            Self::NotAKey | Self::TooLarge(_) | Self::NotAnEnvelope(_) | Self::NotAStatement(_) => {
                Kind::Invalid
            }
            Self::NoKey => Kind::NotFound,
            Self::NotSigned { .. } => Kind::Conflict,
            Self::Store(error) => error.kind(),
            Self::Vault(error) => error.kind(),
        }
    }

    /// Returns the stable code of this failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSigned { .. } => "E1501",
            Self::NotAKey | Self::TooLarge(_) | Self::NotAnEnvelope(_) | Self::NotAStatement(_) => "E1502",
            Self::NoKey => "E1503",
            Self::Key => "E0704",
            Self::NoRandom(_) | Self::Store(_) => "E0703",
            Self::Vault(_) => "E0801",
            Self::Statement(_) => "E0999",
        }
    }
}
