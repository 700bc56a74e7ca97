//! How people sign in by an issuer: in a browser by a code (with PKCE), at a terminal by the code of a device.

use reqwest::Url;

use super::{Claims, Expected, Issuer, Provider, Providers, TokenError};
use crate::access::SignInError;
use crate::domain::{SecretValue, Timestamp};
use crate::web::{DeviceCode, Granted, Heard, WebError};

/// What is sent away with a browser, and comes back with it or in its token.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Where the browser comes back to.
    pub redirect: &'a str,
    /// By what the sign-in is found again.
    pub state: &'a SecretValue,
    /// What its token has to say.
    pub nonce: &'a SecretValue,
    /// What is told of the verifier before it is shown.
    pub challenge: &'a str,
}

/// What a browser came back with, and what was kept of it until then.
#[derive(Clone, Copy, Debug)]
pub struct CameBack<'a> {
    /// What is exchanged for a token.
    pub code: &'a str,
    /// The issuer, as far as the address says which one it comes from.
    pub issuer: Option<&'a str>,
    /// Where the browser was to come back to.
    pub redirect: &'a str,
    /// What was sent to be in the token.
    pub nonce: &'a SecretValue,
    /// By what the issuer knows who asked for the code.
    pub verifier: &'a SecretValue,
}

/// How a sign-in at a terminal stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeviceAnswer {
    /// Nobody typed the code yet.
    Waiting {
        /// Seconds to wait before the next question, when the issuer asks for more.
        slower: Option<u64>,
    },
    /// They did: this is what their token says.
    Proven(Box<Claims>),
}

impl Providers {
    /// Returns the address that a browser is sent to.
    pub async fn authorize_url(
        &self,
        issuer: &Issuer,
        sent: Sent<'_>,
        now: Timestamp,
    ) -> Result<String, SignInError> {
        let endpoint = self.about(issuer, now).await?.authorization_endpoint;
        let endpoint = endpoint.ok_or_else(|| missing(issuer, "authorization_endpoint"))?;
        let url = Url::parse(&endpoint);
        let mut url = url.map_err(|error| {
            refused(issuer, format!("its discovery names no address for browsers ({error})"))
        })?;
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &issuer.client_id),
            ("redirect_uri", sent.redirect),
            ("scope", &issuer.scope()),
            ("state", sent.state.reveal()),
            ("nonce", sent.nonce.reveal()),
            ("code_challenge", sent.challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok(url.into())
    }

    /// Exchanges the code of a browser that came back, and checks the token that comes of it.
    pub async fn exchange(
        &self,
        issuer: &Issuer,
        back: CameBack<'_>,
        now: Timestamp,
    ) -> Result<Claims, SignInError> {
        let about = self.about(issuer, now).await?;
        // Who says which issuer they come from has to come from this one (RFC 9207).
        let is_other = back.issuer.is_some_and(|said| said != issuer.issuer);
        if is_other || (back.issuer.is_none() && about.names_itself) {
            return Err(refused(issuer, "the answer came from another issuer".to_owned()));
        }
        let form = [
            ("grant_type", "authorization_code"),
            ("code", back.code),
            ("redirect_uri", back.redirect),
            ("code_verifier", back.verifier.reveal()),
        ];
        let heard = self.send(issuer, &about, about.token_endpoint.as_deref(), &form).await?;
        match granted(issuer, &heard)? {
            Exchanged::Id(token) => self.claims(issuer, &token, Some(back.nonce.reveal()), now).await,
            Exchanged::Waiting(_) => Err(refused(issuer, "it waits for nobody".to_owned())),
        }
    }

    /// Begins to sign in somebody who types a code into a browser of theirs.
    pub async fn begin_device(&self, issuer: &Issuer, now: Timestamp) -> Result<DeviceCode, SignInError> {
        let about = self.about(issuer, now).await?;
        let endpoint = about.device_authorization_endpoint.as_deref();
        let endpoint = endpoint.ok_or_else(|| SignInError::NoDevices(issuer.title.clone()))?;
        let scope = issuer.scope();
        let heard = self.send(issuer, &about, Some(endpoint), &[("scope", &scope)]).await?;
        if heard.status != 200
            && let Ok(Granted::Refused(why)) = Granted::read(&heard)
        {
            return Err(refused(issuer, why));
        }
        DeviceCode::read(&heard).map_err(|source| unheard(issuer, source))
    }

    /// Asks whether they have.
    pub async fn poll_device(
        &self,
        issuer: &Issuer,
        device: &SecretValue,
        now: Timestamp,
    ) -> Result<DeviceAnswer, SignInError> {
        let about = self.about(issuer, now).await?;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", device.reveal()),
        ];
        let heard = self.send(issuer, &about, about.token_endpoint.as_deref(), &form).await?;
        match granted(issuer, &heard)? {
            Exchanged::Waiting(slower) => Ok(DeviceAnswer::Waiting { slower }),
            Exchanged::Id(token) => {
                let claims = self.claims(issuer, &token, None, now).await?;
                Ok(DeviceAnswer::Proven(Box::new(claims)))
            }
        }
    }

    async fn about(&self, issuer: &Issuer, now: Timestamp) -> Result<Provider, SignInError> {
        self.find(&issuer.issuer, now).await.map_err(|error| of_token(issuer, error))
    }

    async fn claims(
        &self,
        issuer: &Issuer,
        token: &SecretValue,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Claims, SignInError> {
        let expected = Expected { issuer: &issuer.issuer, audience: &issuer.client_id, nonce, now };
        self.verify(token.reveal(), &expected).await.map_err(|error| of_token(issuer, error))
    }

    /// Sends a form, and who we are: with our secret in the way that the issuer takes it.
    async fn send(
        &self,
        issuer: &Issuer,
        about: &Provider,
        endpoint: Option<&str>,
        form: &[(&str, &str)],
    ) -> Result<Heard, SignInError> {
        let endpoint = endpoint.ok_or_else(|| missing(issuer, "token_endpoint"))?;
        let mut form = form.to_vec();
        let heard = match &issuer.client_secret {
            Some(secret) if about.takes_basic => {
                self.web().post_as(endpoint, &form, &issuer.client_id, secret).await
            }
            secret => {
                form.push(("client_id", &issuer.client_id));
                form.extend(secret.iter().map(|secret| ("client_secret", secret.reveal())));
                self.web().post(endpoint, &form).await
            }
        };
        heard.map_err(|source| unheard(issuer, source))
    }
}

/// What a code was exchanged for.
enum Exchanged {
    Id(SecretValue),
    Waiting(Option<u64>),
}

fn granted(issuer: &Issuer, heard: &Heard) -> Result<Exchanged, SignInError> {
    match Granted::read(heard).map_err(|source| unheard(issuer, source))? {
        Granted::Tokens { id: Some(token), .. } => Ok(Exchanged::Id(token)),
        Granted::Tokens { id: None, .. } => Err(refused(issuer, "it gave no ID token".to_owned())),
        Granted::Waiting { slower } => Ok(Exchanged::Waiting(slower)),
        Granted::Expired => Err(SignInError::Over),
        Granted::Refused(why) => Err(refused(issuer, why)),
    }
}

fn refused(issuer: &Issuer, why: String) -> SignInError {
    SignInError::Refused { by: issuer.title.clone(), why }
}

fn missing(issuer: &Issuer, what: &str) -> SignInError {
    refused(issuer, format!("its discovery document has no {what}"))
}

fn unheard(issuer: &Issuer, source: WebError) -> SignInError {
    SignInError::Unheard { by: issuer.title.clone(), source }
}

fn of_token(issuer: &Issuer, error: TokenError) -> SignInError {
    match error {
        TokenError::Issuer(source) => unheard(issuer, source),
        error => error.into(),
    }
}
