//! What can go wrong while sealing and opening.

use std::path::PathBuf;

use crate::domain::{Kind, SecretName, ServerName};
use crate::store::StoreError;

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
    #[error("the master key {path} is not there, and secrets are sealed with it: put it back")]
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
    /// A file, a variable or a program gives something else.
    #[error("{from} gives no master key: {why}; put the right one back, a new key cannot open old secrets")]
    NotAKey {
        /// What gives it.
        from: String,
        /// What is wrong with it.
        why: String,
    },
    /// The program that should print the key did not.
    #[error("the master key could not be had from {program}: {why}; run it by hand to see more")]
    Command {
        /// The program.
        program: PathBuf,
        /// What went wrong; never what it printed.
        why: String,
    },
    /// What is on record of the passphrase's salt is none.
    #[error("the salt of the passphrase cannot be used: the record `{found}` was changed; restore a backup")]
    Salt {
        /// What is on record.
        found: String,
    },
    /// Another key sealed what is on record.
    #[error(
        "{source_of_ours} gives master key {ours}, and the records are sealed under {sealed}: put that key back, or name \
         it as the previous one when this one shall take over"
    )]
    WrongKey {
        /// The id of the key that is needed.
        sealed: String,
        /// The id of the key that was given.
        ours: String,
        /// Where it came from.
        source_of_ours: String,
    },
    /// The key cannot be replaced while Sigyl runs, since nothing gives another.
    #[error(
        "{0} gives the key that is in use: to replace it, let it give the new one; one that is a variable or a \
         passphrase is replaced by a start with the new one, the old one named as the previous"
    )]
    NoNewKey(String),
    /// A key takes over already.
    #[error("master key {to} takes over from {from} already: wait until it is done")]
    Busy {
        /// The old key.
        from: String,
        /// The new key.
        to: String,
    },
    /// The key that should be replaced does not seal any more.
    #[error("master key {0} does not seal: nothing was replaced")]
    NotSealing(String),
    /// What is on record of a key that takes over was changed.
    #[error(
        "one master key was taking over from another, and what is on record of that was changed: restore a backup"
    )]
    Handover,
    /// Something is still sealed under the old key.
    #[error("{left} secrets are sealed under the old master key still")]
    Unfinished {
        /// How many.
        left: usize,
    },
    /// What should get the key was ended.
    #[error("getting the master key was ended: {0}")]
    Ended(String),
    /// The records could not be read or written.
    #[error("could not read or write what is on record of secrets")]
    Store(#[from] StoreError),
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
    /// The secret was given up with the key that sealed it.
    #[error("secret {name} of {owner} was given up with the lost master key that sealed it: set it again")]
    GivenUp {
        /// The server.
        owner: ServerName,
        /// The secret.
        name: SecretName,
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
            Self::Io { .. }
            | Self::NoRandom(_)
            | Self::TooNew { .. }
            | Self::Command { .. }
            | Self::Ended(_)
            | Self::Unfinished { .. } => Kind::Unavailable,
            Self::NotPrivate { .. } | Self::NotOurs { .. } => Kind::Denied,
            Self::OtherKey { .. }
            | Self::GivenUp { .. }
            | Self::NotAKey { .. }
            | Self::Missing { .. }
            | Self::WrongKey { .. }
            | Self::NoNewKey(_)
            | Self::NotSealing(_)
            | Self::Busy { .. } => Kind::Conflict,
            Self::TooLong { .. } => Kind::Invalid,
            Self::Changed { .. } | Self::Salt { .. } | Self::Handover => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }
}
