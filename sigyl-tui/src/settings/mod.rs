//! What the operator set, from four places: flag over environment over file over default.
//!
//! Invariant: only this room reads the environment and looks for the home directory; everything else gets values.

mod console;
mod environment;
mod error;
mod file;
mod github;
mod google;
mod knative;
mod listen;
mod llm;
pub(crate) mod policy;
mod resolve;
mod server;

pub(crate) use console::{ConsoleSettings, TimeName};
pub(crate) use environment::Environment;
pub(crate) use error::SettingsError;
pub(crate) use github::GitHubSettings;
pub(crate) use listen::Listen;
pub(crate) use resolve::{Color, Flags, Format, Settings, absolute};
pub(crate) use server::{Server, kept};
