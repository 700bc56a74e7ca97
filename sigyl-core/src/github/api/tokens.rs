//! Who asks: nobody, a token, or an App, whose tokens hold for an hour each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::RSA_PKCS1_SHA256;
use serde::Deserialize;
use serde_json::json;

use super::ApiError;
use crate::domain::{GitHubAsker, RepositoryName, SecretValue, Timestamp};
use crate::github::app::pair;
use crate::web::{Line, Method, Question};

/// Seconds that what an App signs holds: GitHub takes ten minutes at most.
const HOLDS: i64 = 540;
/// Seconds by which our clock may be ahead of GitHub's.
const SKEW: i64 = 60;
/// How long before its end a token is not used any more.
const EARLY: Duration = Duration::from_secs(300);
/// Tokens and installations that are remembered.
const MOST: usize = 1_000;

/// By what GitHub knows who asks.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Credential {
    /// By nothing: public repositories alone, and few questions an hour.
    #[default]
    Nothing,
    /// A token, such as a fine-grained one of a person.
    Token(SecretValue),
    /// A GitHub App.
    App {
        /// Its id, or its client id.
        id: String,
        /// Its private key, as GitHub gave it.
        key: SecretValue,
    },
}

impl Credential {
    /// Tells as whom GitHub is asked with it.
    pub fn asker(&self) -> GitHubAsker {
        match self {
            Self::Nothing => GitHubAsker::Nobody,
            Self::Token(_) => GitHubAsker::Token,
            Self::App { .. } => GitHubAsker::App,
        }
    }

    /// Takes what a configuration names: a token, or an App by its id and its key, or nothing.
    pub fn of(
        token: Option<SecretValue>,
        app: Option<u64>,
        key: Option<SecretValue>,
    ) -> Result<Self, &'static str> {
        match (token, app, key) {
            (None, None, None) => Ok(Self::Nothing),
            (Some(token), None, None) => Ok(Self::Token(token)),
            (None, Some(id), Some(key)) => Ok(Self::App { id: id.to_string(), key }),
            (Some(_), ..) => Err("name a token or an App, not both"),
            (None, ..) => Err("an App needs both `app_id` and `private_key_env`"),
        }
    }
}

/// In whose name something is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// In nobody's: it is answered to everybody alike.
    Everybody,
    /// In that of the token, or of the App itself.
    Asker,
    /// In that of whatever sees a repository.
    Repository(RepositoryName),
    /// In that of an installation of the App.
    Installation(u64),
}

/// Tokens by what they are for.
#[derive(Debug)]
pub(super) struct Tokens {
    credential: Credential,
    /// Installations by repository, in small letters.
    installations: Mutex<BTreeMap<String, u64>>,
    /// Their tokens.
    held: Mutex<BTreeMap<u64, (SecretValue, Timestamp)>>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Minted {
    token: SecretValue,
    expires_at: Timestamp,
}

impl Tokens {
    /// Tells whether an App asks.
    pub(super) fn is_app(&self) -> bool {
        self.asker() == GitHubAsker::App
    }

    /// Tells as whom GitHub is asked.
    pub(super) fn asker(&self) -> GitHubAsker {
        self.credential.asker()
    }

    pub(super) fn new(credential: Credential) -> Self {
        Self { credential, installations: Mutex::default(), held: Mutex::default() }
    }

    /// Returns the token for questions in a name, if there is one.
    pub(super) async fn of(
        &self,
        whose: &Whose,
        line: &Line,
        now: Timestamp,
    ) -> Result<Option<SecretValue>, ApiError> {
        let (id, key) = match (&self.credential, whose) {
            (Credential::Nothing, _) | (_, Whose::Everybody) => return Ok(None),
            (Credential::Token(token), _) => return Ok(Some(token.clone())),
            (Credential::App { id, key }, _) => (id, key),
        };
        let app = signed(id, key, now)?;
        match whose {
            Whose::Repository(repository) => self.installed(repository, line, &app, now).await.map(Some),
            Whose::Installation(id) => self.minted(*id, line, &app, now).await.map(Some),
            Whose::Asker | Whose::Everybody => Ok(Some(app)),
        }
    }

    /// Forgets the token of a repository or an installation, which GitHub did not take; tells whether another may be had.
    pub(super) fn forget(&self, whose: &Whose) -> bool {
        let gone = match whose {
            Whose::Everybody | Whose::Asker => return false,
            Whose::Installation(id) => Some(*id),
            Whose::Repository(repository) => {
                let key = repository.as_str().to_ascii_lowercase();
                self.installations.lock().unwrap_or_else(PoisonError::into_inner).remove(&key)
            }
        };
        if let Some(gone) = gone {
            self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&gone);
        }
        true
    }

    async fn installed(
        &self,
        repository: &RepositoryName,
        line: &Line,
        app: &SecretValue,
        now: Timestamp,
    ) -> Result<SecretValue, ApiError> {
        let key = repository.as_str().to_ascii_lowercase();
        let known = self.installations.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some(id) = known {
            match self.minted(id, line, app, now).await {
                // It was taken away there, and may have been installed anew since, by another number.
                Err(ApiError::Refused { status: 404, .. }) => {
                    self.installations.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                }
                minted => return minted,
            }
        }
        let path = format!("/repos/{repository}/installation");
        let found = ask(line, Method::Get, &path, app, now).await;
        let found: Installation = found.map_err(|error| match error {
            ApiError::Refused { status: 404, .. } => ApiError::NotInstalled(repository.clone()),
            error => error,
        })?;
        remember(&self.installations, key, found.id);
        self.minted(found.id, line, app, now).await
    }

    /// Returns the token of an installation, which holds for an hour.
    async fn minted(
        &self,
        id: u64,
        line: &Line,
        app: &SecretValue,
        now: Timestamp,
    ) -> Result<SecretValue, ApiError> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some((token, until)) = held
            && now.plus(EARLY) < until
        {
            return Ok(token);
        }
        let path = format!("/app/installations/{id}/access_tokens");
        let minted: Minted = ask(line, Method::Post, &path, app, now).await?;
        remember(&self.held, id, (minted.token.clone(), minted.expires_at));
        Ok(minted.token)
    }
}

/// Keeps something, and forgets everything where there is too much.
fn remember<K: Ord, V>(held: &Mutex<BTreeMap<K, V>>, key: K, value: V) {
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    if held.len() >= MOST {
        held.clear();
    }
    held.insert(key, value);
}

async fn ask<T: serde::de::DeserializeOwned>(
    line: &Line,
    method: Method,
    path: &str,
    app: &SecretValue,
    now: Timestamp,
) -> Result<T, ApiError> {
    let question =
        Question { token: Some(app), headers: super::courier::HEADERS, ..Question::new(method, path) };
    let heard = line.ask(Question { accepts: super::courier::ACCEPTS, ..question }).await?;
    if let Some(until) = super::courier::limited(&heard, now) {
        return Err(ApiError::Limited { until });
    }
    if !(200..300).contains(&heard.status) {
        return Err(super::courier::refusal(heard.status, &heard.body));
    }
    Ok(heard.json()?)
}

/// Writes and signs who the App is.
fn signed(id: &str, key: &SecretValue, now: Timestamp) -> Result<SecretValue, ApiError> {
    let since = now.seconds() - SKEW;
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "RS256", "typ": "JWT"}));
    let claims = part(json!({"iss": id, "iat": since, "exp": since + SKEW + HOLDS}));
    let said = format!("{header}.{claims}");
    let pair = pair(key.reveal()).map_err(ApiError::Key)?;
    let mut signature = vec![0; pair.public().modulus_len()];
    let done = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), said.as_bytes(), &mut signature);
    done.map_err(|_| ApiError::Key("it cannot sign"))?;
    Ok(SecretValue::new(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_app_that_was_installed_anew_is_found_by_its_new_number() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let (status, body) = match head.split(' ').nth(1).unwrap() {
                    "/repos/octo/x/installation" => ("200 OK", json!({"id": 2})),
                    "/app/installations/2/access_tokens" => {
                        ("201 Created", json!({"token": "ghs_2", "expires_at": "2030-01-01T00:00:00Z"}))
                    }
                    _ => ("404 Not Found", json!({"message": "Not Found"})),
                };
                let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\n{body}");
                stream.write_all(head.as_bytes()).await.unwrap();
            }
        });
        let line = crate::web::Web::new(false).line(&at).unwrap();
        let key = SecretValue::new(include_str!("../app/test_key.pem"));
        let tokens = Tokens::new(Credential::App { id: "1".into(), key });
        remember(&tokens.installations, "octo/x".into(), 1);
        let whose = Whose::Repository(RepositoryName::parse("octo/x").unwrap());
        let token = tokens.of(&whose, &line, Timestamp::EPOCH).await.unwrap().unwrap();
        assert_eq!(token.reveal(), "ghs_2");
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_a_part_of_it() {
        for text in ["s3cret", "-----BEGIN RSA PRIVATE KEY-----\nczNjcmV0\n-----END RSA PRIVATE KEY-----"] {
            let error = signed("1", &SecretValue::new(text), Timestamp::EPOCH).unwrap_err().to_string();
            assert!(
                error.starts_with("the private key of the GitHub App") && !error.contains("czNj"),
                "{error}"
            );
        }
    }
}
