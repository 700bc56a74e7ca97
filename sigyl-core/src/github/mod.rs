//! GitHub, as far as people sign in by it: who somebody is, and which organisations they belong to.

mod client;
mod github;

pub use client::{GitHubClient, GitHubConfig};
pub use github::{DeviceState, GitHub, GitHubError, GitHubUser};

pub use crate::web::DeviceCode;
