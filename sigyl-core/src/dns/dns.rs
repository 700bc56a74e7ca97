//! What is asked of the domain name system.

use async_trait::async_trait;

use crate::domain::Kind;

/// The domain name system, or what stands in for it.
#[async_trait]
pub trait Dns: Send + Sync + std::fmt::Debug {
    /// Returns the texts (TXT) that a domain itself has on record; none of a name that it is an alias for.
    async fn texts(&self, domain: &str) -> Result<Vec<String>, DnsError>;
}

/// The domain name system could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DnsError {
    /// It is not known whom to ask.
    #[error("no name server can be asked: {0}")]
    NoServer(String),
    /// Nobody answered, or with what nobody can use.
    #[error("the texts of {domain} cannot be looked up: {why}")]
    Unanswered {
        /// Which domain.
        domain: String,
        /// What happened.
        why: String,
    },
}

impl DnsError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoServer(_) => Kind::Unavailable,
            Self::Unanswered { .. } => Kind::Upstream,
        }
    }
}
