//! A project at Google, and who calls its APIs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::call::{Call, Patience};
use super::credentials::{Credentials, CredentialsError};
use super::doctor::BUILDER;
use super::endpoints::{Api, Endpoints};
use super::refusal::{Class, Refusal};
use crate::deploy::{Remote, TargetError};
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
    /// The number of the project, once it is known.
    number: Mutex<Option<String>>,
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
    #[error("{refusal}{}", mended(.remedy))]
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

    /// Tells whether it was refused for one reason.
    pub(super) fn is(&self, class: &Class) -> bool {
        self.refusal().is_some_and(|refusal| refusal.class == *class)
    }

    /// Tells whether it may go well once Google knows everywhere of an account that was made just now, or of what it was
    /// granted.
    pub(super) fn may_settle(&self) -> bool {
        let Some(refusal) = self.refusal() else { return false };
        match &refusal.class {
            Class::Denied { .. } | Class::ActAs { .. } | Class::NotFound => true,
            Class::Invalid(_) | Class::Precondition => refusal.message.contains("does not exist"),
            _ => false,
        }
    }

    /// Says what happened, without what mends it.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Refused { refusal, .. } => refusal.to_string(),
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
        let (caller, number, lines) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { config, credentials, caller, number, web, lines }))
    }

    /// Returns the id of the project.
    pub fn project(&self) -> &str {
        &self.0.config.project
    }

    /// Returns the region.
    pub fn region(&self) -> &str {
        &self.0.config.region
    }

    /// Returns the number of the project: some APIs tell nothing else of whom something belongs to.
    pub(super) async fn number(&self) -> Result<String, GoogleError> {
        let known = self.0.number.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(number) = known {
            return Ok(number);
        }
        #[derive(serde::Deserialize)]
        struct Project {
            name: String,
        }
        let path = format!("v3/projects/{}", self.project());
        let name = "cloudresourcemanager.projects.get";
        let found: Project = self.call(Call::get(name, Api::ResourceManager, path)).await?;
        let number = found.name.trim_start_matches("projects/").to_owned();
        *self.0.number.lock().unwrap_or_else(PoisonError::into_inner) = Some(number.clone());
        Ok(number)
    }

    /// Does something, and again while Google may not know yet what was made just now.
    pub(super) async fn settled<T, W: Future<Output = Result<T, GoogleError>>>(
        &self,
        is_new: bool,
        work: impl Fn() -> W,
    ) -> Result<T, GoogleError> {
        let patience = self.patience();
        let (until, mut pause) = (tokio::time::Instant::now() + patience.settling, patience.first);
        loop {
            match work().await {
                Err(error) if is_new && error.may_settle() && tokio::time::Instant::now() + pause < until => {
                    tokio::time::sleep(pause).await;
                    pause = (2 * pause).min(patience.longest);
                }
                other => return other,
            }
        }
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

    pub(super) fn web(&self) -> Web {
        self.0.web
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

impl From<GoogleError> for TargetError {
    fn from(error: GoogleError) -> Self {
        let lost = error.is(&Class::Aborted);
        Self::Remote(Remote::new(error.kind(), error).lost(lost))
    }
}
