//! Whether the server lives, what it counts, and what it can do.

use serde_json::Value;

use super::call::Call;
use super::operation::{HEALTH, METRICS, OPENAPI, READY};
use super::{Client, ClientError};
use crate::wire::v1::Health;

impl Client {
    /// Asks whether the server answers.
    pub async fn health(&self) -> Result<Health, ClientError> {
        self.ask(Call::of(HEALTH)).await
    }

    /// Asks whether the store of the server answers.
    pub async fn ready(&self) -> Result<Health, ClientError> {
        self.ask(Call::of(READY)).await
    }

    /// Reads what the server counts, in the text format of Prometheus.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        self.text(Call::of(METRICS)).await
    }

    /// Reads the document of the server's operations.
    pub async fn openapi(&self) -> Result<Value, ClientError> {
        self.ask(Call::of(OPENAPI)).await
    }
}
