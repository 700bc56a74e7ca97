//! Lines of a kept source cannot be shown.

use crate::domain::Kind;
use crate::scan::render::ExcerptError;

/// Lines of a kept source cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeptError {
    /// The window is none.
    #[error(
        "{lines} lines from line {from} on are no window: lines count from 1, and 1 to {most} are shown at once"
    )]
    Window {
        /// The first line.
        from: u32,
        /// How many.
        lines: u32,
        /// How many at most.
        most: u32,
    },
    /// Not a path of a file in a source.
    #[error("`{path}` is {why}, and no path of a file in a source")]
    Path {
        /// What was named, fit to be shown.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nothing was kept, or it was removed.
    #[error("the source of {0} is not kept here any more")]
    Gone(String),
    /// The source has no such file.
    #[error("the source of {of} has no file `{path}`")]
    NoFile {
        /// The path, fit to be shown.
        path: String,
        /// Whose source.
        of: String,
    },
    /// No report is on record.
    #[error("no report on the source of {0} is on record, so that nobody can tell which secrets are in it")]
    Unscanned(String),
    /// The file cannot be shown.
    #[error("`{path}` is not shown: {source}")]
    Excerpt {
        /// The file.
        path: String,
        /// Why not.
        source: ExcerptError,
    },
}

impl KeptError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Window { .. } | Self::Path { .. } => Kind::Invalid,
            Self::Gone(_) | Self::NoFile { .. } => Kind::NotFound,
            Self::Unscanned(_) => Kind::Conflict,
            Self::Excerpt { source, .. } => source.kind(),
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Gone(_) => "E0411",
            Self::NoFile { .. } | Self::Path { .. } => "E0412",
            Self::Window { .. } | Self::Excerpt { source: ExcerptError::Beyond { .. }, .. } => "E0413",
            Self::Unscanned(_) | Self::Excerpt { .. } => "E0414",
        }
    }
}
