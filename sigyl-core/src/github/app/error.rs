//! Why there is no App, or none that can be used.

use crate::domain::{GitHubAppError, Kind, SecretValue};
use crate::web::WebError;

/// An App could not be made, kept or used. Never holds a code, a key or a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// What is said of it cannot be.
    #[error(transparent)]
    Facts(#[from] GitHubAppError),
    /// Its private key cannot sign.
    #[error("the private key of the GitHub App cannot be used: {0}")]
    Key(&'static str),
    /// GitHub cannot be reached.
    #[error("GitHub cannot be asked for the keys of the App")]
    Web(#[source] WebError),
    /// The code is over, was used, or is none.
    #[error("GitHub does not know the code that the browser brought: it holds for an hour, and once")]
    Code,
    /// GitHub answered with an error.
    #[error("GitHub answered {status} when it was asked for the keys of the App: {message}")]
    Refused {
        /// The status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// It answered what nobody can use.
    #[error("GitHub answered what cannot be used: {0}")]
    Answer(&'static str),
    /// Another App is kept.
    #[error("the App `{0}` is kept already: `sigyl setup github --forget` lets go of it")]
    Another(String),
    /// None is kept.
    #[error("no GitHub App is kept here")]
    None,
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    NoRandom(String),
    /// What was kept cannot be read.
    #[error("what is kept of the GitHub App cannot be read")]
    Unreadable,
}

impl AppError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Facts(_) | Self::Key(_) => Kind::Invalid,
            Self::Web(error) => error.kind(),
            Self::Code => Kind::Denied,
            Self::None => Kind::NotFound,
            Self::Another(_) => Kind::Conflict,
            Self::Refused { .. } | Self::Answer(_) => Kind::Upstream,
            Self::Unreadable | Self::NoRandom(_) => Kind::Internal,
        }
    }

    /// Says what went wrong on the way, without the path that was asked: the code stands in it.
    pub(super) fn of_web(error: WebError, root: &str, code: &SecretValue) -> Self {
        let root = root.to_owned();
        let clean = |why: String| why.replace(code.reveal(), "CODE");
        Self::Web(match error {
            WebError::Unreachable { why, .. } => WebError::Unreachable { url: root, why: clean(why) },
            WebError::Answer { why, .. } => WebError::Answer { url: root, why: clean(why) },
            WebError::Offline { .. } => WebError::Offline { url: root },
            WebError::Clear { .. } => WebError::Clear { url: root },
            _ => WebError::Unreachable { url: root, why: "it could not be asked".to_owned() },
        })
    }
}
