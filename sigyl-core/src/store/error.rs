//! What can go wrong while keeping facts.

use std::path::PathBuf;

use crate::domain::{AuditHead, Digest, Kind, Quarantined, ServerName, Version};

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
    /// A folder that should be empty is not.
    #[error("{path} is not empty: name a new folder, or move what is there away")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The file of a backup cannot be made, or opened.
    #[error("could not {action} the backup {path}")]
    NoBackup {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file is no whole backup.
    #[error("{path} cannot be restored: {why}")]
    BadBackup {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
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
    /// Something that is there once is there already.
    #[error("{what} is taken")]
    Taken {
        /// What is taken.
        what: String,
    },
    /// There is no room for one more; there is later.
    #[error("{what} are remembered, as many as may be: try again later")]
    Full {
        /// What there is too much of.
        what: String,
    },
    /// What is to be recorded is under quarantine.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// An entry of the audit does not follow on its end.
    #[error("entry {offered} of the audit does not follow on its end {head}")]
    AuditFork {
        /// Where the audit ends.
        head: AuditHead,
        /// The number of the entry.
        offered: u64,
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
    /// A record was written by a newer Sigyl.
    #[error("the record {key} has format {found}, and this Sigyl knows up to {known}: use a newer Sigyl")]
    RecordTooNew {
        /// Which record.
        key: String,
        /// The format found.
        found: u8,
        /// The newest format known.
        known: u8,
    },
    /// A record nests deeper than it could be read back.
    #[error("the record {key} nests {depth} levels deep, and the limit is {limit}")]
    TooDeep {
        /// Which record.
        key: String,
        /// How deep it nests.
        depth: usize,
        /// How deep it may.
        limit: usize,
    },
    /// A failure left it unclear what the disk holds, so nothing more is read or written until the store is opened
    /// again.
    #[error(
        "the store in {path} stopped: {why}; mend the cause and start again, nothing acknowledged is lost"
    )]
    Stopped {
        /// The folder.
        path: PathBuf,
        /// What happened.
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
            Self::InUse { .. }
            | Self::Io { .. }
            | Self::Engine(_)
            | Self::Full { .. }
            | Self::Stopped { .. }
            | Self::TooNew { .. }
            | Self::RecordTooNew { .. } => Kind::Unavailable,
            Self::VersionTaken { .. }
            | Self::Taken { .. }
            | Self::AuditFork { .. }
            | Self::NotEmpty { .. } => Kind::Conflict,
            Self::NoBackup { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Kind::NotFound,
            Self::NoBackup { .. } | Self::BadBackup { .. } => Kind::Invalid,
            Self::Missing { .. } => Kind::NotFound,
            Self::Quarantined(_) => Kind::Blocked,
            Self::TooDeep { .. } => Kind::Invalid,
            Self::NotAdmitted { .. } | Self::Corrupt { .. } => Kind::Internal,
        }
    }
}
