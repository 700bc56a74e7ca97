//! The metadata server of a machine of Google. It is spoken to in the clear, at an address that nothing else may reach: it
//! is not reached by way of [`crate::web::Web`], and nothing but these questions are asked.

use std::time::Duration;

use serde::Deserialize;

use super::file::CredentialsError;
use super::token::Token;
use crate::domain::SecretValue;
use crate::mcp;

/// How long it may take: on a machine that is none of Google's, nobody answers.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer.
const MOST: usize = 64 << 10;
const ACCOUNT: &str = "computeMetadata/v1/instance/service-accounts/default";
const REMEDY: &str = "name a file of credentials, unless Sigyl runs on Google Cloud";

#[derive(Deserialize)]
struct Answer {
    access_token: SecretValue,
    expires_in: u64,
}

/// Asks for a token for APIs.
pub(super) async fn token(host: &str) -> Result<Token, CredentialsError> {
    let text = ask(host, "token").await?;
    let answer: Answer =
        serde_json::from_str(&text).map_err(|_| refused(host, "it answers no token".to_owned()))?;
    Ok(Token { value: answer.access_token, holds: Duration::from_secs(answer.expires_in) })
}

/// Asks who we are.
pub(super) async fn email(host: &str) -> Result<String, CredentialsError> {
    ask(host, "email").await.map(|text| text.trim().to_owned())
}

/// Asks for a token that says to somebody who we are.
pub(super) async fn identity(host: &str, audience: &str) -> Result<SecretValue, CredentialsError> {
    let query = crate::web::encoded(&[("audience", audience), ("format", "full")]);
    ask(host, &format!("identity?{query}")).await.map(|text| SecretValue::new(text.trim()))
}

async fn ask(host: &str, what: &str) -> Result<String, CredentialsError> {
    let broken = |error: reqwest::Error| refused(host, error.without_url().to_string());
    let client = mcp::clear_client(PATIENCE).map_err(|error| refused(host, error.to_string()))?;
    let url = format!("http://{host}/{ACCOUNT}/{what}");
    let mut answer = client.get(url).header("Metadata-Flavor", "Google").send().await.map_err(broken)?;
    if !answer.status().is_success() {
        return Err(refused(host, format!("status {}", answer.status().as_u16())));
    }
    // Whoever answers without it is another server at that address.
    if answer.headers().get("Metadata-Flavor").is_none_or(|flavor| flavor != "Google") {
        return Err(refused(host, "it does not answer as a metadata server does".to_owned()));
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(broken)? {
        if body.len() + piece.len() > MOST {
            return Err(refused(host, format!("its answer is longer than {MOST} bytes")));
        }
        body.extend_from_slice(&piece);
    }
    String::from_utf8(body).map_err(|_| refused(host, "its answer is no text".to_owned()))
}

fn refused(host: &str, why: String) -> CredentialsError {
    CredentialsError::Refused { from: format!("the metadata server at {host}"), why, remedy: REMEDY }
}
