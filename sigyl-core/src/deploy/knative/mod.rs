//! Knative Serving as a place where servers run: the resources that a release makes in one namespace of a cluster, over
//! the REST interface of Kubernetes.
//!
//! Nothing outside this room knows their JSON. The image is built by a tool of this machine (`build`), since Knative builds
//! none.

mod account;
mod build;
mod call;
mod cluster;
mod log;
mod names;
mod pin;
mod refusal;
mod rollout;
mod secret;
mod service;
mod settings;
mod share;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod tidy;
mod token;

pub use crate::deploy::image::Names;
pub use build::{Builder, Tool, UnknownTool};
pub use call::Patience;
pub use cluster::{Cluster, ClusterConfig, KubeError};
pub use refusal::{Class, Refusal};
pub use settings::{KnativeSettings, KnativeSettingsError};
pub use target::Knative;
pub use token::{Bearer, TokenError};
