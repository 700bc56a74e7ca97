//! Why the API of GitHub did not answer.

use crate::domain::{Kind, RepositoryName, Timestamp};
use crate::web::WebError;

/// The API could not be asked, or refused. Never holds a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// It cannot be reached, or answered what cannot be used.
    #[error("the API of GitHub cannot be asked")]
    Web(#[from] WebError),
    /// It answered with an error.
    #[error("GitHub answered {status}: {message}{}", hint(*status))]
    Refused {
        /// The status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The App is not installed where the repository is.
    #[error("the GitHub App is not installed where {0} is, or there is no such repository")]
    NotInstalled(RepositoryName),
    /// Nothing can be called so.
    #[error("`{0}` names no branch, tag or commit")]
    Reference(String),
    /// Nothing but this machine is asked.
    #[error("GitHub is not asked, because `offline` is set")]
    Offline,
    /// A list needs somebody who asks.
    #[error(
        "nobody is named who asks GitHub: run `sigyl setup github`, or set `token_env`, or `app_id` and `private_key_env`, in \
         the table [github] of the configuration; a public repository is named github:OWNER/REPO without"
    )]
    Nobody,
    /// An App sees no repositories but those of its installations.
    #[error(
        "a GitHub App sees repositories by installation: name an owner, or the number of an installation"
    )]
    WhichInstallation,
    /// A token has no installations.
    #[error(
        "there are installations where a GitHub App asks, and GitHub is asked otherwise here: name an owner"
    )]
    NoApp,
    /// It asks to be left alone.
    #[error("GitHub asks not to be asked before {until}: its rate limit is reached")]
    Limited {
        /// Until when.
        until: Timestamp,
    },
    /// It answered what nobody can use.
    #[error("GitHub answered what cannot be used: {0}")]
    Answer(&'static str),
    /// The key of the App cannot sign.
    #[error("the private key of the GitHub App cannot be used: {0}")]
    Key(&'static str),
}

fn hint(status: u16) -> &'static str {
    match status {
        401 => " (the token or the key of the App is not good any more)",
        403 => " (the token or the App lacks a permission)",
        404 => " (there is none, or the token or the App may not see it)",
        _ => "",
    }
}

impl ApiError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Web(error) => error.kind(),
            Self::Refused { status: 404, .. } | Self::NotInstalled(_) => Kind::NotFound,
            Self::Refused { status: 401 | 403, .. } => Kind::Denied,
            Self::Refused { .. } | Self::Answer(_) => Kind::Upstream,
            Self::Limited { .. } => Kind::Unavailable,
            Self::Offline
            | Self::Reference(_)
            | Self::Key(_)
            | Self::Nobody
            | Self::WhichInstallation
            | Self::NoApp => Kind::Invalid,
        }
    }
}
