//! Makes trees runnable.
//!
//! A build lies in a folder of the cache that is named by everything it was made from. The user's own tools fetch
//! what the lock names, with scripts off; what runs code of the source or of a dependency (a build command, a build
//! script, an install script that was allowed) runs confined: without the network, if it can, and without sight of
//! the user's files.

mod beneath;
mod cache;
mod go;
mod node;
mod python;
mod recipe;
mod rust;
mod scripts;
mod work;

pub(super) use cache::Builder;
#[cfg(any(feature = "cloud-run", feature = "knative"))]
pub(crate) use node::LOCKED;
#[cfg(any(feature = "cloud-run", feature = "knative"))]
pub(crate) use python::function;
pub(super) use recipe::build;
pub(super) use work::blocking;
