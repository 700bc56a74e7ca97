//! What is asked of GitHub.

use async_trait::async_trait;

use crate::domain::{Kind, SecretValue};
use crate::web::{DeviceCode, WebError};

/// GitHub, or what stands in for it.
#[async_trait]
pub trait GitHub: Send + Sync + std::fmt::Debug {
    /// Begins to sign in somebody who types a code into a browser of theirs.
    async fn begin_device(&self) -> Result<DeviceCode, GitHubError>;

    /// Asks whether they have.
    async fn poll_device(&self, device: &SecretValue) -> Result<DeviceState, GitHubError>;

    /// Returns the address that a browser is sent to, to come back to `redirect` with a code.
    fn authorize_url(&self, redirect: &str, state: &str, challenge: &str) -> String;

    /// Turns the code that a browser brought back into a token.
    async fn exchange(
        &self,
        code: &str,
        verifier: &SecretValue,
        redirect: &str,
    ) -> Result<SecretValue, GitHubError>;

    /// Tells whose a token is.
    async fn user(&self, token: &SecretValue) -> Result<GitHubUser, GitHubError>;

    /// Lists the organisations that the user of a token belongs to.
    async fn organisations(&self, token: &SecretValue) -> Result<Vec<String>, GitHubError>;

    /// Returns the address by which accounts of this GitHub are told from those of another.
    fn issuer(&self) -> &str;

    /// Tells whether browsers can sign in: it takes a client secret.
    fn has_browser_flow(&self) -> bool;
}

/// How such a sign-in stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeviceState {
    /// Nobody typed the code yet.
    Waiting {
        /// Seconds to wait before the next question, when GitHub asks for more.
        slower: Option<u64>,
    },
    /// They did: the token stands for them.
    Token(SecretValue),
}

/// A user of GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitHubUser {
    /// The number, which never changes.
    pub id: u64,
    /// The login, which may.
    pub login: String,
    /// What they call themselves.
    pub name: Option<String>,
}

/// GitHub did not do what it was asked for. Never holds a token, a code or a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitHubError {
    /// It cannot be reached, or answered what cannot be used.
    #[error("GitHub cannot be asked")]
    Web(#[from] WebError),
    /// It refused the sign-in.
    #[error("GitHub refused the sign-in: {0}")]
    Refused(String),
    /// The code is over, or was used.
    #[error("the time for this sign-in is over: begin again")]
    Expired,
    /// It takes a client secret, and there is none.
    #[error("browsers cannot sign in by GitHub here: no client secret is set")]
    NoSecret,
}

impl GitHubError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Web(error) => error.kind(),
            Self::Refused(_) | Self::Expired => Kind::Denied,
            Self::NoSecret => Kind::Invalid,
        }
    }
}
