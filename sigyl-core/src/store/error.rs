//! What can go wrong while keeping facts.

use std::path::PathBuf;

use crate::domain::{Digest, Kind, ServerName, Version};

/// A store could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process owns the folder.
    #[error("the store in {path} is in use by another process")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The folder was written by a newer Sigyl.
    #[error("the store in {path} has format {found}, and this Sigyl knows up to {known}: use a newer Sigyl")]
    TooNew {
        /// The folder.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// A version is published already, from other bytes.
    #[error("version {version} of {server} is already recorded from {recorded}, not from {offered}")]
    VersionTaken {
        /// The server.
        server: ServerName,
        /// The version.
        version: Version,
        /// The digest on record.
        recorded: Digest,
        /// The digest offered.
        offered: Digest,
    },
    /// A record and the admission that should have earned it differ.
    #[error("the version record of {server} {version} does not agree with its admission")]
    NotAdmitted {
        /// The server.
        server: ServerName,
        /// The version.
        version: Version,
    },
    /// A fact about something that is not there.
    #[error("{what} is not on record")]
    Missing {
        /// What is missing.
        what: String,
    },
    /// A record cannot be read back.
    #[error("the record {key} cannot be read: {why}")]
    Corrupt {
        /// Which record.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// The disk or the operating system failed.
    #[error("could not {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The engine underneath failed.
    #[error("the storage engine failed: {0}")]
    Engine(String),
}

impl StoreError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::InUse { .. } | Self::Io { .. } | Self::Engine(_) | Self::TooNew { .. } => Kind::Unavailable,
            Self::VersionTaken { .. } => Kind::Conflict,
            Self::Missing { .. } => Kind::NotFound,
            Self::NotAdmitted { .. } | Self::Corrupt { .. } => Kind::Internal,
        }
    }
}
