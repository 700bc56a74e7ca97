//! What Google does after it has answered.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::call::Call;
use super::endpoints::Api;
use super::google::{Google, GoogleError};

/// Characters of what Google says that are repeated.
const SAID: usize = 600;

/// Something that goes on at Google.
#[derive(Debug, Deserialize)]
pub(super) struct Operation {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    done: bool,
    error: Option<Failure>,
    response: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

/// What is begun where: how its API is asked for what became of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    /// The call that began it.
    pub(super) call: &'static str,
    /// The call that asks for it.
    pub(super) asked: &'static str,
    pub(super) api: Api,
    pub(super) version: &'static str,
    pub(super) limit: Duration,
}

impl Google {
    /// Waits until something is over, and returns what came of it.
    pub(super) async fn finished(&self, begun: Begun, operation: Operation) -> Result<Value, GoogleError> {
        let waited = tokio::time::timeout(begun.limit, self.watch(begun, operation)).await;
        waited.unwrap_or(Err(GoogleError::Late { call: begun.call, limit: begun.limit }))
    }

    async fn watch(&self, begun: Begun, mut operation: Operation) -> Result<Value, GoogleError> {
        let mut pause = self.patience().first;
        loop {
            if operation.done {
                return outcome(begun.call, operation);
            }
            if operation.name.is_empty() {
                let why = "it names no operation that could be waited for".to_owned();
                return Err(GoogleError::Answer { call: begun.call, why });
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(self.patience().watching);
            let path = format!("{}/{}", begun.version, operation.name);
            operation = self.call(Call::get(begun.asked, begun.api, path)).await?;
        }
    }
}

fn outcome(call: &'static str, operation: Operation) -> Result<Value, GoogleError> {
    match operation.error {
        None => Ok(operation.response.unwrap_or_default()),
        Some(Failure { code, message }) => Err(GoogleError::Failed { call, code, message: said(&message) }),
    }
}

/// Puts what Google says on one line, without what could move a cursor, and cuts it.
pub(super) fn said(message: &str) -> String {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    message.chars().filter(|c| !c.is_control()).take(SAID).collect()
}
