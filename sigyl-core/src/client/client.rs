//! A server, as somebody who has a key sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderValue;
use reqwest::{Url, redirect};

use super::address::{check, shown};
use super::{ClientError, Patience};
use crate::domain::SecretValue;
use crate::mcp::tls;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Where a server is, and what it is shown.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Its address, such as `https://sigyl.example.org`.
    pub url: String,
    /// The key that is shown; without one, only what everybody may ask for is answered.
    pub key: Option<SecretValue>,
    /// Whether the key may go over `http://` to another machine, where everybody between can read it.
    pub plain_http: bool,
    /// Whether every other machine is refused.
    pub offline: bool,
    /// How often what changes nothing is tried again.
    pub patience: Patience,
}

impl ClientSettings {
    /// A server at `url`, without a key.
    pub fn of(url: impl Into<String>) -> Self {
        Self { url: url.into(), key: None, plain_http: false, offline: false, patience: Patience::default() }
    }
}

/// A way to one server. Cloning it is cheap, and shares its connections.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) http: reqwest::Client,
    pub(super) url: Url,
    pub(super) shown: String,
    /// The header that shows the key; marked so that nothing prints it.
    pub(super) key: Option<HeaderValue>,
    pub(super) patience: Patience,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.inner.shown).finish_non_exhaustive()
    }
}

impl Client {
    /// Prepares to ask a server; nothing is sent yet.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientError> {
        let url = check(&settings)?;
        let key = settings.key.as_ref().map(header).transpose()?;
        let tls = match url.scheme() {
            "https" => tls::verifying(),
            _ => tls::trusting_nobody(),
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.map_err(|error| ClientError::Setup(error.into()))?)
            // A key is for the server that was named, and for no other.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .user_agent(concat!("sigyl/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientError::Setup(error.without_url().into()))?;
        let inner = Inner { http, shown: shown(&url), url, key, patience: settings.patience };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the address of the server, as messages show it.
    pub fn address(&self) -> &str {
        &self.inner.shown
    }
}

fn header(key: &SecretValue) -> Result<HeaderValue, ClientError> {
    let text = zeroize::Zeroizing::new(format!("Bearer {}", key.reveal()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| ClientError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let settings = ClientSettings {
            key: Some(SecretValue::new("sigyl_id_hunter2")),
            ..ClientSettings::of("http://127.0.0.1:1")
        };
        let shown = format!("{settings:?}");
        let client = Client::new(settings).unwrap();
        assert!(!format!("{shown} {client:?} {:?}", client.inner.key).contains("hunter2"));
        let bad = ClientSettings {
            key: Some(SecretValue::new("hunter2\n")),
            ..ClientSettings::of("http://[::1]:1")
        };
        let error = Client::new(bad).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
