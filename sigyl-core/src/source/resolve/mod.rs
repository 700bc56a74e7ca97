//! Pins the dependencies of a source: each at an exact version and hash, before anything is scanned or built.
//!
//! A lock that the source carries is taken if it pins everything. Where there is none, one is made by the user's own
//! tool, from the manifest alone and without running anything of the source or of a dependency. What cannot be pinned
//! that way is an error that says what to do.

mod cargo;
mod code;
mod npm;
mod pip;
mod plan;
mod sdist;

#[cfg(feature = "testing")]
pub(super) use npm::check as check_npm_lock;
pub(super) use plan::resolve;
