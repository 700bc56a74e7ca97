//! A tree of plain files with one digest over paths, bytes and the lock.

use std::path::{Path, PathBuf};

use crate::domain::{Digest, Kind, Skipped, SourceRef};

/// Bounds on what is taken as a source.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Files at most.
    pub entries: usize,
    /// Bytes of one file at most.
    pub file: u64,
    /// Bytes of all files at most.
    pub total: u64,
    /// Folders inside folders at most.
    pub depth: usize,
    /// Unpacked bytes for each packed byte at most.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 100_000, file: 64 << 20, total: 1 << 30, depth: 64, ratio: 200 }
    }
}

/// One plain file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path inside the tree: relative, with `/`, without `.` and `..`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Digest of the bytes.
    pub digest: Digest,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// Which tool a lock belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockKind {
    /// `package-lock.json`.
    Npm,
    /// Requirements with exact versions and hashes.
    Pip,
    /// `Cargo.lock`.
    Cargo,
    /// `go.sum`.
    Go,
}

/// Every dependency at an exact version and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Which tool reads it.
    pub kind: LockKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it was made by Sigyl, since the source carried none.
    pub made: bool,
}

/// The files of one source, on disk, with their digests.
#[derive(Clone, Debug)]
pub struct SourceTree {
    pub(super) root: PathBuf,
    pub(super) entries: Vec<Entry>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) lock: Option<Lock>,
    pub(super) reference: SourceRef,
}

impl SourceTree {
    /// Returns the folder that holds the files.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the files, sorted by path.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns what was left out, and why.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Returns the dependencies at exact versions, if the source has any.
    pub fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// Returns where it came from, with its digest.
    pub fn reference(&self) -> &SourceRef {
        &self.reference
    }

    /// Returns the digest over sorted paths, bytes and the lock.
    pub fn digest(&self) -> Digest {
        self.reference.digest
    }

    /// Finds a file by its path.
    pub fn find(&self, path: &str) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok().map(|at| &self.entries[at])
    }
}

/// A source could not be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing there.
    #[error("{0} does not exist")]
    NotFound(String),
    /// Nothing in it.
    #[error("{0} holds no files")]
    Empty(String),
    /// Larger than the limits.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit.
        limit: String,
    },
    /// An archive that tries to leave its folder, or is broken.
    #[error("{archive}: {why}")]
    BadArchive {
        /// The archive.
        archive: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file changed after it was digested.
    #[error("{path} changed after it was scanned")]
    Changed {
        /// The file.
        path: String,
    },
    /// A tool is missing.
    #[error("`{tool}` was not found; {remedy}")]
    MissingTool {
        /// The program.
        tool: String,
        /// What to do.
        remedy: String,
    },
    /// A tool failed.
    #[error("`{command}` failed: {tail}")]
    Tool {
        /// The command, without credentials.
        command: String,
        /// The last lines it printed.
        tail: String,
    },
    /// It would need the network.
    #[error("{0} needs the network, and --offline forbids it")]
    Offline(String),
    /// The operating system failed.
    #[error("could not read {path}")]
    Io {
        /// What was read.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

impl SourceError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Empty(_) | Self::TooLarge { .. } | Self::BadArchive { .. } => Kind::Invalid,
            Self::Changed { .. } => Kind::Conflict,
            Self::Tool { .. } => Kind::Upstream,
            Self::MissingTool { .. } | Self::Offline(_) | Self::Io { .. } => Kind::Unavailable,
        }
    }
}
