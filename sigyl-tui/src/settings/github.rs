//! The GitHub that the configuration names, and who asks it for repositories.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use sigyl_core::GitHubWork;
use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{GitHubAsker, Locator, SecretValue};
use sigyl_core::github::api::{Credential, RepositoryClient};
use sigyl_core::github::app::{AppOpener, OpensApp};
use sigyl_core::source::{Archives, Fetcher, Limits};
use sigyl_core::web::Web;

use super::{Settings, SettingsError};
use crate::problem::chain;

/// The table `[github]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GitHubSettings {
    /// Where its API is.
    pub(crate) api_url: String,
    /// Where browsers find its repositories.
    pub(crate) web_url: String,
    /// The variable that holds a token, such as a fine-grained one.
    pub(crate) token_env: Option<String>,
    /// The id of the App that asks, in the place of a token.
    pub(crate) app_id: Option<u64>,
    /// The variable that holds its private key, as GitHub gave it.
    pub(crate) private_key_env: Option<String>,
}

impl Default for GitHubSettings {
    fn default() -> Self {
        Self {
            api_url: "https://api.github.com".to_owned(),
            web_url: "https://github.com".to_owned(),
            token_env: None,
            app_id: None,
            private_key_env: None,
        }
    }
}

impl GitHubSettings {
    /// Tells whether a token or an App is named.
    pub(crate) fn names_who_asks(&self) -> bool {
        self.token_env.is_some() || self.app_id.is_some() || self.private_key_env.is_some()
    }
}

impl Settings {
    /// Makes what gets a source into a folder, without a store.
    pub(crate) fn fetcher(&self, work: PathBuf, source: &Locator) -> Result<Fetcher, SettingsError> {
        let archives = match source {
            Locator::GitHub { .. } => self.archives()?,
            _ => None,
        };
        let fetcher = Fetcher::new(self.environment.tool_env(), Limits::default(), work, self.offline);
        Ok(fetcher.with_github(&self.github.web_url, archives))
    }

    /// Makes what asks GitHub for repositories, where somebody is named who asks.
    pub(super) fn archives(&self) -> Result<Option<Arc<dyn Archives>>, SettingsError> {
        let made = self.repositories()?.filter(|(_, asker)| *asker != GitHubAsker::Nobody);
        Ok(made.map(|(made, _)| made as Arc<dyn Archives>))
    }

    /// Puts what asks GitHub into what the handle is told. What everybody sees is listed without a token, too.
    pub(super) fn ask_github(&self, work: &mut GitHubWork) -> Result<(), SettingsError> {
        work.web_url.clone_from(&self.github.web_url);
        work.api_url.clone_from(&self.github.api_url);
        let Some((made, asker)) = self.repositories()? else { return Ok(()) };
        work.directory = Some(Arc::<RepositoryClient>::clone(&made));
        if asker != GitHubAsker::Nobody {
            work.archives = Some(made);
        }
        Ok(())
    }

    /// Makes what asks GitHub, and tells as whom it asks; nothing does offline.
    fn repositories(&self) -> Result<Option<(Arc<RepositoryClient>, GitHubAsker)>, SettingsError> {
        let (github, wrong) = (&self.github, |why: String| SettingsError::GitHub { why });
        let token = self.secret_of("token_env", github.token_env.as_deref())?;
        let key = self.secret_of("private_key_env", github.private_key_env.as_deref())?;
        let credential = Credential::of(token, github.app_id, key).map_err(|why| wrong(why.to_owned()))?;
        // Offline, a repository is refused as what it is, and nothing else that is done.
        if self.offline {
            return Ok(None);
        }
        let asker = credential.asker();
        let (web, clock) = (Web::new(self.offline), Arc::new(SystemClock));
        let made = RepositoryClient::new(&github.api_url, credential, &web, clock);
        Ok(Some((Arc::new(made.map_err(|error| wrong(chain(&error)))?), asker)))
    }

    /// Makes what asks as the App that is kept in the vault, where nobody is named who asks.
    pub(super) fn app_opener(&self) -> Option<Arc<dyn OpensApp>> {
        let is_named = self.github.names_who_asks();
        let opener = || Arc::new(AppOpener::new(Web::new(false), Arc::new(SystemClock))) as Arc<dyn OpensApp>;
        (!is_named && !self.offline).then(opener)
    }

    fn secret_of(&self, by: &str, name: Option<&str>) -> Result<Option<SecretValue>, SettingsError> {
        let Some(name) = name else { return Ok(None) };
        let wrong = |what: &str| SettingsError::GitHub { why: format!("`{by}` names {name}, which {what}") };
        let value = self.environment.get(name).ok_or_else(|| wrong("is not set"))?;
        value.to_str().map(SecretValue::new).map(Some).ok_or_else(|| wrong("is not valid UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, Flags};
    use super::*;

    fn archives(table: &str) -> Result<bool, String> {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config.toml");
        std::fs::write(&config, format!("[github]\n{table}")).unwrap();
        let environment = Environment::from([("GH", "ghp_secret"), ("EMPTY", "")]);
        let flags = Flags { config: Some(config), ..Flags::default() };
        let settings = Settings::resolve(flags, environment).map_err(|error| error.to_string())?;
        settings.archives().map(|archives| archives.is_some()).map_err(|error| error.to_string())
    }

    #[test]
    fn somebody_asks_where_a_token_or_an_app_is_named() {
        assert_eq!(archives(""), Ok(false));
        assert_eq!(archives("token_env = 'GH'"), Ok(true));
        assert_eq!(archives("app_id = 1\nprivate_key_env = 'GH'"), Ok(true));
    }

    #[test]
    fn what_is_half_named_or_unset_is_told_without_a_value() {
        for (table, why) in [
            ("token_env = 'NONE'", "`token_env` names NONE, which is not set"),
            ("token_env = 'EMPTY'", "which is not set"),
            ("app_id = 1", "needs both"),
            ("token_env = 'GH'\napp_id = 1", "not both"),
            ("token_env = 'GH'\napi_url = 'http://github.example'", "in the clear"),
            ("tokn_env = 'GH'", "unknown field"),
        ] {
            let error = archives(table).unwrap_err();
            assert!(error.contains(why) && !error.contains("ghp_secret"), "{error}");
        }
    }
}
