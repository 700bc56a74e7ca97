//! Why a delivery is not taken.

use crate::domain::{DeliveryIdError, Kind};

/// A delivery is not taken. Never holds the secret, or anything of what was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HookError {
    /// No secret is set, so that nothing could be believed.
    #[error("webhooks of GitHub are not taken here: no webhook secret is set")]
    NotSetUp,
    /// It is not signed with the secret.
    #[error("the delivery is not signed with the secret that is set here: {0}")]
    Unsigned(&'static str),
    /// It does not say which event it is.
    #[error("the header X-GitHub-Event does not name an event")]
    NoEvent,
    /// It does not say which delivery it is.
    #[error("the header X-GitHub-Delivery is wrong")]
    NoId(#[from] DeliveryIdError),
    /// It was signed, and cannot be read.
    #[error("the event `{event}` cannot be read")]
    Unreadable {
        /// Its name.
        event: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl HookError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotSetUp => Kind::NotFound,
            Self::Unsigned(_) => Kind::Denied,
            Self::NoEvent | Self::NoId(_) | Self::Unreadable { .. } => Kind::Invalid,
        }
    }
}
