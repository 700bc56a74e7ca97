//! Who Sigyl is to a service that lets nobody else in: a token for it, kept until shortly before it ends.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::rollout::Reached;
use crate::domain::SecretValue;
use crate::mcp::{Pass, PassError, Shown};
use crate::web::{Method, Question};

/// How long a token is used: Google makes them out for an hour.
const HOLDS: Duration = Duration::from_secs(45 * 60);
/// How long a token is used before a service that does not take it is believed that a new one may help: a server that
/// asks clients for a key of its own answers in the same way.
const NEW: Duration = Duration::from_secs(60);
/// The header that Cloud Run looks at and takes away: `Authorization` stays that of the client.
const HEADER: &str = "x-serverless-authorization";

#[derive(Deserialize)]
struct Given {
    token: SecretValue,
}

/// Shows tokens to one service.
pub(super) struct Passport {
    google: Google,
    audience: String,
    /// The account that is let in.
    account: String,
    /// The token, and since when it is there.
    kept: Mutex<Option<(SecretValue, Instant)>>,
}

impl std::fmt::Debug for Passport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Passport({} to {})", self.account, self.audience)
    }
}

#[async_trait]
impl Pass for Passport {
    async fn show(&self) -> Result<Shown, PassError> {
        let mut kept = self.kept.lock().await;
        if let Some((token, since)) = &*kept
            && since.elapsed() < HOLDS
        {
            return Ok(shown(token));
        }
        self.renew(&mut kept).await
    }

    async fn show_anew(&self, refused: &Shown) -> Result<Option<Shown>, PassError> {
        // Whoever comes second waits, and takes what the first was given.
        let mut kept = self.kept.lock().await;
        match &*kept {
            Some((token, _)) if bearer(token).reveal() != refused.value.reveal() => Ok(Some(shown(token))),
            Some((_, since)) if since.elapsed() < NEW => Ok(None),
            _ => self.renew(&mut kept).await.map(Some),
        }
    }
}

impl Passport {
    async fn renew(&self, kept: &mut Option<(SecretValue, Instant)>) -> Result<Shown, PassError> {
        let token = self.google.identity(&self.audience, &self.account).await;
        let token = token.map_err(|error| PassError::new(error.to_string()))?;
        let shown = shown(&token);
        *kept = Some((token, Instant::now()));
        Ok(shown)
    }
}

fn shown(token: &SecretValue) -> Shown {
    Shown { header: HEADER, value: bearer(token) }
}

fn bearer(token: &SecretValue) -> SecretValue {
    SecretValue::new(format!("Bearer {}", token.reveal()))
}

impl Google {
    /// Returns what Sigyl shows to a service.
    pub(super) fn passport(&self, service: &str, account: &str) -> Arc<dyn Pass> {
        let (audience, account) = (service.to_owned(), account.to_owned());
        Arc::new(Passport { google: self.clone(), audience, account, kept: Mutex::default() })
    }

    /// Returns the account that calls services: our own where it can speak for itself, else that of the server.
    pub(super) async fn invoker(&self, servers: &str) -> Result<String, GoogleError> {
        let speaks = self.credentials().speaks_for_itself();
        Ok(if speaks {
            self.caller().await?.unwrap_or_else(|| servers.to_owned())
        } else {
            servers.to_owned()
        })
    }

    /// Asks for a token that says to a service who calls it.
    async fn identity(&self, audience: &str, account: &str) -> Result<SecretValue, GoogleError> {
        if let Some(token) = self.credentials().identity(audience).await? {
            return Ok(token);
        }
        let path = format!("v1/projects/-/serviceAccounts/{account}:generateIdToken");
        let body = json!({"audience": audience, "includeEmail": true});
        let name = "iamcredentials.projects.serviceAccounts.generateIdToken";
        Ok(self.call::<Given>(Call::post(name, Api::IamCredentials, path, body).safe()).await?.token)
    }

    /// Waits until a service lets in who was allowed to call it just now; whatever else it answers is not looked at.
    pub(super) async fn await_door(
        &self,
        reached: &Reached,
        path: &str,
        pass: &dyn Pass,
    ) -> Result<(), GoogleError> {
        let patience = self.patience();
        let (until, mut pause) = (Instant::now() + patience.settling, patience.first);
        let web = |source| GoogleError::Web { call: "the new instance", source };
        let line = self.web().line(&reached.url).map_err(web)?;
        loop {
            let shown = match pass.show().await {
                Ok(shown) => shown,
                Err(error) => {
                    return Err(GoogleError::Answer {
                        call: "the token for the service",
                        why: error.to_string(),
                    });
                }
            };
            let mut question = Question::new(Method::Get, path);
            let headers = [(shown.header, shown.value.reveal())];
            (question.headers, question.patience) = (&headers, patience.answer);
            let is_shut = match line.ask(question).await {
                Ok(heard) => matches!(heard.status, 401 | 403),
                // The probe that follows says what is the matter.
                Err(_) => false,
            };
            if !is_shut || Instant::now() + pause >= until {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(patience.longest);
        }
    }
}
