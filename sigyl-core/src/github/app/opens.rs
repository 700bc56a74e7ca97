//! Who asks as the App that is kept.

use std::sync::Arc;

use crate::domain::{GitHubApp, GitHubAppKeys};
use crate::github::api::{ApiError, Directory, Repositories};
use crate::source::Archives;

/// What asks as an App.
#[derive(Clone, Debug)]
pub struct AppClients {
    /// About repositories.
    pub api: Arc<dyn Repositories>,
    /// For archives.
    pub archives: Arc<dyn Archives>,
    /// For lists of what is there.
    pub directory: Arc<dyn Directory>,
}

/// Makes what asks as an App, where nobody else was named who asks.
pub trait OpensApp: Send + Sync + std::fmt::Debug {
    /// Makes it; nothing is asked yet.
    fn open(&self, app: &GitHubApp, keys: &GitHubAppKeys) -> Result<AppClients, ApiError>;
}

/// Asks GitHub itself.
#[cfg(feature = "github")]
#[derive(Debug)]
pub struct AppOpener {
    web: crate::web::Web,
    clock: Arc<dyn crate::clock::Clock>,
}

#[cfg(feature = "github")]
impl AppOpener {
    /// Makes clients that ask by `web`.
    pub fn new(web: crate::web::Web, clock: Arc<dyn crate::clock::Clock>) -> Self {
        Self { web, clock }
    }
}

#[cfg(feature = "github")]
impl OpensApp for AppOpener {
    fn open(&self, app: &GitHubApp, keys: &GitHubAppKeys) -> Result<AppClients, ApiError> {
        use crate::github::api::{Credential, RepositoryClient};
        let credential = Credential::App { id: app.id.to_string(), key: keys.private_key.clone() };
        let made = RepositoryClient::new(&app.api_url, credential, &self.web, Arc::clone(&self.clock))?;
        let made = Arc::new(made);
        let (api, archives) = (Arc::<RepositoryClient>::clone(&made), Arc::<RepositoryClient>::clone(&made));
        Ok(AppClients { api, archives, directory: made })
    }
}
