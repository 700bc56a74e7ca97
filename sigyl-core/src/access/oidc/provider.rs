//! Servers that issue tokens: found by discovery, their keys kept for a while.

use std::collections::HashMap;
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
    keys: KeySet,
    read: Timestamp,
}

/// The issuers that the operator trusts, as far as they were asked.
#[derive(Debug)]
pub struct Providers {
    web: Web,
    known: Mutex<HashMap<String, Provider>>,
}

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
}

impl Providers {
    /// Knows none yet.
    pub fn new(web: Web) -> Self {
        Self { web, known: Mutex::default() }
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
        // Held while it is asked, so that many tokens at once ask once.
        let mut known = self.known.lock().await;
        if let Some(provider) = known.get(issuer) {
            let is_fresh = |within| provider.read <= now && now < provider.read.plus(within);
            if is_fresh(AGAIN_AFTER) || (is_fresh(GOOD_FOR) && provider.keys.knows(key)) {
                return Ok(provider.clone());
            }
        }
        let provider = self.ask(issuer, now).await?;
        known.insert(issuer.to_owned(), provider.clone());
        Ok(provider)
    }

    async fn ask(&self, issuer: &str, now: Timestamp) -> Result<Provider, WebError> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let heard = self.web.get(&url, None).await?;
        let found: Discovered = heard.good()?;
        if found.issuer != issuer {
            return Err(heard.wrong("it is about another issuer".to_owned()));
        }
        let published: PublishedSet = self.web.get(&found.jwks_uri, None).await?.good()?;
        Ok(Provider {
            authorization_endpoint: found.authorization_endpoint,
            token_endpoint: found.token_endpoint,
            keys: KeySet::of(published),
            read: now,
        })
    }
}
