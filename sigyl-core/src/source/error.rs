//! Why a source could not be taken.

use std::path::{Path, PathBuf};

use crate::domain::Kind;

/// A source could not be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing there.
    #[error("{0} does not exist")]
    NotFound(String),
    /// A file where a folder was named.
    #[error("{0} is no folder, and no archive by its name")]
    NotAFolder(String),
    /// Nothing in it.
    #[error("{0} holds no files")]
    Empty(String),
    /// Files in it, none of which could be taken.
    #[error("{locator} holds no file that could be read: {path} was left out, {why}")]
    NothingRead {
        /// The source.
        locator: String,
        /// One of the files.
        path: String,
        /// Why it was left out.
        why: String,
    },
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
    /// Dependencies that cannot be pinned.
    #[error("{file}: {why}")]
    BadDependencies {
        /// The file that names them.
        file: String,
        /// What is wrong.
        why: String,
        /// What to do.
        remedy: String,
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
    /// The archive of a repository did not come.
    #[error("{what} could not be fetched")]
    Archive {
        /// The repository, and what was named of it.
        what: String,
        /// The class of this failure.
        kind: Kind,
        /// What happened.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Not a path of a file in a source.
    #[error("`{path}` is {why}, and no path of a file in a source")]
    BadPath {
        /// What was named, fit to be shown.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It would need the network.
    #[error("{0} needs the network, and --offline forbids it")]
    Offline(String),
    /// It would come from a host that may not be asked from here.
    #[error("sources do not come from {host} here: {why}")]
    BeyondReach {
        /// The host.
        host: String,
        /// Why not.
        why: String,
    },
    /// The operating system failed.
    #[error("could not {action} {}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
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
            Self::NotAFolder(_)
            | Self::Empty(_)
            | Self::NothingRead { .. }
            | Self::TooLarge { .. }
            | Self::BadPath { .. }
            | Self::BadArchive { .. }
            | Self::BadDependencies { .. } => Kind::Invalid,
            Self::Archive { kind, .. } => *kind,
            Self::Changed { .. } => Kind::Conflict,
            Self::Tool { .. } => Kind::Upstream,
            Self::MissingTool { .. } | Self::Offline(_) | Self::BeyondReach { .. } | Self::Io { .. } => {
                Kind::Unavailable
            }
        }
    }

    /// Makes the mapping of a failure of the operating system while it did `action` with `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// Says that `what` is over a limit of so many bytes.
    pub(super) fn over_bytes(what: impl Into<String>, limit: u64) -> Self {
        let limit = match limit {
            whole if whole >= 1 << 20 && whole.is_multiple_of(1 << 20) => format!("{} MiB", whole >> 20),
            bytes => format!("{bytes} bytes"),
        };
        Self::TooLarge { what: what.into(), limit }
    }
}
