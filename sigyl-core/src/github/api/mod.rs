//! What is asked of GitHub about repositories: `trait Repositories`, and what asks the API by octocrab.
//!
//! Invariants: tokens go to the API alone, over https or to this machine; an answer that did not change is not paid for
//! twice; what GitHub asks to wait is waited, or told with its end.

#[cfg(feature = "github")]
mod archives;
#[cfg(feature = "github")]
mod as_app;
#[cfg(feature = "github")]
mod client;
#[cfg(feature = "github")]
mod courier;
mod directory;
mod error;
#[cfg(feature = "github")]
mod kept;
#[cfg(feature = "github")]
mod lists;
mod repositories;
#[cfg(feature = "github")]
#[cfg(test)]
mod tests;
#[cfg(feature = "github")]
mod tokens;

#[cfg(feature = "github")]
pub use client::RepositoryClient;
pub use directory::Directory;
pub use error::ApiError;
pub use repositories::{CommitCheck, CommitState, CommitStatus, Repositories, RepositoryFacts};
#[cfg(feature = "github")]
pub use tokens::Credential;
