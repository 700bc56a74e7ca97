//! How people and jobs get keys without being given one: the tables `[github]`, `[[oidc]]`, `[login]` and `[[trust]]`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigyl_core::access::oidc::Issuer;
use sigyl_core::access::{SignInRules, Trust};
use sigyl_core::clock::SystemClock;
use sigyl_core::domain::{Role, SecretValue, WorkspaceName};
use sigyl_core::github::api::{Credential, RepositoryClient};
use sigyl_core::github::app::AppOpener;
use sigyl_core::github::{GitHubClient, GitHubConfig};
use sigyl_core::web::Web;
use sigyl_core::{GitHubWork, SignIn};
use toml::Spanned;

use super::{Set, Settings, SettingsError, Trusted};

/// Fewest seconds between two looks at a branch.
const POLL_LEAST: u64 = 10;

/// Fewest bytes of a webhook secret.
const WEBHOOK_SECRET_LEAST: usize = 16;

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
    /// The id of the OAuth or GitHub App; without it nobody signs in by GitHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The variable that holds its secret; without one, browsers cannot sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_env: Option<String>,
    /// The variable that holds what it signs its webhooks with; without one, none is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret_env: Option<String>,
    /// The variable that holds a token for repositories, such as a fine-grained one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_env: Option<String>,
    /// The id of the App that asks about repositories, in the place of a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<u64>,
    /// The variable that holds its private key, as GitHub gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_env: Option<String>,
    /// Seconds between two looks at the branches that are followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_seconds: Option<u64>,
}

fn api() -> String {
    "https://api.github.com".to_owned()
}

fn web() -> String {
    "https://github.com".to_owned()
}

/// One table `[[oidc]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// What it is called in addresses and on the command line.
    pub name: String,
    /// What its button says; the name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who signs its tokens.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// The variable that holds our secret there, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_env: Option<String>,
    /// What is asked for beside `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim by which a new account is called.
    #[serde(default = "login_claim")]
    pub login_claim: String,
    /// The claim that lists somebody's groups.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// Domains of proven addresses that are let in.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Groups that are let in.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Whether everybody is let in whom it signs for.
    #[serde(default)]
    pub everybody: bool,
}

fn scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn login_claim() -> String {
    "preferred_username".to_owned()
}

fn groups_claim() -> String {
    "groups".to_owned()
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

/// All of it, as it was set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignInSettings {
    /// GitHub.
    pub github: Set<Option<GitHub>>,
    /// The secret that its variable holds; it is shown nowhere.
    pub secret: Option<SecretValue>,
    /// What webhooks are signed with; it is shown nowhere.
    pub webhook_secret: Option<SecretValue>,
    /// Who asks about repositories; it is shown nowhere.
    pub credential: Credential,
    /// Issuers of OpenID Connect.
    pub oidc: Set<Vec<Oidc>>,
    /// The secrets at these, in the same order; they are shown nowhere.
    pub oidc_secrets: Vec<Option<SecretValue>>,
    /// Whom an account is made for.
    pub login: Set<Option<Login>>,
    /// Jobs that are trusted.
    pub trust: Set<Vec<Trusted>>,
}

impl SignInSettings {
    /// Takes what the file says, and reads the secret that it names a variable for.
    pub(super) fn resolve(
        github: Option<GitHub>,
        oidc: Vec<Oidc>,
        login: Option<Login>,
        trust: Vec<Spanned<Trusted>>,
        variables: &BTreeMap<OsString, OsString>,
    ) -> Result<Self, SettingsError> {
        let secret = |named: Option<&str>, by| named.map(|name| secret(name, by, variables)).transpose();
        let github_secret = github.as_ref().and_then(|github| github.client_secret_env.as_deref());
        let hooks = github.as_ref().and_then(|github| github.webhook_secret_env.as_deref());
        let webhook_secret = secret(hooks, "github.webhook_secret_env")?;
        if let Some(weak) = &webhook_secret {
            check_webhook_secret(hooks.unwrap_or_default(), weak)?;
        }
        check_issuers(&oidc)?;
        let trust: Vec<_> = trust.into_iter().map(Spanned::into_inner).collect();
        let secrets =
            oidc.iter().map(|one| secret(one.client_secret_env.as_deref(), "oidc.client_secret_env"));
        Ok(Self {
            secret: secret(github_secret, "github.client_secret_env")?,
            webhook_secret,
            credential: credential(github.as_ref(), &secret)?,
            github: of_file(github),
            oidc_secrets: secrets.collect::<Result<_, _>>()?,
            oidc: Set::first(None, ("", None), Some(oidc).filter(|it| !it.is_empty()), Vec::new),
            login: of_file(login),
            trust: Set::first(None, ("", None), Some(trust).filter(|it| !it.is_empty()), Vec::new),
        })
    }
}

fn of_file<T>(table: Option<T>) -> Set<Option<T>> {
    Set::first(None, ("", None), table.map(Some), || None)
}

/// Reads a secret from the variable that is named for it.
pub(super) fn secret(
    name: &str,
    by: &'static str,
    variables: &BTreeMap<OsString, OsString>,
) -> Result<SecretValue, SettingsError> {
    let value = variables.get(&OsString::from(name)).and_then(|value| value.to_str());
    let value = value.filter(|value| !value.is_empty());
    value.map(SecretValue::new).ok_or_else(|| SettingsError::Secret { name: name.to_owned(), by })
}

/// Finds who asks about repositories.
fn credential(
    github: Option<&GitHub>,
    secret: &impl Fn(Option<&str>, &'static str) -> Result<Option<SecretValue>, SettingsError>,
) -> Result<Credential, SettingsError> {
    let Some(github) = github else { return Ok(Credential::Nothing) };
    let wrong = |why: &str| Err(SettingsError::GitHub { why: why.to_owned() });
    let token = secret(github.token_env.as_deref(), "github.token_env")?;
    let key = secret(github.private_key_env.as_deref(), "github.private_key_env")?;
    if github.poll_seconds.is_some_and(|seconds| seconds < POLL_LEAST) {
        return wrong("`poll_seconds` is less than 10: GitHub would not answer for long");
    }
    Credential::of(token, github.app_id, key).or_else(wrong)
}

/// Refuses a secret that somebody could find by trying.
fn check_webhook_secret(name: &str, secret: &SecretValue) -> Result<(), SettingsError> {
    match secret.reveal().len() >= WEBHOOK_SECRET_LEAST {
        true => Ok(()),
        false => Err(SettingsError::Weak { name: name.to_owned(), least: WEBHOOK_SECRET_LEAST }),
    }
}

/// Tells whether nobody on the way can read or change what is said at an address.
pub(super) fn is_safe(issuer: &str) -> bool {
    let on = |here: &str| {
        issuer.strip_prefix(here).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    };
    issuer.starts_with("https://")
        || ["http://127.0.0.1", "http://localhost", "http://[::1]"].into_iter().any(on)
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// Refuses issuers that cannot be told apart, or by which nobody or anybody could sign in unmeant.
fn check_issuers(all: &[Oidc]) -> Result<(), SettingsError> {
    for (at, one) in all.iter().enumerate() {
        let wrong = |why| Err(SettingsError::Issuer { name: one.name.chars().take(64).collect(), why });
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_bound = !one.domains.is_empty() || !one.groups.is_empty();
        if one.name.is_empty() || one.name.len() > 32 || !one.name.bytes().all(plain) {
            return wrong("its `name` has to be 1 to 32 of a-z, 0-9 and `-`");
        }
        if matches!(one.name.as_str(), "github" | "oidc") {
            return wrong("`github` and `oidc` mean something else: take another `name`");
        }
        if all[..at].iter().any(|other| other.name == one.name || other.issuer == one.issuer) {
            return wrong("another [[oidc]] has the same `name` or `issuer`");
        }
        if !is_safe(&one.issuer) || one.issuer.contains(['?', '#']) {
            return wrong("its `issuer` has to be an https address without a query");
        }
        if one.client_id.is_empty() {
            return wrong("its `client_id` is empty");
        }
        if !is_bound && !one.everybody {
            return wrong("it lets nobody in: name `domains` or `groups`, or set `everybody = true`");
        }
        if is_bound && one.everybody {
            return wrong("it lets in everybody, and those alone who are named: leave one of the two out");
        }
    }
    Ok(())
}

impl Settings {
    /// Returns what is done with GitHub beside signing in.
    pub(crate) fn github_work(&self) -> Result<GitHubWork, SettingsError> {
        let mut work = GitHubWork::default();
        if let Some(github) = &self.sign_in.github.value {
            work.web_url = github.web_url.clone();
            work.api_url = github.api_url.clone();
            if let Some(seconds) = github.poll_seconds {
                work.poll_every = Duration::from_secs(seconds);
            }
        }
        work.webhook_secret = self.sign_in.webhook_secret.clone();
        let credential = self.sign_in.credential.clone();
        let is_nobody = matches!(credential, Credential::Nothing);
        // An App that is kept in the vault asks where nobody is named who does.
        if is_nobody && !self.offline.value {
            let opener = AppOpener::new(Web::new(false), Arc::new(SystemClock));
            work.app = Some(Arc::new(opener));
        }
        if is_nobody && self.offline.value {
            return Ok(work);
        }
        let api_url = self.sign_in.github.value.as_ref().map(|github| github.api_url.clone());
        let api_url = api_url.unwrap_or_else(api);
        let (web, clock) = (Web::new(self.offline.value), Arc::new(SystemClock));
        let made = RepositoryClient::new(&api_url, credential, &web, clock);
        let made = Arc::new(made.map_err(|error| SettingsError::GitHub { why: chain(&error) })?);
        // What everybody sees is listed without a token, too.
        work.directory = Some(Arc::<RepositoryClient>::clone(&made));
        if !is_nobody {
            work.archives = Some(Arc::<RepositoryClient>::clone(&made));
            work.api = Some(made);
        }
        Ok(work)
    }

    /// Returns how people and jobs sign in.
    pub(crate) fn sign_in(&self) -> SignIn {
        let settings = &self.sign_in;
        let web = Web::new(self.offline.value);
        let github = settings.github.value.clone().and_then(|github| {
            let config = GitHubConfig {
                api_url: github.api_url,
                oauth_url: github.oauth_url,
                web_url: github.web_url,
                client_id: github.client_id?,
                client_secret: settings.secret.clone(),
            };
            Some(Arc::new(GitHubClient::new(config, web)) as Arc<dyn sigyl_core::github::GitHub>)
        });
        let issuers = settings.oidc.value.iter().cloned().zip(&settings.oidc_secrets);
        let oidc = issuers.map(|(one, secret)| Issuer {
            title: one.title.unwrap_or_else(|| one.name.clone()),
            name: one.name,
            issuer: one.issuer,
            client_id: one.client_id,
            client_secret: secret.clone(),
            scopes: one.scopes,
            login_claim: one.login_claim,
            groups_claim: one.groups_claim,
            domains: one.domains,
            groups: one.groups,
            everybody: one.everybody,
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
        SignIn { github, oidc: oidc.collect(), rules, trust: trust.collect() }
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
    fn webhooks_are_taken_with_a_secret_that_nobody_guesses() {
        let text = "[github]\nwebhook_secret_env = 'HOOKS'\n";
        let settings = resolve(text, &[("HOOKS", "hunter2hunter2hunter2")]).unwrap();
        assert!(settings.sign_in().github.is_none(), "nobody signs in without the id of an App");
        let work = settings.github_work().unwrap();
        assert_eq!(work.webhook_secret.unwrap().reveal(), "hunter2hunter2hunter2");
        assert!(!format!("{settings:?}{settings}").contains("hunter2"));
        let weak = resolve(text, &[("HOOKS", "hunter2")]).unwrap_err().to_string();
        assert!(weak.contains("`HOOKS`") && !weak.contains("hunter2"), "{weak}");
        assert!(resolve(text, &[]).unwrap_err().to_string().contains("`HOOKS`"));
    }

    #[test]
    fn repositories_are_asked_about_with_a_token_or_as_an_app() {
        let all = [("T", "ghp_hunter2"), ("K", "hunter2")];
        let work = |text: &str| {
            let settings = resolve(&format!("[github]\n{text}"), &all)?;
            assert!(!format!("{settings:?}{settings}").contains("hunter2"));
            settings.github_work()
        };
        let named = work("token_env = 'T'").unwrap();
        assert!(named.api.is_some() && named.app.is_none(), "what is named wins over an App that is kept");
        assert!(work("").unwrap().app.is_some());
        let app =
            work("app_id = 12\nprivate_key_env = 'K'\npoll_seconds = 60\nweb_url = 'https://g.example'");
        let app = app.unwrap();
        assert!(app.api.is_some() && app.poll_every.as_secs() == 60 && app.web_url == "https://g.example");
        assert!(work("webhook_secret_env = 'T'\n").is_err(), "it is too short");
        assert!(work("").unwrap().api.is_none());
        for (text, why) in [
            ("app_id = 12", "both `app_id` and"),
            ("private_key_env = 'K'", "both `app_id` and"),
            ("token_env = 'T'\napp_id = 12\nprivate_key_env = 'K'", "not both"),
            ("token_env = 'T'\npoll_seconds = 1", "less than 10"),
            ("token_env = 'T'\napi_url = 'http://github.example'", "in the clear"),
        ] {
            let refused = work(text).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }

    const OIDC: &str = "[[oidc]]\nname = 'acme'\nissuer = 'https://login.acme.example'\nclient_id = 'us'\n";

    #[test]
    fn an_issuer_has_what_the_file_says_and_its_secret_from_its_variable() {
        let text = format!("{OIDC}title = 'Acme'\nclient_secret_env = 'ACME'\ngroups = ['dev']\n");
        let settings = resolve(&text, &[("ACME", "hunter2")]).unwrap();
        let issuer = settings.sign_in().oidc.remove(0);
        assert_eq!((issuer.name.as_str(), issuer.title.as_str()), ("acme", "Acme"));
        assert_eq!(issuer.client_secret.unwrap().reveal(), "hunter2");
        assert_eq!((issuer.login_claim.as_str(), issuer.scopes.len()), ("preferred_username", 2));
        let printed = settings.to_string();
        assert!(
            !format!("{settings:?}{printed}").contains("hunter2") && printed.contains("login.acme.example")
        );
        let missing = resolve(&text, &[]).unwrap_err().to_string();
        assert!(missing.contains("`ACME`") && missing.contains("`oidc.client_secret_env`"), "{missing}");
    }

    #[test]
    fn an_issuer_that_lets_in_nobody_or_anybody_unmeant_is_refused() {
        assert!(resolve(&format!("{OIDC}everybody = true\n"), &[]).is_ok());
        let both = format!("{OIDC}everybody = true\n{OIDC}everybody = true\n");
        for wrong in [
            OIDC.to_owned(),
            format!("{OIDC}groups = ['dev']\neverybody = true\n"),
            format!("{OIDC}groups = ['dev']\nclient_secret = 'x'\n"),
            format!("{OIDC}groups = ['dev']\n").replace("acme'", "github'"),
            format!("{OIDC}groups = ['dev']\n").replace("'acme'", "'a/b'"),
            format!("{OIDC}groups = ['dev']\n").replace("https:", "http:"),
            format!("{OIDC}groups = ['dev']\n").replace("https://", "http://localhost."),
            both,
        ] {
            assert!(resolve(&wrong, &[]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_printed_reads_the_same() {
        let login = "[login]\norganisations = ['octo-org']\nworkspace = 'red'\nrole = 'member'\n";
        let trust = format!("{TRUST}repository = 'octo-org/weather'\nscopes = ['publish']\n");
        let oidc = format!("{OIDC}domains = ['acme.example']\n");
        let settings = resolve(&format!("{GITHUB}{oidc}{login}{trust}"), &[("GH", "x")]).unwrap();
        let again = resolve(
            &settings.to_string().replace("data_dir", "# ").replace("cache_dir", "# "),
            &[("GH", "x")],
        );
        let again = again.unwrap().sign_in;
        assert_eq!(again.github.value, settings.sign_in.github.value);
        assert_eq!(again.oidc.value, settings.sign_in.oidc.value);
        assert_eq!(again.login.value, settings.sign_in.login.value);
        assert_eq!(again.trust.value, settings.sign_in.trust.value);
    }
}
