//! The keys of an App that was just made: GitHub hands them out once, for a code that a browser brought.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{AppError, check_key};
use crate::domain::{GitHubApp, GitHubAppKeys, SecretValue};
use crate::web::{Method, Question, Web};

/// Characters of a code.
const CODE: usize = 200;
/// Characters of what GitHub says when it refuses.
const MESSAGE: usize = 200;

/// An App that was just made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Converted {
    /// What is known of it.
    pub app: GitHubApp,
    /// What it asks with.
    pub keys: GitHubAppKeys,
    /// The login of whoever it belongs to, where GitHub says so.
    pub owner: Option<String>,
    /// What it may do: the level of each permission.
    pub permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Owner {
    login: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    id: u64,
    slug: String,
    name: String,
    html_url: String,
    client_id: String,
    client_secret: SecretValue,
    webhook_secret: Option<SecretValue>,
    pem: SecretValue,
    owner: Option<Owner>,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

/// Asks GitHub for the keys of an App that was made from a manifest.
///
/// What it answers is checked whole before any of it is handed on: an address of the App at another place, or a key that
/// cannot sign, is refused.
pub async fn convert(
    web: &Web,
    (api_url, web_url): (&str, &str),
    code: &SecretValue,
    hook_url: Option<String>,
) -> Result<Converted, AppError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !(1..=CODE).contains(&code.reveal().len()) || !code.reveal().bytes().all(plain) {
        return Err(AppError::Code);
    }
    let on_the_way = |error| AppError::of_web(error, api_url, code);
    let line = web.line(api_url).map_err(on_the_way)?;
    let path = format!("/app-manifests/{}/conversions", code.reveal());
    let question = Question {
        accepts: "application/vnd.github+json",
        headers: &[("x-github-api-version", "2022-11-28")],
        ..Question::new(Method::Post, &path)
    };
    let heard = line.ask(question).await.map_err(on_the_way)?;
    match heard.status {
        200 | 201 => {}
        404 | 422 => return Err(AppError::Code),
        status => return Err(refused(status, &heard.body)),
    }
    // What is wrong with it is not told in the reader's words: they may hold what was sent.
    let made: Made = serde_json::from_slice(&heard.body)
        .map_err(|_| AppError::Answer("it is no App with its keys, or it broke off"))?;
    let app = GitHubApp {
        id: made.id,
        slug: made.slug,
        name: made.name,
        html_url: made.html_url,
        api_url: api_url.to_owned(),
        web_url: web_url.to_owned(),
        hook_url,
    };
    let keys = GitHubAppKeys {
        private_key: made.pem,
        webhook_secret: made.webhook_secret.filter(|secret| !secret.reveal().is_empty()),
        client_id: made.client_id,
        client_secret: made.client_secret,
    };
    app.check()?;
    keys.check()?;
    check_key(&keys.private_key)?;
    if app.hook_url.is_some() && keys.webhook_secret.is_none() {
        return Err(AppError::Answer(
            "it made a webhook without a secret, whose deliveries nobody could check",
        ));
    }
    let owner = made.owner.and_then(|owner| owner.login);
    Ok(Converted { app, keys, owner, permissions: made.permissions })
}

fn refused(status: u16, body: &[u8]) -> AppError {
    let said: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let said = said.as_ref().and_then(|said| said["message"].as_str()).unwrap_or("it says no more");
    AppError::Refused { status, message: said.chars().filter(|c| !c.is_control()).take(MESSAGE).collect() }
}
