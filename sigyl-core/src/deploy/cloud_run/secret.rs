//! Secrets of servers in Secret Manager: they never reach a build, a setting or a log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};
use super::policy::Guarded;
use super::refusal::{Class, member};
use crate::deploy::image::Names;
use crate::domain::{SecretName, SecretValue};

const READER: &str = "roles/secretmanager.secretAccessor";
/// Bytes of a value at most.
const MOST: usize = 64 << 10;
/// Pages of a list that are read at most.
const PAGES: usize = 100;

/// One version of a secret. Its number never means another value, so that what was rolled back to has what it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The variable that the server finds it in.
    pub variable: SecretName,
    /// Its name in Secret Manager.
    pub secret: String,
    /// The number of its version.
    pub version: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(default)]
    secrets: Vec<Named>,
    next_page_token: Option<String>,
}

impl Google {
    /// Puts a value into Secret Manager as a new version, and lets the account of the server read it.
    pub async fn put_secret(
        &self,
        names: &Names,
        account: &Account,
        variable: &SecretName,
        value: &SecretValue,
    ) -> Result<Bound, GoogleError> {
        let (secret, parent) = (names.secret(variable), format!("projects/{}", self.project()));
        let whole = format!("{parent}/secrets/{secret}");
        let bytes = value.reveal().as_bytes();
        if bytes.is_empty() || bytes.len() > MOST {
            let why = format!("the value of {variable} has {} bytes; 1 to {MOST} can be kept", bytes.len());
            return Err(GoogleError::Answer { call: "secretmanager.projects.secrets.addVersion", why });
        }
        self.keep_secret(&parent, &secret).await?;
        let reader = member(&account.email);
        self.grant(&Guarded::Secret(whole.clone()), &[READER], &reader, account.is_new).await?;
        let body =
            json!({"payload": {"data": STANDARD.encode(bytes), "dataCrc32c": crc32c(bytes).to_string()}});
        let path = format!("v1/{whole}:addVersion");
        let call = Call::post("secretmanager.projects.secrets.addVersion", Api::SecretManager, path, body);
        let made: Named = self.call(call).await?;
        let version = made.name.rsplit('/').next().unwrap_or_default().to_owned();
        if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit()) {
            let why = "it names no version by its number".to_owned();
            return Err(GoogleError::Answer { call: "secretmanager.projects.secrets.addVersion", why });
        }
        Ok(Bound { variable: variable.clone(), secret, version })
    }

    /// Makes a secret without a version if it is not there.
    async fn keep_secret(&self, parent: &str, secret: &str) -> Result<(), GoogleError> {
        let path = format!("v1/{parent}/secrets");
        let get =
            Call::get("secretmanager.projects.secrets.get", Api::SecretManager, format!("{path}/{secret}"));
        match self.call::<Value>(get).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is(&Class::NotFound) => {}
            Err(error) => return Err(error),
        }
        let body = json!({"replication": {"automatic": {}}, "labels": {"managed-by": "sigyl"}});
        let call = Call::post("secretmanager.projects.secrets.create", Api::SecretManager, path, body);
        match self.call::<Value>(call.with("secretId", secret)).await {
            Ok(_) => Ok(()),
            // Another release made it at the same time.
            Err(error) if error.is(&Class::Exists) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes all secrets of a server; returns what was removed.
    pub async fn remove_secrets(&self, names: &Names) -> Result<Vec<String>, GoogleError> {
        let mut removed = Vec::new();
        for name in self.secrets_of(names).await? {
            let call = Call::delete(
                "secretmanager.projects.secrets.delete",
                Api::SecretManager,
                format!("v1/{name}"),
            );
            if self.gone(call).await? {
                removed.push(format!("the secret {}", name.rsplit('/').next().unwrap_or_default()));
            }
        }
        Ok(removed)
    }

    pub(super) async fn secrets_of(&self, names: &Names) -> Result<Vec<String>, GoogleError> {
        let (prefix, mut found, mut token) = (names.secrets(), Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let path = format!("v1/projects/{}/secrets", self.project());
            let call = Call::get("secretmanager.projects.secrets.list", Api::SecretManager, path);
            let call = call.with("filter", format!("name:{prefix}")).with("pageSize", "250");
            let call = match token.take() {
                Some(token) => call.with("pageToken", token),
                None => call,
            };
            let page: Listed = self.call(call).await?;
            // What the filter lets through is looked at: nothing else is removed.
            let own = |name: &String| name.rsplit('/').next().is_some_and(|id| id.starts_with(&prefix));
            found.extend(page.secrets.into_iter().map(|secret| secret.name).filter(own));
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
        let why = format!("it has more than {PAGES} pages");
        Err(GoogleError::Answer { call: "secretmanager.projects.secrets.list", why })
    }
}

/// Computes what Secret Manager checks a value by when it arrives.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg()))
    };
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_of_a_value_is_that_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }
}
