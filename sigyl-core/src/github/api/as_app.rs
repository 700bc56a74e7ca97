//! What an App asks about itself.

use serde::Deserialize;

use super::client::RepositoryClient;
use super::{ApiError, courier};
use crate::github::app::{AppInstallation, AppSeen};
use crate::web::plain;

/// Installations that are listed: more are not looked for.
const MOST: usize = 100;

#[derive(Deserialize)]
struct Installed {
    id: u64,
    account: Option<Account>,
    repository_selection: Option<String>,
}

#[derive(Deserialize)]
struct Account {
    login: Option<String>,
    slug: Option<String>,
}

impl RepositoryClient {
    /// Asks GitHub what the App is there: its key is good when it answers.
    pub async fn app(&self) -> Result<AppSeen, ApiError> {
        let seen: AppSeen = self.own("/app").await?;
        Ok(AppSeen { name: plain(&seen.name), slug: plain(&seen.slug), ..seen })
    }

    /// Lists where the App is installed, 100 at most.
    pub async fn installed_at(&self) -> Result<Vec<AppInstallation>, ApiError> {
        let all: Vec<Installed> = self.own(&format!("/app/installations?per_page={MOST}")).await?;
        let told = all.into_iter().take(MOST).map(|one| AppInstallation {
            id: one.id,
            account: one
                .account
                .and_then(|it| it.login.or(it.slug))
                .as_deref()
                .map(plain)
                .unwrap_or_default(),
            has_all: one.repository_selection.as_deref() == Some("all"),
        });
        Ok(told.collect())
    }

    async fn own<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        let heard = self.office().look(path).await?;
        match heard.status {
            200 => Ok(heard.json()?),
            status => Err(courier::refusal(status, &heard.body)),
        }
    }
}
