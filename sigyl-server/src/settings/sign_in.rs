//! How people and jobs get keys without being given one: the tables `[github]`, `[login]` and `[[trust]]`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sigyl_core::SignIn;
use sigyl_core::access::{SignInRules, Trust};
use sigyl_core::domain::{Role, Scope, SecretValue, WorkspaceName};
use sigyl_core::github::{GitHubClient, GitHubConfig};
use sigyl_core::web::Web;

use super::{Set, Settings, SettingsError};

/// The table `[github]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHub {
    /// Where its API is.
    #[serde(default = "api")]
    pub api_url: String,
    /// Where codes are exchanged.
    #[serde(default = "web")]
    pub oauth_url: String,
    /// Where browsers are sent.
    #[serde(default = "web")]
    pub web_url: String,
    /// The id of the OAuth or GitHub App.
    pub client_id: String,
    /// The variable that holds its secret; without one, browsers cannot sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_env: Option<String>,
}

fn api() -> String {
    "https://api.github.com".to_owned()
}

fn web() -> String {
    "https://github.com".to_owned()
}

/// The table `[login]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Login {
    /// Users of GitHub for whom an account is made.
    pub users: Vec<String>,
    /// Organisations for whose members one is made.
    pub organisations: Vec<String>,
    /// The workspace that a new account belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceName>,
    /// What it is there; a viewer when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// One table `[[trust]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    /// Who signs the tokens.
    pub issuer: String,
    /// For whom they are.
    pub audience: String,
    /// The repository that they are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Their subject; `*` at its end stands for any rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The workspace that the keys are for.
    pub workspace: WorkspaceName,
    /// What the keys are for.
    pub scopes: Vec<Scope>,
}

/// All of it, as it was set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignInSettings {
    /// GitHub.
    pub github: Set<Option<GitHub>>,
    /// The secret that its variable holds; it is shown nowhere.
    pub secret: Option<SecretValue>,
    /// Whom an account is made for.
    pub login: Set<Option<Login>>,
    /// Jobs that are trusted.
    pub trust: Set<Vec<Trusted>>,
}

impl SignInSettings {
    /// Takes what the file says, and reads the secret that it names a variable for.
    pub(super) fn resolve(
        github: Option<GitHub>,
        login: Option<Login>,
        trust: Vec<Trusted>,
        variables: &BTreeMap<OsString, OsString>,
    ) -> Result<Self, SettingsError> {
        let named = github.as_ref().and_then(|github| github.client_secret_env.as_deref());
        let secret = named.map(|name| {
            let value = variables.get(&OsString::from(name)).and_then(|value| value.to_str());
            let value = value.filter(|value| !value.is_empty());
            value.map(SecretValue::new).ok_or_else(|| SettingsError::Secret { name: name.to_owned() })
        });
        trust.iter().try_for_each(check)?;
        Ok(Self {
            github: of_file(github),
            secret: secret.transpose()?,
            login: of_file(login),
            trust: Set::first(None, ("", None), Some(trust).filter(|it| !it.is_empty()), Vec::new),
        })
    }
}

fn of_file<T>(table: Option<T>) -> Set<Option<T>> {
    Set::first(None, ("", None), table.map(Some), || None)
}

/// Refuses a rule that would trust everybody whom an issuer signs for, or tokens that anybody could change on their way.
fn check(trust: &Trusted) -> Result<(), SettingsError> {
    let wrong = |why| Err(SettingsError::Trust { issuer: trust.issuer.clone(), why });
    let is_here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let is_safe =
        |issuer: &str| issuer.starts_with("https://") || is_here.iter().any(|here| issuer.starts_with(here));
    if trust.repository.is_none() && trust.subject.as_deref().is_none_or(|subject| subject == "*") {
        return wrong("it names neither `repository` nor `subject`, and would trust everybody");
    }
    if !is_safe(&trust.issuer) {
        return wrong("its issuer has to be an https address");
    }
    if trust.scopes.is_empty() {
        return wrong("it has no `scopes`: a key of it would be for nothing");
    }
    Ok(())
}

impl Settings {
    /// Returns how people and jobs sign in.
    pub(crate) fn sign_in(&self) -> SignIn {
        let settings = &self.sign_in;
        let web = Web::new(self.offline.value);
        let github = settings.github.value.clone().map(|github| {
            let config = GitHubConfig {
                api_url: github.api_url,
                oauth_url: github.oauth_url,
                web_url: github.web_url,
                client_id: github.client_id,
                client_secret: settings.secret.clone(),
            };
            Arc::new(GitHubClient::new(config, web)) as Arc<dyn sigyl_core::github::GitHub>
        });
        let login = settings.login.value.clone().unwrap_or_default();
        let role = login.role.unwrap_or(Role::Viewer);
        let rules = SignInRules {
            users: login.users,
            organisations: login.organisations,
            place: login.workspace.map(|workspace| (workspace, role)),
        };
        let trust = settings.trust.value.iter().cloned().map(|rule| Trust {
            issuer: rule.issuer,
            audience: rule.audience,
            repository: rule.repository,
            subject: rule.subject,
            workspace: rule.workspace,
            scopes: rule.scopes,
        });
        SignIn { github, rules, trust: trust.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Arguments;
    use super::*;

    fn resolve(text: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("server.toml");
        std::fs::write(&file, format!("data_dir = '/d'\ncache_dir = '/c'\n{text}")).unwrap();
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Settings::resolve(Arguments { config: Some(file), ..Arguments::default() }, &variables)
    }

    const GITHUB: &str = "[github]\nclient_id = 'Iv1.x'\nclient_secret_env = 'GH'\n";
    const TRUST: &str = "[[trust]]\nissuer = 'https://i.example'\naudience = 'a'\nworkspace = 'red'\n";

    #[test]
    fn the_secret_is_read_from_its_variable_and_printed_nowhere() {
        let settings = resolve(GITHUB, &[("GH", "hunter2")]).unwrap();
        assert!(settings.sign_in().github.is_some_and(|github| github.has_browser_flow()));
        assert!(!format!("{settings:?}{settings}").contains("hunter2"));
        let missing = resolve(GITHUB, &[]).unwrap_err();
        assert!(missing.to_string().contains("`GH`"), "{missing}");
    }

    #[test]
    fn what_is_printed_reads_the_same() {
        let login = "[login]\norganisations = ['octo-org']\nworkspace = 'red'\nrole = 'member'\n";
        let trust = format!("{TRUST}repository = 'octo-org/weather'\nscopes = ['publish']\n");
        let settings = resolve(&format!("{GITHUB}{login}{trust}"), &[("GH", "x")]).unwrap();
        let again = resolve(
            &settings.to_string().replace("data_dir", "# ").replace("cache_dir", "# "),
            &[("GH", "x")],
        );
        let again = again.unwrap().sign_in;
        assert_eq!(again.github.value, settings.sign_in.github.value);
        assert_eq!(again.login.value, settings.sign_in.login.value);
        assert_eq!(again.trust.value, settings.sign_in.trust.value);
    }

    #[test]
    fn a_rule_that_trusts_everybody_is_refused() {
        for rest in ["scopes = ['read']", "subject = '*'\nscopes = ['read']", "subject = 's'\nscopes = []"] {
            let refused = resolve(&format!("{TRUST}{rest}\n"), &[]).unwrap_err();
            assert!(matches!(refused, SettingsError::Trust { .. }), "{rest}: {refused}");
        }
        let clear = TRUST.replace("https", "http");
        assert!(resolve(&format!("{clear}subject = 's'\nscopes = ['read']\n"), &[]).is_err());
    }
}
