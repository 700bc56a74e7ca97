//! Google Cloud Run: the APIs that a release needs, one file for each noun, over REST.
//!
//! Nothing outside this room knows their JSON.

mod call;
mod credentials;
mod doctor;
mod endpoints;
mod google;
mod refusal;
mod settings;
#[cfg(test)]
mod tests;

pub use call::Patience;
pub use credentials::{Credentials, CredentialsError, Place};
pub use doctor::{Check, Checked, Doctor};
pub use endpoints::{Api, Endpoints, UnknownApi};
pub use google::{Google, GoogleConfig, GoogleError};
pub use refusal::{Class, Refusal};
pub use settings::{GoogleSettings, GoogleSettingsError};
