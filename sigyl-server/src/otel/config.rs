//! Where traces and metrics are sent.

use std::time::Duration;

use sigyl_core::domain::SecretValue;

/// The collector, and how it is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Telemetry {
    /// Address that `/v1/traces` and `/v1/metrics` stand behind.
    pub endpoint: String,
    /// Headers that go along; they may hold keys.
    pub headers: Vec<(String, SecretValue)>,
    /// What the server calls itself.
    pub service_name: String,
    /// The part of requests that are traced, from 0 to 1.
    pub sample_ratio: f64,
    /// Whether everything but this machine is refused.
    pub offline: bool,
    /// Spans that may wait to be sent; more are lost.
    pub queue: usize,
    /// How long spans are gathered before they are sent, and how long it is waited after a first failure.
    pub gather: Duration,
    /// How often numbers are sent.
    pub every: Duration,
    /// How long the collector may take to answer.
    pub patience: Duration,
}

impl Telemetry {
    /// Sends everything to a collector, as `sigyl-server`.
    pub fn to(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            headers: Vec::new(),
            service_name: "sigyl-server".to_owned(),
            sample_ratio: 1.0,
            offline: false,
            queue: 4096,
            gather: Duration::from_secs(2),
            every: Duration::from_secs(30),
            patience: Duration::from_secs(10),
        }
    }
}
