//! A project at Google, and who calls its APIs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::call::Patience;
use super::credentials::{Credentials, CredentialsError};
use super::doctor::BUILDER;
use super::endpoints::{Api, Endpoints};
use super::refusal::Refusal;
use crate::domain::Kind;
use crate::web::{Line, Web, WebError};

/// Where servers run at Google.
#[derive(Clone, Debug)]
pub struct GoogleConfig {
    /// The id of the project.
    pub project: String,
    /// The region, such as `europe-west1`.
    pub region: String,
    /// Where the APIs are.
    pub endpoints: Endpoints,
    /// How long calls are tried.
    pub patience: Patience,
}

/// A project at Google.
#[derive(Clone, Debug)]
pub struct Google(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: GoogleConfig,
    credentials: Credentials,
    /// The account that calls, once it is known.
    caller: Mutex<Option<String>>,
    web: Web,
    lines: Mutex<HashMap<Api, Line>>,
}

/// A call did not go well. Never holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoogleError {
    /// There is no token to call with.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// An API cannot be reached.
    #[error("{call}: {source}")]
    Web {
        /// The call.
        call: &'static str,
        /// The cause.
        source: WebError,
    },
    /// Google refused.
    #[error("{} was refused ({} {}): {}{}", .refusal.call, .refusal.status, .refusal.code, .refusal.message, mended(.remedy))]
    Refused {
        /// What it said.
        refusal: Box<Refusal>,
        /// What mends it.
        remedy: Option<String>,
    },
    /// What was begun ended badly.
    #[error("{call} failed (code {code}): {message}")]
    Failed {
        /// The call that began it.
        call: &'static str,
        /// The code of Google.
        code: i64,
        /// What it said.
        message: String,
    },
    /// What was begun did not end.
    #[error("{call} was not done after {}s; it may still go on at Google", .limit.as_secs())]
    Late {
        /// The call that began it.
        call: &'static str,
        /// How long it was waited for.
        limit: Duration,
    },
    /// An answer cannot be used.
    #[error("the answer of {call} cannot be used: {why}")]
    Answer {
        /// The call.
        call: &'static str,
        /// What is wrong.
        why: String,
    },
}

fn mended(remedy: &Option<String>) -> String {
    remedy.as_ref().map_or_else(String::new, |remedy| format!("; to mend it: {remedy}"))
}

impl GoogleError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Credentials(error) => error.kind(),
            Self::Web { source, .. } => source.kind(),
            Self::Refused { refusal, .. } => refusal.kind(),
            Self::Failed { .. } | Self::Late { .. } | Self::Answer { .. } => Kind::Upstream,
        }
    }

    /// Returns what was refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// Says what happened, without what mends it.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Refused { refusal, .. } => {
                format!(
                    "{} was refused ({} {}): {}",
                    refusal.call, refusal.status, refusal.code, refusal.message
                )
            }
            other => other.to_string(),
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_after)
    }
}

impl Google {
    /// Takes a project and who calls; nothing is asked yet.
    pub fn new(config: GoogleConfig, credentials: Credentials, web: Web) -> Self {
        let (caller, lines) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { config, credentials, caller, web, lines }))
    }

    /// Returns the id of the project.
    pub fn project(&self) -> &str {
        &self.0.config.project
    }

    /// Returns the region.
    pub fn region(&self) -> &str {
        &self.0.config.region
    }

    /// Returns who calls.
    pub fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// Returns the account that calls, asked for once; it is written into what mends a refusal.
    pub async fn caller(&self) -> Result<Option<String>, GoogleError> {
        let known = self.0.caller.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.is_some() {
            return Ok(known);
        }
        let account = self.0.credentials.account().await?;
        self.0.caller.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&account);
        Ok(account)
    }

    /// Returns the name of the bucket that sources are put into: names of buckets are the world's.
    pub(super) fn bucket(&self) -> String {
        format!("{}-sigyl-{}", self.project(), self.region())
    }

    /// Returns the account that builds.
    pub(super) fn builder(&self) -> String {
        format!("{BUILDER}@{}.iam.gserviceaccount.com", self.project())
    }

    pub(super) fn patience(&self) -> Patience {
        self.0.config.patience
    }

    /// Returns the connections to an API.
    pub(super) fn line(&self, api: Api) -> Result<Line, GoogleError> {
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(&api) {
            return Ok(line.clone());
        }
        let root = self.0.config.endpoints.root(api);
        let line = self.0.web.line(&root).map_err(|source| GoogleError::Web { call: api.name(), source })?;
        lines.insert(api, line.clone());
        Ok(line)
    }

    pub(super) fn refused(&self, refusal: Refusal) -> GoogleError {
        let caller = self.0.caller.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let remedy = refusal.remedy(self.project(), caller.as_deref().unwrap_or_default());
        GoogleError::Refused { refusal: Box::new(refusal), remedy }
    }
}
