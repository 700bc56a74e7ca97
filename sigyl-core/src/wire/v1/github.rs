//! The GitHub App that is kept here.

use serde::{Deserialize, Serialize};

use crate::domain::{GitHubApp, GitHubAppKeys, Timestamp};

/// A GitHub App that is to be kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGitHubApp {
    /// What is known of it.
    pub app: GitHubApp,
    /// What it asks with.
    pub keys: GitHubAppKeys,
}

/// By what GitHub is asked, or its deliveries are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InForce {
    /// By nothing.
    Nothing,
    /// By what the configuration names, which wins.
    Configuration,
    /// By the App that is kept.
    App,
}

/// How GitHub is asked here; never a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitHubView {
    /// The App that is kept.
    pub app: Option<KeptGitHubApp>,
    /// By what repositories are asked for.
    pub asks: InForce,
    /// By what deliveries of webhooks are believed.
    pub hooks: InForce,
    /// Why the App that is kept is not used.
    pub note: Option<String>,
}

/// An App that is kept, without its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptGitHubApp {
    /// What is known of it.
    #[serde(flatten)]
    pub app: GitHubApp,
    /// Since when these keys are kept.
    pub since: Timestamp,
    /// Who had them kept.
    pub by: Option<String>,
}
