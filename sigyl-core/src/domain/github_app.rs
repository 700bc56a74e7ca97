//! A GitHub App that was made for this installation: what is known of it, and what it asks with.

use serde::{Deserialize, Serialize};

use super::SecretValue;

/// Characters of a name, and of an address.
const NAME: usize = 100;
const ADDRESS: usize = 500;
/// Bytes of a private key: one of 4 096 bits has about 3 300.
const KEY: usize = 16 << 10;
/// Bytes of the other secrets.
const SECRET: usize = 256;
/// Fewest bytes of a webhook secret: a shorter one could be found by trying.
const SECRET_LEAST: usize = 16;

/// What is known of a GitHub App; none of it is a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHubApp {
    /// Its number.
    pub id: u64,
    /// What its pages are called by.
    pub slug: String,
    /// What it is called.
    pub name: String,
    /// Its page at GitHub.
    pub html_url: String,
    /// Where the API of its GitHub is.
    pub api_url: String,
    /// Where its GitHub is.
    pub web_url: String,
    /// Where its webhook goes; nothing where it tells of nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_url: Option<String>,
}

/// What a GitHub App asks with. Its `Debug` shows none of the secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHubAppKeys {
    /// The private key, as GitHub gave it.
    pub private_key: SecretValue,
    /// What its deliveries are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<SecretValue>,
    /// Who it is when people sign in.
    pub client_id: String,
    /// The secret to that.
    pub client_secret: SecretValue,
}

/// What cannot be an App, or its keys. Never holds a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` of the GitHub App {why}")]
pub struct GitHubAppError {
    /// Which.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

fn wrong(field: &'static str, why: &'static str) -> GitHubAppError {
    GitHubAppError { field, why }
}

impl GitHubApp {
    /// Checks what is said of an App, however it came here.
    pub fn check(&self) -> Result<(), GitHubAppError> {
        if self.id == 0 {
            return Err(wrong("id", "is 0"));
        }
        let is_plain = self.slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !(1..=NAME).contains(&self.slug.len()) || !is_plain {
            return Err(wrong("slug", "has to be 1 to 100 letters, digits and dashes"));
        }
        let length = self.name.chars().count();
        if !(1..=NAME).contains(&length) || self.name.chars().any(char::is_control) {
            return Err(wrong("name", "has to be 1 to 100 characters on one line"));
        }
        for (field, url) in [
            ("html_url", Some(&self.html_url)),
            ("api_url", Some(&self.api_url)),
            ("web_url", Some(&self.web_url)),
            ("hook_url", self.hook_url.as_ref()),
        ] {
            if url.is_some_and(|url| !is_address(url)) {
                return Err(wrong(field, "is no https address of 500 plain characters or less"));
            }
        }
        match self.html_url.strip_prefix(self.web_url.trim_end_matches('/')) {
            Some(rest) if rest.starts_with('/') => Ok(()),
            _ => Err(wrong("html_url", "is not at `web_url`")),
        }
    }

    /// Tells whether it is an App of the GitHub at this address.
    pub fn is_at(&self, web_url: &str) -> bool {
        is_same(&self.web_url, web_url)
    }

    /// Tells whether this is the API that it is asked at.
    pub fn is_asked_at(&self, api_url: &str) -> bool {
        is_same(&self.api_url, api_url)
    }

    /// The page on which its owner gives it repositories.
    pub fn install_url(&self) -> String {
        format!("{}/installations/new", self.html_url.trim_end_matches('/'))
    }
}

impl GitHubAppKeys {
    /// Checks their sizes. Whether the private key is one is for whoever signs with it.
    pub fn check(&self) -> Result<(), GitHubAppError> {
        let within = |text: &SecretValue, most: usize| (1..=most).contains(&text.reveal().len());
        if !within(&self.private_key, KEY) {
            return Err(wrong("private_key", "is empty, or has more than 16 KiB"));
        }
        if !within(&self.client_secret, SECRET) {
            return Err(wrong("client_secret", "is empty, or has more than 256 bytes"));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if !(1..=NAME).contains(&self.client_id.len()) || !self.client_id.bytes().all(plain) {
            return Err(wrong("client_id", "has to be 1 to 100 letters, digits, dots, dashes and `_`"));
        }
        match &self.webhook_secret {
            Some(secret) if !(SECRET_LEAST..=SECRET).contains(&secret.reveal().len()) => {
                Err(wrong("webhook_secret", "has to have 16 to 256 bytes"))
            }
            _ => Ok(()),
        }
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}

/// Tells whether this is an address that can be shown, and asked without everybody between reading along.
fn is_address(url: &str) -> bool {
    let here = ["http://127.0.0.1", "http://localhost", "http://[::1]"].into_iter();
    let mut here = here.filter_map(|here| url.strip_prefix(here));
    let is_safe = url.len() > "https://".len() && url.starts_with("https://")
        || here.any(|rest| rest.is_empty() || rest.starts_with([':', '/']));
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'`' | b'@');
    is_safe && url.len() <= ADDRESS && url.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> GitHubApp {
        GitHubApp {
            id: 7,
            slug: "sigyl-x".into(),
            name: "Sigyl x".into(),
            html_url: "https://github.example/apps/sigyl-x".into(),
            api_url: "https://github.example/api/v3".into(),
            web_url: "https://github.example/".into(),
            hook_url: None,
        }
    }

    #[test]
    fn what_can_be_shown_and_asked_is_taken() {
        app().check().unwrap();
        assert!(app().is_at("https://GitHub.example") && !app().is_at("https://github.com"));
        assert!(
            app().is_asked_at("https://github.example/API/v3/")
                && !app().is_asked_at("https://github.example")
        );
        assert_eq!(app().install_url(), "https://github.example/apps/sigyl-x/installations/new");
        let here = "http://127.0.0.1:1".to_owned();
        let here = GitHubApp { api_url: here.clone(), html_url: format!("{here}/x"), web_url: here, ..app() };
        here.check().unwrap();
    }

    #[test]
    fn what_cannot_is_refused_by_its_field() {
        let wrong: [(&str, GitHubApp); 8] = [
            ("id", GitHubApp { id: 0, ..app() }),
            ("slug", GitHubApp { slug: "a/b".into(), ..app() }),
            ("name", GitHubApp { name: "a\u{1b}[2J".into(), ..app() }),
            ("html_url", GitHubApp { html_url: "https://github.example.evil/x".into(), ..app() }),
            ("html_url", GitHubApp { html_url: "javascript:alert(1)".into(), ..app() }),
            ("api_url", GitHubApp { api_url: "http://localhost.example".into(), ..app() }),
            ("api_url", GitHubApp { api_url: "https://a@github.example".into(), ..app() }),
            ("hook_url", GitHubApp { hook_url: Some(format!("https://{}", "x".repeat(500))), ..app() }),
        ];
        for (field, app) in wrong {
            assert_eq!(app.check().unwrap_err().field, field, "{app:?}");
        }
    }

    #[test]
    fn keys_have_bounds_and_are_silent() {
        let keys = GitHubAppKeys {
            private_key: SecretValue::new("planted-key"),
            webhook_secret: Some(SecretValue::new("planted-webhook-secret")),
            client_id: "Iv1.x".into(),
            client_secret: SecretValue::new("planted-client-secret"),
        };
        keys.check().unwrap();
        assert!(!format!("{keys:?}").contains("planted"));
        for (field, keys) in [
            ("private_key", GitHubAppKeys { private_key: SecretValue::new(""), ..keys.clone() }),
            (
                "private_key",
                GitHubAppKeys { private_key: SecretValue::new("x".repeat(KEY + 1)), ..keys.clone() },
            ),
            (
                "webhook_secret",
                GitHubAppKeys { webhook_secret: Some(SecretValue::new("short")), ..keys.clone() },
            ),
            ("client_id", GitHubAppKeys { client_id: "a b".into(), ..keys.clone() }),
            ("client_secret", GitHubAppKeys { client_secret: SecretValue::new(""), ..keys.clone() }),
        ] {
            assert_eq!(keys.check().unwrap_err().field, field);
        }
    }
}
