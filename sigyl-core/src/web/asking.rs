//! One question, one answer.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use reqwest::{RequestBuilder, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::line::{Line, retry_after};
use crate::domain::{Kind, SecretValue};
use crate::mcp::{self, McpError};

/// What an answer may take.
pub(super) struct Limits {
    /// How long.
    pub(super) patience: Duration,
    /// How many bytes.
    pub(super) most: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { patience: Duration::from_secs(15), most: 1 << 20 }
    }
}

/// How we call ourselves.
pub(super) const AGENT: &str = concat!("sigyl/", env!("CARGO_PKG_VERSION"));

/// Asks other servers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Web {
    /// Whether everything but this machine is refused.
    offline: bool,
}

/// An answer that came whole.
#[derive(Debug)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// For how long it asks to be left alone.
    pub retry_after: Option<Duration>,
    #[cfg(feature = "github")]
    headers: reqwest::header::HeaderMap,
    url: String,
}

/// Another server could not be asked, or its answer cannot be used. Never holds what was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebError {
    /// The address cannot be used.
    #[error(transparent)]
    Address(#[from] McpError),
    /// Only this machine may be reached.
    #[error("{url} is not asked, because `offline` is set")]
    Offline {
        /// The address.
        url: String,
    },
    /// It is in the clear, and secrets would pass over it.
    #[error("{url} is not asked in the clear: name an https address")]
    Clear {
        /// The address.
        url: String,
    },
    /// It cannot be reached, or broke off.
    #[error("{url} cannot be reached: {why}")]
    Unreachable {
        /// The address.
        url: String,
        /// What happened.
        why: String,
    },
    /// What it sent cannot be kept.
    #[error("what {url} sent could not be written down")]
    Unwritten {
        /// The address.
        url: String,
        /// What happened.
        source: std::io::Error,
    },
    /// It answered what nobody can use.
    #[error("{url} answered what cannot be used: {why}")]
    Answer {
        /// The address.
        url: String,
        /// What is wrong.
        why: String,
    },
}

impl WebError {
    /// Returns the class of this failure.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Address(error) => error.kind(),
            Self::Offline { .. } | Self::Clear { .. } => Kind::Invalid,
            Self::Unwritten { .. } => Kind::Unavailable,
            Self::Unreachable { .. } | Self::Answer { .. } => Kind::Upstream,
        }
    }
}

impl Web {
    /// Makes what asks; `offline` refuses everything but this machine.
    pub fn new(offline: bool) -> Self {
        Self { offline }
    }

    /// Asks for what is at an address, with a token if one is needed there.
    pub async fn get(&self, url: &str, token: Option<&SecretValue>) -> Result<Heard, WebError> {
        let request = self.client(url)?.get(url);
        let request = match token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {}", token.reveal())),
            None => request,
        };
        self.ask(url, request).await
    }

    /// Asks for what is at an address, of one machine when there is only one that may be asked.
    pub async fn get_of(&self, url: &str, machine: Option<SocketAddr>) -> Result<Heard, WebError> {
        let Some(machine) = machine else { return self.get(url, None).await };
        self.check(url)?;
        self.ask(url, mcp::client_of(url, machine)?.get(url)).await
    }

    /// Sends a form.
    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> Result<Heard, WebError> {
        let request = self.client(url)?.post(url);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encoded(form));
        self.ask(url, request).await
    }

    /// Sends a form, and who sends it: a name and its secret, as RFC 6749 has them in a header.
    pub async fn post_as(
        &self,
        url: &str,
        form: &[(&str, &str)],
        name: &str,
        secret: &SecretValue,
    ) -> Result<Heard, WebError> {
        let part = |text: &str| encoded(&[("", text)]).split_off(1);
        let request = self.client(url)?.post(url).basic_auth(part(name), Some(part(secret.reveal())));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encoded(form));
        self.ask(url, request).await
    }

    /// Sends JSON.
    pub async fn post_json(&self, url: &str, body: &impl Serialize) -> Result<Heard, WebError> {
        let request = self.client(url)?.post(url).json(body);
        self.ask(url, request).await
    }

    /// Removes what is at an address.
    pub async fn delete(&self, url: &str, token: &SecretValue) -> Result<Heard, WebError> {
        let request = self.client(url)?.delete(url);
        let request = request.header(AUTHORIZATION, format!("Bearer {}", token.reveal()));
        self.ask(url, request).await
    }

    /// Makes a line to a server that is asked more than once; paths stand behind `root`.
    pub fn line(&self, root: &str) -> Result<Line, WebError> {
        Ok(Line::new(self.client(root)?, root))
    }

    /// The same for a server whose certificate comes from one of these authorities, as PEM, and from no other.
    #[cfg(feature = "knative")]
    pub(crate) fn line_trusting(&self, root: &str, authorities: &[u8]) -> Result<Line, WebError> {
        self.check(root)?;
        Ok(Line::new(mcp::trusting_client(root, authorities)?, root))
    }

    pub(super) fn client(&self, url: &str) -> Result<reqwest::Client, WebError> {
        let client = mcp::proxy_client(url)?;
        self.check(url)?;
        Ok(client)
    }

    /// Refuses what must not be asked.
    fn check(&self, url: &str) -> Result<(), WebError> {
        let is_here = is_this_machine(url);
        if self.offline && !is_here {
            return Err(WebError::Offline { url: shown(url) });
        }
        if !url.starts_with("https://") && !is_here {
            return Err(WebError::Clear { url: shown(url) });
        }
        Ok(())
    }

    async fn ask(&self, url: &str, request: RequestBuilder) -> Result<Heard, WebError> {
        let request = request.header(ACCEPT, "application/json").header(USER_AGENT, AGENT);
        let unreachable = |why: String| WebError::Unreachable { url: shown(url), why };
        let Limits { patience, most } = Limits::default();
        let asked = tokio::time::timeout(patience, heard(request, url, most)).await;
        asked.unwrap_or_else(|_| Err(unreachable(format!("it took more than {} s", patience.as_secs()))))
    }
}

pub(super) async fn heard(request: RequestBuilder, url: &str, most: usize) -> Result<Heard, WebError> {
    let broken = |error: reqwest::Error| WebError::Unreachable {
        url: shown(url),
        why: error.without_url().to_string(),
    };
    let mut response = request.send().await.map_err(broken)?;
    let (status, mut body) = (response.status().as_u16(), Vec::new());
    let retry_after = retry_after(response.headers());
    #[cfg(feature = "github")]
    let headers = response.headers().clone();
    while let Some(piece) = response.chunk().await.map_err(broken)? {
        if body.len() + piece.len() > most {
            let why = format!("it is longer than {most} bytes");
            return Err(WebError::Answer { url: shown(url), why });
        }
        body.extend_from_slice(&piece);
    }
    Ok(Heard {
        status,
        body,
        retry_after,
        #[cfg(feature = "github")]
        headers,
        url: shown(url),
    })
}

impl Heard {
    /// Makes an answer that came from nowhere.
    #[cfg(test)]
    pub(crate) fn of(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            body,
            retry_after: None,
            #[cfg(feature = "github")]
            headers: Default::default(),
            url: String::new(),
        }
    }

    /// Returns a header, if it is text.
    #[cfg(feature = "github")]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Reads the answer as JSON, whatever its status.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, WebError> {
        // The reader's words may hold what was sent: only the place is said.
        serde_json::from_slice(&self.body).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            self.wrong(format!("status {}, and no JSON of the expected form ({place})", self.status))
        })
    }

    /// Reads the answer as JSON if it is a good one.
    pub fn good<T: DeserializeOwned>(&self) -> Result<T, WebError> {
        if self.status != 200 {
            return Err(self.wrong(format!("status {}", self.status)));
        }
        self.json()
    }

    /// Says that the answer cannot be used.
    pub fn wrong(&self, why: String) -> WebError {
        WebError::Answer { url: self.url.clone(), why }
    }
}

/// Writes pairs as a form does.
pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse("http://localhost/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

pub(super) fn shown(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect()
}

/// Tells whether an address is one of this machine's for itself.
pub(super) fn is_this_machine(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_in_the_clear_or_offline() {
        let (web, offline) = (Web::new(false), Web::new(true));
        assert!(web.client("https://example.com/x").is_ok() && web.client("http://127.0.0.1:1/").is_ok());
        assert!(
            matches!(web.client("http://example.com/x?secret"), Err(WebError::Clear { url }) if url == "http://example.com/x")
        );
        assert!(matches!(offline.client("https://example.com/"), Err(WebError::Offline { .. })));
        assert!(offline.client("http://[::1]:80/").is_ok());
        assert!(web.client("http://localhost.example.com/").is_err());
        assert!(web.client("https://169.254.169.254/").is_err());
    }

    #[test]
    fn a_form_is_encoded() {
        assert_eq!(encoded(&[("a", "1 &="), ("b", "é")]), "a=1+%26%3D&b=%C3%A9");
    }
}
