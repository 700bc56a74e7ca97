//! Tokens: asked for once, kept until shortly before they end.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;

use super::Place;
use super::assertion::{For, assertion};
use super::file::{CredentialsError, External, Kept, Key, User, read};
use super::machine;
use crate::clock::Clock;
use crate::domain::{SecretValue, Timestamp};
use crate::web::{Heard, Line, Method, Question, Web};

/// What a token is for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// How long before its end a token is replaced.
const BEFORE: Duration = Duration::from_secs(240);
/// Seconds that the token of an account that is acted as holds.
const ACTED: &str = "3600s";
/// Characters of what a server says that are repeated.
const SAID: usize = 200;

/// A token for APIs, and how long it holds.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) value: SecretValue,
    pub(super) holds: Duration,
}

/// Who calls Google.
#[derive(Debug)]
pub struct Credentials {
    place: Place,
    source: Source,
    web: Web,
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<(SecretValue, Timestamp)>>,
}

#[derive(Debug)]
enum Source {
    File(Kept),
    Machine(String),
}

#[derive(Deserialize)]
struct Given {
    access_token: Option<SecretValue>,
    id_token: Option<SecretValue>,
    expires_in: Option<u64>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Credentials {
    /// Reads credentials; no token is asked for yet.
    pub fn open(place: Place, web: Web, clock: Arc<dyn Clock>) -> Result<Self, CredentialsError> {
        let source = match &place {
            Place::File(path) => Source::File(Kept::read(path)?),
            Place::Machine(host) => Source::Machine(host.clone()),
        };
        Ok(Self { place, source, web, clock, kept: Mutex::new(None) })
    }

    /// Says where they come from, and of which kind they are.
    pub fn describe(&self) -> String {
        match &self.source {
            Source::File(Kept::Key(key)) => format!("the key of {}", key.client_email),
            Source::File(Kept::User(_)) => "a user of gcloud".to_owned(),
            Source::File(Kept::External(external)) => match external.acts_as() {
                Some(account) => format!("{account}, by another identity provider"),
                None => "another identity provider".to_owned(),
            },
            Source::Machine(host) => format!("this machine, by its metadata server at {host}"),
        }
    }

    /// Returns the account that calls, where it is known.
    pub async fn account(&self) -> Result<Option<String>, CredentialsError> {
        Ok(match &self.source {
            Source::File(Kept::Key(key)) => Some(key.client_email.clone()),
            Source::File(Kept::External(external)) => external.acts_as().map(str::to_owned),
            Source::File(Kept::User(_)) => None,
            Source::Machine(host) => Some(machine::email(host).await?),
        })
    }

    /// Returns a token that holds for some minutes at least; `fresh` asks anew in any case.
    pub(in crate::deploy::cloud_run) async fn token(
        &self,
        fresh: bool,
    ) -> Result<SecretValue, CredentialsError> {
        // Whoever comes second waits, and takes what the first was given.
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some((token, until)) = &*kept
            && !fresh
            && *until > now
        {
            return Ok(token.clone());
        }
        let token = self.ask().await?;
        let until = now.plus(token.holds.saturating_sub(BEFORE));
        *kept = Some((token.value.clone(), until));
        Ok(token.value)
    }

    async fn ask(&self) -> Result<Token, CredentialsError> {
        match &self.source {
            Source::File(Kept::Key(key)) => self.by_key(key, For::Scope(SCOPE)).await?.token(&key.token_uri),
            Source::File(Kept::User(user)) => self.by_user(user).await?.token(&user.token_uri),
            Source::File(Kept::External(external)) => self.by_other(external).await,
            Source::Machine(host) => machine::token(host).await,
        }
    }

    /// Tells whether [`identity`](Self::identity) gives a token of the account itself.
    pub(in crate::deploy::cloud_run) fn speaks_for_itself(&self) -> bool {
        !matches!(&self.source, Source::File(Kept::User(_) | Kept::External(_)))
    }

    /// Returns a token that says to `audience` who we are; `None` where these credentials cannot, and an account that
    /// they may act as has to.
    pub(in crate::deploy::cloud_run) async fn identity(
        &self,
        audience: &str,
    ) -> Result<Option<SecretValue>, CredentialsError> {
        match &self.source {
            Source::File(Kept::Key(key)) => {
                let given = self.by_key(key, For::Audience(audience)).await?;
                Ok(Some(given.id_token.ok_or_else(|| refused(&key.token_uri, "it gives no ID token"))?))
            }
            Source::Machine(host) => machine::identity(host, audience).await.map(Some),
            Source::File(Kept::User(_) | Kept::External(_)) => Ok(None),
        }
    }

    async fn by_key(&self, key: &Key, wanted: For<'_>) -> Result<Given, CredentialsError> {
        let signed = assertion(key, wanted, self.clock.now()).map_err(|why| self.unusable(why))?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &signed)];
        Given::read(&key.token_uri, &self.web.post(&key.token_uri, &form).await?)
    }

    async fn by_user(&self, user: &User) -> Result<Given, CredentialsError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &user.client_id),
            ("client_secret", user.client_secret.reveal()),
            ("refresh_token", user.refresh_token.reveal()),
        ];
        Given::read(&user.token_uri, &self.web.post(&user.token_uri, &form).await?)
    }

    async fn by_other(&self, external: &External) -> Result<Token, CredentialsError> {
        let subject = self.subject(external).await?;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("audience", &external.audience),
            ("scope", SCOPE),
            ("subject_token_type", &external.subject_token_type),
            ("subject_token", subject.reveal()),
        ];
        let heard = self.web.post(&external.token_url, &form).await?;
        let federated = Given::read(&external.token_url, &heard)?.token(&external.token_url)?;
        match &external.service_account_impersonation_url {
            Some(url) => self.acting(url, &federated.value).await,
            None => Ok(federated),
        }
    }

    /// Exchanges the token of another provider for one of the account that it may act as.
    async fn acting(&self, url: &str, token: &SecretValue) -> Result<Token, CredentialsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Acting {
            access_token: SecretValue,
            expire_time: Timestamp,
        }
        let line = self.web.line(url)?;
        let body = serde_json::json!({"scope": [SCOPE], "lifetime": ACTED}).to_string().into_bytes();
        let mut question = Question::new(Method::Post, "");
        (question.token, question.body) = (Some(token), Some(("application/json", body)));
        let heard = line.ask(question).await?;
        if heard.status != 200 {
            let why = format!("status {}; the provider may not act as that account", heard.status);
            return Err(refused(url, &why));
        }
        let acting: Acting = heard.json()?;
        Ok(Token { value: acting.access_token, holds: acting.expire_time.since(self.clock.now()) })
    }

    async fn subject(&self, external: &External) -> Result<SecretValue, CredentialsError> {
        let source = &external.credential_source;
        let text = match (&source.file, &source.url) {
            (Some(file), _) => read(file)?,
            (None, Some(url)) => asked(&self.web.line(url)?, source.headers.iter()).await?,
            (None, None) => {
                return Err(self.unusable("its `credential_source` names neither a `file` nor a `url`"));
            }
        };
        source.token(&text).map_err(|why| self.unusable(&why))
    }

    fn unusable(&self, why: &str) -> CredentialsError {
        match &self.place {
            Place::File(path) => CredentialsError::Unusable { path: path.clone(), why: why.to_owned() },
            Place::Machine(_) => CredentialsError::Unable(why.to_owned()),
        }
    }
}

/// Asks another provider's address for its token, with the headers that the file names.
async fn asked(
    line: &Line,
    headers: impl Iterator<Item = (&String, &SecretValue)>,
) -> Result<String, CredentialsError> {
    let heard = line.ask_with(headers.map(|(name, value)| (name.as_str(), value.reveal()))).await?;
    if heard.status != 200 {
        return Err(refused(line.root(), &format!("status {}", heard.status)));
    }
    String::from_utf8(heard.body).map_err(|_| refused(line.root(), "it is no text"))
}

impl External {
    /// Returns the account that is acted as.
    fn acts_as(&self) -> Option<&str> {
        let url = self.service_account_impersonation_url.as_deref()?;
        url.rsplit('/').next()?.split(':').next()
    }
}

impl Given {
    fn read(from: &str, heard: &Heard) -> Result<Self, CredentialsError> {
        let given: Self = heard.json()?;
        match &given.error {
            None if heard.status == 200 => Ok(given),
            None => Err(refused(from, &format!("status {}", heard.status))),
            Some(error) => {
                let said = given.error_description.as_deref().unwrap_or(error);
                let said: String = said.chars().filter(|c| !c.is_control()).take(SAID).collect();
                Err(refused(from, &said))
            }
        }
    }

    fn token(self, from: &str) -> Result<Token, CredentialsError> {
        let (Some(value), Some(holds)) = (self.access_token, self.expires_in) else {
            return Err(refused(from, "it gives no token, or does not say how long it holds"));
        };
        Ok(Token { value, holds: Duration::from_secs(holds) })
    }
}

fn refused(from: &str, why: &str) -> CredentialsError {
    CredentialsError::Refused {
        from: from.split(['?', '#']).next().unwrap_or_default().to_owned(),
        why: why.to_owned(),
        remedy: "sign in anew with `gcloud auth application-default login`, or name another file of credentials",
    }
}
