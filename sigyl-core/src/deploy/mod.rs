//! Where servers run. A [`Target`] builds, binds, releases, shifts traffic, tells its status and logs, and retires;
//! the pipeline knows only this trait.

#[cfg(feature = "cloud-run")]
pub mod cloud_run;
#[cfg(any(feature = "cloud-run", feature = "knative"))]
mod image;
#[cfg(feature = "knative")]
pub mod knative;
pub mod local_process;
mod target;
mod targets;

pub use target::{
    BuildSpec, Built, LogLine, LogStream, Notice, Pending, ReleaseSpec, Released, Remote, Serving, Status,
    Suspended, Target, TargetError,
};
pub use targets::Targets;

pub use crate::domain::LOCAL;
