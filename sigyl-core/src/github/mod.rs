//! GitHub, as far as people sign in by it: who somebody is, and which organisations they belong to.

mod client;
mod github;

pub use client::{GitHubClient, GitHubConfig};
pub use github::{DeviceCode, DeviceState, GitHub, GitHubError, GitHubUser};
