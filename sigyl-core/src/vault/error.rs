//! What can go wrong while sealing and opening.

use std::path::PathBuf;

use crate::domain::{Kind, SecretName, ServerName};

/// A secret could not be sealed or opened. Never holds a value or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The key file could not be used.
    #[error("could not {action} the master key {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The key file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// There is no key, and secrets are sealed with one.
    #[error(
        "the master key {path} is not there, and secrets are sealed with it: put it back; if it is lost, make a new one (32 random bytes, \
         mode 0600) and set each secret again"
    )]
    Missing {
        /// The key file.
        path: PathBuf,
    },
    /// Somebody else may read the key.
    #[error("the master key {path} may be used by others (mode {mode:04o}): run chmod 600 on it")]
    NotPrivate {
        /// The key file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Somebody else owns the key.
    #[error("the master key {path} belongs to user {owner}, and Sigyl runs as user {user}")]
    NotOurs {
        /// The key file.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// The file holds something else.
    #[error("{path} is no master key: {why}; put the right file back, a new key cannot open old secrets")]
    NotAKey {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    NoRandom(String),
    /// The value does not fit the cipher.
    #[error("the value of secret {name} of {owner} is too long to be sealed")]
    TooLong {
        /// The server.
        owner: ServerName,
        /// The secret.
        name: SecretName,
    },
    /// The secret was sealed with another key.
    #[error(
        "secret {name} of {owner} was sealed with master key {sealed}, and this is {ours}: put the right key back"
    )]
    OtherKey {
        /// The server.
        owner: ServerName,
        /// The secret.
        name: SecretName,
        /// The id of the key that sealed it.
        sealed: String,
        /// The id of the key in use.
        ours: String,
    },
    /// The secret was sealed by a newer Sigyl.
    #[error(
        "secret {name} of {owner} is sealed in format {found}, and this Sigyl knows up to {known}: use a newer Sigyl"
    )]
    TooNew {
        /// The server.
        owner: ServerName,
        /// The secret.
        name: SecretName,
        /// The format found.
        found: u8,
        /// The newest format known.
        known: u8,
    },
    /// What is stored is not what was sealed, or not for this server and name.
    #[error("secret {name} of {owner} cannot be opened: what is stored was changed; set it again")]
    Changed {
        /// The server.
        owner: ServerName,
        /// The secret.
        name: SecretName,
    },
}

impl VaultError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Io { .. } | Self::NoRandom(_) | Self::TooNew { .. } => Kind::Unavailable,
            Self::NotPrivate { .. } | Self::NotOurs { .. } => Kind::Denied,
            Self::OtherKey { .. } | Self::NotAKey { .. } | Self::Missing { .. } => Kind::Conflict,
            Self::TooLong { .. } => Kind::Invalid,
            Self::Changed { .. } => Kind::Internal,
        }
    }
}
