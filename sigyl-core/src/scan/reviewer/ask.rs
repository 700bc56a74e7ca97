//! Asks the service one question, through async-openai and our own courier.

use std::sync::Arc;

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::answer::Answer;
use super::courier::{Courier, malformed};
use super::settings::ReviewerError;
use super::trouble::Trouble;
use crate::domain::SecretValue;

/// Where the service is and what opens it. Async-openai's own configuration would fill itself from the environment.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    base: String,
    key: SecretString,
    header: Option<HeaderValue>,
}

impl Endpoint {
    /// Takes an address that was checked, and a key.
    pub(super) fn new(base: String, key: Option<&SecretValue>) -> Result<Self, ReviewerError> {
        let key = SecretString::from(key.map(|key| key.reveal().trim().to_owned()).unwrap_or_default());
        let header = match key.expose_secret() {
            "" => None,
            key => {
                let wrong = |_| ReviewerError::setting("api_key_env", "names a variable that holds no key");
                let mut header = HeaderValue::from_str(&format!("Bearer {key}")).map_err(wrong)?;
                header.set_sensitive(true);
                Some(header)
            }
        };
        Ok(Self { base, key, header })
    }

    /// Returns the key, which must not stand in anything that is told.
    pub(super) fn key(&self) -> &str {
        self.key.expose_secret()
    }
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.header.iter().map(|header| (AUTHORIZATION, header.clone())).collect()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// Sends one question with a courier of its own.
pub(super) async fn ask(
    http: &reqwest::Client,
    endpoint: &Arc<Endpoint>,
    courier: Courier,
    question: &Value,
) -> Result<Answer, Trouble> {
    let config: Arc<dyn Config> = endpoint.clone();
    let client = Client::build(http.clone(), config).with_http_service(courier);
    let answer: Value = client.chat().create_byot(question).await.map_err(trouble)?;
    serde_json::from_value(answer).map_err(|error| malformed(&error))
}

fn trouble(error: OpenAIError) -> Trouble {
    match error {
        OpenAIError::Boxed(inner) => match inner.downcast::<Trouble>() {
            Ok(trouble) => *trouble,
            Err(other) => Trouble::Malformed(other.to_string()),
        },
        OpenAIError::JSONDeserialize(error, _) => malformed(&error),
        OpenAIError::Reqwest(error) => Trouble::Unreachable(error.without_url().to_string()),
        _ => Trouble::Malformed("the client could not read it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_and_never_shown() {
        let key = SecretValue::new("sk-verysecret\n");
        let endpoint = Endpoint::new("https://a.example/v1".into(), Some(&key)).unwrap();
        assert_eq!(endpoint.headers()[AUTHORIZATION], "Bearer sk-verysecret");
        assert!(!format!("{endpoint:?}").contains("verysecret"));
        assert_eq!(endpoint.url("/chat/completions"), "https://a.example/v1/chat/completions");
        let none = Endpoint::new("https://a.example/v1".into(), None).unwrap();
        assert!(none.headers().is_empty());
        assert!(Endpoint::new(String::new(), Some(&SecretValue::new("a\u{7f}\nb"))).is_err());
    }
}
