//! What can go wrong with documents.

use crate::domain::{
    AddressError, DocumentError, DocumentName, DocumentVersion, Issue, IssueSeverity, Kind, ListingStatus,
    Quarantined, StandingError,
};
use crate::registry::QueryError;
use crate::store::StoreError;

/// A document cannot be taken, found or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// It does not pass the checks.
    #[error("the document cannot be published: {}", in_short(.0))]
    Invalid(Vec<Issue>),
    /// Its version is on record.
    #[error("version {version} of {name} is already published, and a version never changes: publish another")]
    Taken {
        /// The name.
        name: DocumentName,
        /// The version.
        version: DocumentVersion,
    },
    /// An address belongs to another name.
    #[error("the remote {url} already belongs to {name}")]
    UrlTaken {
        /// The address.
        url: String,
        /// Whose it is.
        name: DocumentName,
    },
    /// It is under quarantine.
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    /// A name belongs to somebody else.
    #[error("{0} belongs to another workspace")]
    Owned(DocumentName),
    /// A name has more versions than one may have.
    #[error("{name} has {most} versions, and no more are taken")]
    TooMany {
        /// The name.
        name: DocumentName,
        /// How many there may be.
        most: usize,
    },
    /// Nothing of that name is on record.
    #[error("there is no server {0} in the registry")]
    NoName(DocumentName),
    /// The version is not on record.
    #[error("there is no version {version} of {name} in the registry")]
    NoVersion {
        /// The name.
        name: DocumentName,
        /// The version.
        version: String,
    },
    /// A document is put where another belongs.
    #[error("the document is version {version} of {name}, and the address names another")]
    ElseWhere {
        /// The name in the document.
        name: DocumentName,
        /// The version in it.
        version: DocumentVersion,
    },
    /// It stands so already.
    #[error("there is nothing to change: {name} is already {status}")]
    NoChange {
        /// The name.
        name: DocumentName,
        /// How it stands.
        status: ListingStatus,
    },
    /// A version with source stands as its server does.
    #[error("{0} was released here and has no document to change: `sigyl delete` removes its server")]
    Released(DocumentName),
    /// The words of a status cannot be taken.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// A name or version cannot be one.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The address of another registry cannot be one.
    #[error("the address of the registry has {bytes} bytes, and it has 1 to {most}")]
    Source {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// A list cannot be asked for so.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A document on record cannot be read.
    #[error("a document on record cannot be read")]
    Unreadable(#[from] DocumentError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The work was cut off: a defect, or this process ends.
    #[error("the work on the document did not end: {0}")]
    CutOff(String),
}

impl ListingError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_)
            | Self::ElseWhere { .. }
            | Self::NoChange { .. }
            | Self::Standing(_)
            | Self::Source { .. }
            | Self::Address(_) => Kind::Invalid,
            Self::Query(error) => error.kind(),
            Self::Taken { .. } | Self::UrlTaken { .. } | Self::TooMany { .. } | Self::Released(_) => {
                Kind::Conflict
            }
            Self::Owned(_) => Kind::Denied,
            Self::Quarantined(_) => Kind::Blocked,
            Self::NoName(_) | Self::NoVersion { .. } => Kind::NotFound,
            Self::Unreadable(_) | Self::CutOff(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    /// Returns what is wrong with the document, if that is it.
    pub fn issues(&self) -> &[Issue] {
        match self {
            Self::Invalid(issues) => issues,
            _ => &[],
        }
    }
}

/// The first error, and how many there are besides.
fn in_short(issues: &[Issue]) -> String {
    let mut errors = issues.iter().filter(|issue| issue.severity == IssueSeverity::Error);
    match (errors.next(), errors.count()) {
        (None, _) => "it does not pass the checks".to_owned(),
        (Some(first), 0) => first.to_string(),
        (Some(first), more) => format!("{first} (and {more} more)"),
    }
}
