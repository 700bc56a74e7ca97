//! Google Cloud Run: the APIs that a release needs, one file for each noun, over REST.
//!
//! Nothing outside this room knows their JSON.

mod account;
mod audience;
mod bucket;
mod build;
mod call;
mod credentials;
mod doctor;
mod endpoints;
mod google;
mod identity;
mod log;
mod operation;
mod pin;
mod policy;
mod refusal;
mod repository;
mod rollout;
mod secret;
mod service;
mod settings;
mod stale;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod usage;

pub use crate::deploy::image::Names;
pub use account::Account;
pub use bucket::Archive;
pub use build::Order;
pub use call::Patience;
pub use credentials::{Credentials, CredentialsError, Place};
pub use doctor::{Check, Checked, Doctor};
pub use endpoints::{Api, Endpoints, UnknownApi};
pub use google::{Google, GoogleConfig, GoogleError};
pub use pin::Made;
pub use policy::Guarded;
pub use refusal::{Class, Refusal};
pub use rollout::Reached;
pub use secret::Bound;
pub use service::Wanted;
pub use settings::{GoogleSettings, GoogleSettingsError};
pub use target::CloudRun;
