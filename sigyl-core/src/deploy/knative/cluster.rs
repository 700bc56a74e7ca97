//! A namespace of a cluster, and who calls its API server.

use std::sync::Arc;
use std::time::Duration;

use super::call::Patience;
use super::refusal::{Class, Refusal};
use super::token::{Bearer, TokenError};
use crate::deploy::{Remote, TargetError};
use crate::domain::Kind;
use crate::web::{Line, Web, WebError};

/// Where servers run in a cluster.
#[derive(Debug)]
pub struct ClusterConfig {
    /// What the cluster is called, such as `prod`.
    pub name: String,
    /// The address of its API server.
    pub api_server: String,
    /// The authorities that the certificate of that may come from, as PEM; those of the system when absent.
    pub authorities: Option<Vec<u8>>,
    /// The namespace.
    pub namespace: String,
    /// Whether servers can be called from outside the cluster, by anybody.
    pub public: bool,
    /// The secret by which images are pulled, if one is needed.
    pub pull_secret: Option<String>,
    /// Who calls.
    pub bearer: Bearer,
    /// How long calls are tried.
    pub patience: Patience,
}

/// A namespace of a cluster.
#[derive(Clone, Debug)]
pub struct Cluster(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: ClusterConfig,
    line: Line,
}

/// A call did not go well. Never holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KubeError {
    /// There is no token to call with.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The API server cannot be reached.
    #[error("{call}: {source}")]
    Web {
        /// The call.
        call: String,
        /// The cause.
        source: WebError,
    },
    /// The cluster refused.
    #[error("{refusal}{}", mended(.remedy))]
    Refused {
        /// What it said.
        refusal: Box<Refusal>,
        /// What mends it.
        remedy: Option<String>,
    },
    /// What was begun did not end.
    #[error("{what} after {}s; it may still go on in the cluster", .limit.as_secs())]
    Late {
        /// What is not so yet.
        what: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// An answer cannot be used.
    #[error("the answer of {call} cannot be used: {why}")]
    Answer {
        /// The call.
        call: String,
        /// What is wrong.
        why: String,
    },
}

fn mended(remedy: &Option<String>) -> String {
    remedy.as_ref().map_or_else(String::new, |remedy| format!("; to mend it: {remedy}"))
}

impl KubeError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Token(_) => Kind::Unavailable,
            Self::Web { source, .. } => source.kind(),
            Self::Refused { refusal, .. } => refusal.kind(),
            Self::Late { .. } | Self::Answer { .. } => Kind::Upstream,
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// Tells whether it was refused for one reason.
    pub(super) fn is(&self, class: &Class) -> bool {
        self.refusal().is_some_and(|refusal| refusal.class == *class)
    }

    /// Tells whether somebody else was first, so that what is there has to be read again.
    pub(super) fn is_lost(&self) -> bool {
        self.is(&Class::Conflict) || self.is(&Class::Exists)
    }

    /// Tells whether the same call may go well later.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => refusal.is_passing(),
            Self::Web { source, .. } => matches!(source, WebError::Unreachable { .. }),
            _ => false,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_after)
    }
}

impl Cluster {
    /// Takes a namespace and who calls; nothing is asked yet.
    pub fn new(config: ClusterConfig, web: Web) -> Result<Self, WebError> {
        let line = match &config.authorities {
            Some(authorities) => web.line_trusting(&config.api_server, authorities)?,
            None => web.line(&config.api_server)?,
        };
        Ok(Self(Arc::new(Inner { config, line })))
    }

    /// Returns what the cluster is called.
    pub fn name(&self) -> &str {
        &self.0.config.name
    }

    /// Returns the namespace.
    pub fn namespace(&self) -> &str {
        &self.0.config.namespace
    }

    /// Tells whether anybody may call servers from outside the cluster.
    pub(super) fn is_public(&self) -> bool {
        self.0.config.public
    }

    pub(super) fn pull_secret(&self) -> Option<&str> {
        self.0.config.pull_secret.as_deref()
    }

    pub(super) fn bearer(&self) -> &Bearer {
        &self.0.config.bearer
    }

    pub(super) fn patience(&self) -> Patience {
        self.0.config.patience
    }

    pub(super) fn line(&self) -> &Line {
        &self.0.line
    }

    pub(super) fn refused(&self, refusal: Refusal) -> KubeError {
        let remedy = refusal.remedy(self.namespace());
        KubeError::Refused { refusal: Box::new(refusal), remedy }
    }
}

impl From<KubeError> for TargetError {
    fn from(error: KubeError) -> Self {
        let lost = error.is_lost();
        Self::Remote(Remote::new(error.kind(), error).lost(lost))
    }
}
