//! Whole runs over the real store, scanner, vault and MCP client, with a target and a server that tests can break.

mod blocks;
mod canary;
#[cfg(feature = "cloud-run")]
mod cloud;
#[cfg(any(feature = "cloud-run", feature = "knative"))]
mod death;
mod doors;
mod elsewhere;
mod faults;
mod holds;
pub(crate) mod house;
#[cfg(feature = "knative")]
mod knative;
mod ownership;
mod pins;
mod policy;
mod promotion;
mod quarantine;
mod review;
mod settings;
mod story;
pub(crate) mod target;
