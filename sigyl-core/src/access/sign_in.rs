//! Who may sign in by another system, and as what.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::AccessError;
use super::oidc::{Claims, TokenError};
use crate::domain::{Digest, Identity, Kind, Login, LoginError, Role, Scope, SecretValue, WorkspaceName};
use crate::github::GitHubError;
use crate::web::WebError;

/// Whom an account is made for at their first sign-in, and what it may.
#[derive(Clone, Debug, Default)]
pub struct SignInRules {
    /// Logins of GitHub, in any case.
    pub users: Vec<String>,
    /// Organisations of GitHub whose members may sign in, in any case.
    pub organisations: Vec<String>,
    /// The workspace that a new account belongs to, and as what; none when absent.
    pub place: Option<(WorkspaceName, Role)>,
}

impl SignInRules {
    /// Tells whether a new account may be made for a user of GitHub.
    pub fn allow(&self, login: &str, organisations: &[String]) -> bool {
        let named = |list: &[String], name: &str| list.iter().any(|own| own.eq_ignore_ascii_case(name));
        named(&self.users, login) || organisations.iter().any(|one| named(&self.organisations, one))
    }
}

/// Somebody whom another system vouches for.
#[derive(Clone, Debug)]
pub struct Proven {
    /// How it knows them.
    pub identity: Identity,
    /// What they are called there.
    pub login: String,
    /// What they call themselves.
    pub name: Option<String>,
    /// Whether an account may be made for them.
    pub allowed: bool,
    /// Namespaces that are theirs by it; nothing where it says nothing of any.
    pub namespaces: Option<Vec<String>>,
}

impl Proven {
    /// Returns the login that a new account of theirs has: of an address, what stands before its `@`.
    pub fn account_login(&self) -> Result<Login, LoginError> {
        let own = self.login.split_once('@').map_or(self.login.as_str(), |(own, _)| own);
        Login::parse(&own.to_ascii_lowercase())
    }
}

/// Characters of the name of an owner at GitHub, and some more.
const OWNER_MOST: usize = 64;

/// Jobs of another system that get a key for a short while, without a secret that is kept there.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Who signs their tokens, such as `https://token.actions.githubusercontent.com`.
    pub issuer: String,
    /// For whom the tokens are.
    pub audience: String,
    /// The claim `repository` that they have, such as `octo-org/weather`.
    pub repository: Option<String>,
    /// The claim `sub` that they have; `*` at its end stands for any rest.
    pub subject: Option<String>,
    /// The workspace that their keys are for.
    pub workspace: WorkspaceName,
    /// What their keys are for.
    pub scopes: Vec<Scope>,
}

impl Trust {
    /// Tells whether a token of the issuer is one of these jobs. What names nobody trusts nobody.
    pub fn covers(&self, claims: &Claims) -> bool {
        let subject = self.subject.as_deref().map(|wanted| match wanted.strip_suffix('*') {
            Some(start) => claims.subject().starts_with(start),
            None => claims.subject() == wanted,
        });
        let repository = self.repository.as_deref();
        let repository = repository.map(|wanted| claims.text("repository") == Some(wanted));
        match (subject, repository) {
            (None, None) => false,
            (subject, repository) => subject.unwrap_or(true) && repository.unwrap_or(true),
        }
    }
}

impl Trust {
    /// Who signs the tokens of jobs of GitHub Actions.
    pub const GITHUB_ACTIONS: &'static str = "https://token.actions.githubusercontent.com";

    /// Returns the namespace that a job proves by its token: that of the owner of its repository, as GitHub says it.
    pub fn namespace(&self, claims: &Claims) -> Option<String> {
        let owner = claims.text("repository_owner").filter(|_| self.issuer == Self::GITHUB_ACTIONS)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_owner = (1..=OWNER_MOST).contains(&owner.len()) && owner.chars().all(is_plain);
        is_owner.then(|| format!("io.github.{owner}"))
    }
}

/// Returns what is told of a verifier before it is shown (PKCE, S256).
pub fn code_challenge(verifier: &SecretValue) -> String {
    URL_SAFE_NO_PAD.encode(Digest::of(verifier.reveal().as_bytes()).as_bytes())
}

/// Somebody cannot sign in. Never holds a token, a code or a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// It is not set up.
    #[error("nobody can sign in here by {0}: the server has no settings for it")]
    NotSetUp(&'static str),
    /// No rule lets them have an account.
    #[error("{who} has no account here, and no rule of this server makes one")]
    NotAllowed {
        /// Who it is, as the other system calls them.
        who: String,
    },
    /// The issuer signs for them, and no rule lets them in.
    #[error("{who} is signed in at {by}, and no rule of this server lets them in")]
    NotLetIn {
        /// Who it is, as the issuer calls them.
        who: String,
        /// The issuer.
        by: String,
    },
    /// Their login cannot be one here.
    #[error("no account can be made for {who}: {why}")]
    Login {
        /// Who it is, as the other system calls them.
        who: String,
        /// What speaks against it.
        why: String,
    },
    /// Their account is disabled.
    #[error("the account {0} is disabled")]
    Disabled(Login),
    /// What they came back with is over, was used, or is another browser's.
    #[error("this sign-in is over, was used, or began in another browser: begin again")]
    Over,
    /// Too many sign-ins wait.
    #[error("too many sign-ins wait for somebody: try again in a minute")]
    Full,
    /// No rule trusts the token.
    #[error("no rule of this server trusts such a token")]
    NotTrusted,
    /// The token is not good.
    #[error("the token is not good")]
    Token(#[from] TokenError),
    /// Nobody is an issuer by this name.
    #[error("no issuer is called {named} here: {known}")]
    NoIssuer {
        /// As it was asked for.
        named: String,
        /// What there is.
        known: String,
    },
    /// The issuer signs nobody in at a terminal.
    #[error(
        "{0} signs nobody in at a terminal: its discovery document has no device_authorization_endpoint; use a browser, or a key"
    )]
    NoDevices(String),
    /// The issuer refused.
    #[error("{by} did not sign anybody in: {why}")]
    Refused {
        /// The issuer.
        by: String,
        /// What it said, or what is wrong with that.
        why: String,
    },
    /// The issuer cannot be asked.
    #[error("{by} cannot be asked who somebody is")]
    Unheard {
        /// The issuer.
        by: String,
        /// What happened.
        source: WebError,
    },
    /// GitHub refused, or cannot be asked.
    #[error("GitHub did not sign anybody in")]
    GitHub(#[from] GitHubError),
    /// A key could not be made.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl SignInError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotSetUp(_) | Self::NoIssuer { .. } | Self::NoDevices(_) => Kind::NotFound,
            Self::NotAllowed { .. }
            | Self::NotLetIn { .. }
            | Self::Disabled(_)
            | Self::Over
            | Self::NotTrusted
            | Self::Refused { .. } => Kind::Denied,
            Self::Login { .. } => Kind::Conflict,
            Self::Full => Kind::Unavailable,
            Self::Token(error) => error.kind(),
            Self::Unheard { source, .. } => source.kind(),
            Self::GitHub(error) => error.kind(),
            Self::Access(error) => error.kind(),
        }
    }

    /// Returns the stable code of this failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSetUp(_) | Self::NoIssuer { .. } | Self::NoDevices(_) => "E1021",
            Self::Access(error) => error.code(),
            _ => "E1020",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_or_belongs_to_a_named_organisation_is_allowed() {
        let rules = SignInRules {
            users: vec!["Octocat".to_owned()],
            organisations: vec!["octo-org".to_owned()],
            place: None,
        };
        let of = |one: &str| vec![one.to_owned()];
        assert!(rules.allow("octocat", &[]) && rules.allow("x", &of("Octo-Org")));
        assert!(!rules.allow("octo-org", &of("octocat")) && !rules.allow("x", &[]));
        assert!(!SignInRules::default().allow("octocat", &of("octo-org")));
    }

    #[test]
    fn a_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = SecretValue::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(code_challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
