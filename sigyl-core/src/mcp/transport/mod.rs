//! The two ways of carrying messages: pipes and streamable HTTP.

mod address;
mod http;
mod stdio;
pub(crate) mod tls;
mod wire;

pub(crate) use http::Http;
#[cfg(feature = "cloud-run")]
pub(crate) use http::clear_client;
#[cfg(feature = "knative")]
pub(crate) use http::trusting_client;
pub(crate) use http::{client_of, proxy_client};
pub(crate) use stdio::Stdio;
pub(crate) use wire::{Ask, Reply, Wire};
