//! GitHub over HTTPS.

use async_trait::async_trait;
use serde::Deserialize;

use super::github::{DeviceState, GitHub, GitHubError, GitHubUser};
use crate::domain::SecretValue;
use crate::web::{DeviceCode, Granted, Heard, Web, encoded, plain};

/// What a sign-in asks for: to see which organisations somebody belongs to.
const SCOPE: &str = "read:org";
/// Organisations on a page, and pages that are read.
const PAGE: usize = 100;
const PAGES: usize = 20;

/// Where GitHub is, and who we are there.
#[derive(Clone, Debug)]
pub struct GitHubConfig {
    /// Where its API is: `https://api.github.com`, or that of a server of one's own, with `/api/v3`.
    pub api_url: String,
    /// Where codes are exchanged for tokens: `https://github.com`.
    pub oauth_url: String,
    /// Where browsers are sent: `https://github.com`.
    pub web_url: String,
    /// The id of the OAuth or GitHub App.
    pub client_id: String,
    /// Its secret; without it, browsers cannot sign in, and the device flow can.
    pub client_secret: Option<SecretValue>,
}

/// Asks GitHub itself.
#[derive(Debug)]
pub struct GitHubClient {
    config: GitHubConfig,
    web: Web,
}

impl GitHubClient {
    /// Makes a client.
    pub fn new(mut config: GitHubConfig, web: Web) -> Self {
        for url in [&mut config.api_url, &mut config.oauth_url, &mut config.web_url] {
            url.truncate(url.trim_end_matches('/').len());
        }
        Self { config, web }
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Heard, GitHubError> {
        Ok(self.web.post(&format!("{}{path}", self.config.oauth_url), form).await?)
    }
}

/// Reads what GitHub answers when a code is exchanged.
fn exchanged(heard: &Heard) -> Result<DeviceState, GitHubError> {
    match Granted::read(heard)? {
        Granted::Tokens { access, .. } => Ok(DeviceState::Token(access)),
        Granted::Waiting { slower } => Ok(DeviceState::Waiting { slower }),
        Granted::Expired => Err(GitHubError::Expired),
        Granted::Refused(why) => Err(GitHubError::Refused(why)),
    }
}

#[async_trait]
impl GitHub for GitHubClient {
    async fn begin_device(&self) -> Result<DeviceCode, GitHubError> {
        let form = [("client_id", self.config.client_id.as_str()), ("scope", SCOPE)];
        let heard = self.post("/login/device/code", &form).await?;
        Ok(DeviceCode::read(&heard)?)
    }

    async fn poll_device(&self, device: &SecretValue) -> Result<DeviceState, GitHubError> {
        let form = [
            ("client_id", self.config.client_id.as_str()),
            ("device_code", device.reveal()),
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ];
        exchanged(&self.post("/login/oauth/access_token", &form).await?)
    }

    fn authorize_url(&self, redirect: &str, state: &str, challenge: &str) -> String {
        let query = encoded(&[
            ("client_id", self.config.client_id.as_str()),
            ("redirect_uri", redirect),
            ("scope", SCOPE),
            ("state", state),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ]);
        format!("{}/login/oauth/authorize?{query}", self.config.web_url)
    }

    async fn exchange(
        &self,
        code: &str,
        verifier: &SecretValue,
        redirect: &str,
    ) -> Result<SecretValue, GitHubError> {
        let secret = self.config.client_secret.as_ref().ok_or(GitHubError::NoSecret)?;
        let form = [
            ("client_id", self.config.client_id.as_str()),
            ("client_secret", secret.reveal()),
            ("code", code),
            ("code_verifier", verifier.reveal()),
            ("redirect_uri", redirect),
        ];
        match exchanged(&self.post("/login/oauth/access_token", &form).await?)? {
            DeviceState::Token(token) => Ok(token),
            DeviceState::Waiting { .. } => Err(GitHubError::Refused("it waits for nobody".to_owned())),
        }
    }

    async fn user(&self, token: &SecretValue) -> Result<GitHubUser, GitHubError> {
        #[derive(Deserialize)]
        struct User {
            id: u64,
            login: String,
            name: Option<String>,
        }
        let user: User = self.web.get(&format!("{}/user", self.config.api_url), Some(token)).await?.good()?;
        Ok(GitHubUser { id: user.id, login: plain(&user.login), name: user.name.as_deref().map(plain) })
    }

    async fn organisations(&self, token: &SecretValue) -> Result<Vec<String>, GitHubError> {
        #[derive(Deserialize)]
        struct Organisation {
            login: String,
        }
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let url = format!("{}/user/orgs?per_page={PAGE}&page={page}", self.config.api_url);
            let found: Vec<Organisation> = self.web.get(&url, Some(token)).await?.good()?;
            let whole = found.len() >= PAGE;
            all.extend(found.into_iter().map(|one| plain(&one.login)));
            if !whole {
                break;
            }
        }
        Ok(all)
    }

    fn issuer(&self) -> &str {
        &self.config.web_url
    }

    fn has_browser_flow(&self) -> bool {
        self.config.client_secret.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// Answers requests, one for each of `answers`, and returns what was asked.
    fn fake(answers: Vec<&'static str>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some((name, value)) = line.split_once(':')
                        && name.eq_ignore_ascii_case("content-length")
                    {
                        length = value.trim().parse().unwrap();
                    }
                    head += &line;
                    if line.trim().is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                asked.push(format!("{head}{}", String::from_utf8(body).unwrap()));
                let length = answer.len();
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{answer}"
                )
                .unwrap();
            }
            asked
        });
        (url, asked)
    }

    fn client(url: &str, secret: Option<&str>) -> GitHubClient {
        let config = GitHubConfig {
            api_url: format!("{url}/"),
            oauth_url: url.to_owned(),
            web_url: "https://github.example".to_owned(),
            client_id: "Iv1.x".to_owned(),
            client_secret: secret.map(SecretValue::new),
        };
        GitHubClient::new(config, Web::default())
    }

    #[tokio::test]
    async fn a_device_waits_until_its_code_was_typed() {
        let (url, asked) = fake(vec![
            r#"{"device_code":"d","user_code":"AB-CD","verification_uri":"https://x/d","expires_in":900,"interval":5}"#,
            r#"{"error":"authorization_pending"}"#,
            r#"{"error":"slow_down","interval":12}"#,
            r#"{"access_token":"ghu_1","token_type":"bearer"}"#,
            r#"{"error":"expired_token"}"#,
            r#"{"error":"access_denied","error_description":"The user said no"}"#,
        ]);
        let github = client(&url, None);
        let begun = github.begin_device().await.unwrap();
        assert_eq!((begun.user_code.as_str(), begun.interval), ("AB-CD", 5));
        let poll = async || github.poll_device(&begun.device).await;
        assert!(matches!(poll().await.unwrap(), DeviceState::Waiting { slower: None }));
        assert!(matches!(poll().await.unwrap(), DeviceState::Waiting { slower: Some(12) }));
        assert!(matches!(poll().await.unwrap(), DeviceState::Token(token) if token.reveal() == "ghu_1"));
        assert!(matches!(poll().await, Err(GitHubError::Expired)));
        assert_eq!(poll().await.unwrap_err().to_string(), "GitHub refused the sign-in: The user said no");
        let asked = asked.join().unwrap();
        assert!(asked[0].ends_with("client_id=Iv1.x&scope=read%3Aorg"), "{}", asked[0]);
        assert!(
            asked[1].contains("user-agent: sigyl/") && asked[1].contains("device_code=d"),
            "{}",
            asked[1]
        );
    }

    #[tokio::test]
    async fn a_browser_brings_a_code_and_the_token_tells_who_it_is() {
        let (url, asked) = fake(vec![
            r#"{"access_token":"ghu_2"}"#,
            r#"{"id":583231,"login":"Octocat","name":"The\u0007 Cat"}"#,
            r#"[{"login":"Octo-Org"}]"#,
            r#"{"nothing":"of use, ghu_2"}"#,
        ]);
        let github = client(&url, Some("s3cret"));
        let to = github.authorize_url("https://here/login/callback", "st", "ch");
        assert_eq!(
            to,
            "https://github.example/login/oauth/authorize?client_id=Iv1.x&redirect_uri=https%3A%2F%2Fhere%2Flogin%2F\
             callback&scope=read%3Aorg&state=st&code_challenge=ch&code_challenge_method=S256"
        );
        let verifier = SecretValue::new("v");
        let token = github.exchange("c", &verifier, "https://here/login/callback").await.unwrap();
        let user = github.user(&token).await.unwrap();
        assert_eq!(user, GitHubUser { id: 583_231, login: "Octocat".into(), name: Some("The Cat".into()) });
        assert_eq!(github.organisations(&token).await.unwrap(), ["Octo-Org"]);
        let wrong = github.user(&token).await.unwrap_err();
        assert!(!format!("{wrong:?}").contains("ghu_2"), "{wrong:?}");
        let asked = asked.join().unwrap();
        assert!(asked[0].contains("client_secret=s3cret&code=c&code_verifier=v"), "{}", asked[0]);
        assert!(asked[1].starts_with("GET /user ") && asked[1].contains("authorization: Bearer ghu_2"));
        let secretless = client(&url, None).exchange("c", &verifier, "x").await;
        assert!(matches!(secretless, Err(GitHubError::NoSecret)));
    }
}
