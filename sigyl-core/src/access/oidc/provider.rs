//! Servers that issue tokens: found by discovery, their keys kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;

use super::keys::{KeySet, PublishedSet};
use super::token::key_named;
use super::{Claims, Expected, TokenError, verify};
use crate::domain::Timestamp;
use crate::web::{Web, WebError};

/// How long what an issuer published is good.
const GOOD_FOR: Duration = Duration::from_secs(600);
/// How often its keys are asked for anew because one is not known: anybody can name a key.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What an issuer publishes of itself.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Where browsers are sent.
    pub authorization_endpoint: Option<String>,
    /// Where codes are exchanged.
    pub token_endpoint: Option<String>,
    /// Where terminals get a code that somebody types.
    pub device_authorization_endpoint: Option<String>,
    /// Whether it takes a secret in a header; else in the form.
    pub(super) takes_basic: bool,
    /// Whether browsers come back with its name.
    pub(super) names_itself: bool,
    keys: KeySet,
    read: Timestamp,
}

/// The issuers that the operator trusts, as far as they were asked.
#[derive(Debug)]
pub struct Providers {
    web: Web,
    /// A lock for each, so that one that does not answer holds up nobody else.
    known: Lock<HashMap<String, Arc<Mutex<Option<Provider>>>>>,
}

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Providers {
    /// Knows none yet.
    pub fn new(web: Web) -> Self {
        Self { web, known: Lock::default() }
    }

    /// Returns what asks them.
    pub(super) fn web(&self) -> &Web {
        &self.web
    }

    /// Finds what an issuer publishes. Only issuers that the operator named may be asked for: what is asked of them is kept.
    pub async fn find(&self, issuer: &str, now: Timestamp) -> Result<Provider, TokenError> {
        self.find_with(issuer, None, now).await
    }

    /// Checks a token of an issuer that the operator named.
    pub async fn verify(&self, token: &str, expected: &Expected<'_>) -> Result<Claims, TokenError> {
        let key = key_named(token)?;
        let provider = self.find_with(expected.issuer, key.as_deref(), expected.now).await?;
        verify(token, &provider.keys, expected)
    }

    async fn find_with(
        &self,
        issuer: &str,
        key: Option<&str>,
        now: Timestamp,
    ) -> Result<Provider, TokenError> {
        let known = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.entry(issuer.to_owned()).or_default().clone()
        };
        // Held while it is asked, so that many tokens at once ask once.
        let mut known = known.lock().await;
        if let Some(provider) = &*known {
            let is_fresh = |within| provider.read <= now && now < provider.read.plus(within);
            if is_fresh(AGAIN_AFTER) || (is_fresh(GOOD_FOR) && provider.keys.knows(key)) {
                return Ok(provider.clone());
            }
        }
        let provider = self.ask(issuer, now).await?;
        *known = Some(provider.clone());
        Ok(provider)
    }

    async fn ask(&self, issuer: &str, now: Timestamp) -> Result<Provider, WebError> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let heard = self.web.get(&url, None).await?;
        let found: Discovered = heard.good()?;
        if found.issuer != issuer {
            return Err(heard.wrong("it is about another issuer".to_owned()));
        }
        let addresses = [&found.authorization_endpoint, &found.token_endpoint];
        let addresses = addresses.into_iter().chain([&found.device_authorization_endpoint]).flatten();
        // One that is not on this machine leads nobody into it, and nothing passes in the clear.
        let schemes: &[_] =
            if issuer.starts_with("https://") { &["https://"] } else { &["https://", "http://"] };
        for address in addresses.chain([&found.jwks_uri]) {
            if !schemes.iter().any(|scheme| address.starts_with(scheme)) {
                return Err(heard.wrong("it names an address that is not https".to_owned()));
            }
        }
        let published: PublishedSet = self.web.get(&found.jwks_uri, None).await?.good()?;
        let methods = found.token_endpoint_auth_methods_supported;
        Ok(Provider {
            authorization_endpoint: found.authorization_endpoint,
            token_endpoint: found.token_endpoint,
            device_authorization_endpoint: found.device_authorization_endpoint,
            // That is so where nothing is said (OpenID Connect Discovery 1.0, section 3).
            takes_basic: methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic")),
            names_itself: found.authorization_response_iss_parameter_supported,
            keys: KeySet::of(published),
            read: now,
        })
    }
}
