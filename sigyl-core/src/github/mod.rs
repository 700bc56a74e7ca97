//! GitHub: who somebody is there when they sign in, and what it tells of repositories, by webhooks and when it is asked.

pub mod api;
pub mod app;
mod client;
mod github;
pub mod webhook;

pub use client::{GitHubClient, GitHubConfig};
pub use github::{DeviceState, GitHub, GitHubError, GitHubUser};

pub use crate::web::DeviceCode;
